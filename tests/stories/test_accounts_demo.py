"""The demonstration's one-click sign-in: each condition alone closes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client

from policy.accounts.demo import FORWARDING
from policy.models import Session
from policy.permits import PermitEnded
from policy.resume import resume
from rtcc.config import config
from rtcc.live.models import Viewing
from tests.city import city, events, incident, person
from tests.conftest import Committed

__all__ = ["city"]

HERE = {"HTTP_HOST": f"localhost:{config.port}", "REMOTE_ADDR": "127.0.0.1"}


def try_it(method: str = "post", *, csrf: bool = True, **change: str) -> tuple[HttpResponse, Client]:
    """Sign in as Ana by one click, with the token that the page gave, from where ``change`` says."""
    client = Client(enforce_csrf_checks=True)
    client.get("/sign-in/", **HERE)  # type: ignore[arg-type]
    fields = {"person": str(person("ana.mercer").id)}
    if csrf and "csrftoken" in client.cookies:
        fields["csrfmiddlewaretoken"] = client.cookies["csrftoken"].value
    answer = getattr(client, method)("/sign-in/demo/", fields, **(HERE | change))
    return answer, client


def is_refused(method: str = "post", *, csrf: bool = True, **change: str) -> bool:
    answer, client = try_it(method, csrf=csrf, **change)
    assert answer.status_code in (302, 400, 403, 404, 405)
    return not Session.objects.exists() and "sessionid" not in client.cookies


def test_with_all_conditions_met_it_signs_in(city: Committed) -> None:
    answer, client = try_it()

    assert answer.status_code == 302
    assert events() == ["session.started"]
    assert client.get("/due/", **HERE).status_code == 200  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "127.0.0.1", f"127.0.0.1:{config.port}", f"localhost:{config.port + 1}",
        f"LOCALHOST:{config.port}", f"localhost.:{config.port}", f"evil.example:{config.port}",
        f"[::1]:{config.port}",
    ],
)  # fmt: skip
def test_under_another_name_it_does_not(city: Committed, host: str) -> None:
    assert is_refused(HTTP_HOST=host)


@pytest.mark.parametrize("header", FORWARDING)
def test_with_something_in_between_it_does_not(city: Committed, header: str) -> None:
    key = "HTTP_" + header.upper().replace("-", "_")
    assert is_refused("post", csrf=True, **{key: "127.0.0.1"})


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1", "::ffff:192.0.2.7", "", "unix"])
def test_from_another_machine_it_does_not(city: Committed, address: str) -> None:
    assert is_refused(REMOTE_ADDR=address)


def test_by_a_link_it_does_not(city: Committed) -> None:
    assert is_refused("get")


def test_without_the_token_it_does_not(city: Committed) -> None:
    assert is_refused(csrf=False)


def test_a_process_that_is_told_it_is_no_demonstration_does_not(city: Committed) -> None:
    with production():
        assert is_refused()


def test_a_folder_that_lost_its_mark_does_not(city: Committed) -> None:
    with moved(config.data / "DEMO"):
        assert is_refused()


def test_a_folder_marked_as_production_does_not(city: Committed) -> None:
    mark = config.data / "PRODUCTION"
    mark.write_text("")
    try:
        assert is_refused()
    finally:
        mark.unlink()


@contextmanager
def production() -> Iterator[None]:
    object.__setattr__(config, "demo", False)
    try:
        yield
    finally:
        object.__setattr__(config, "demo", True)


@contextmanager
def moved(path: Path) -> Iterator[None]:
    away = path.rename(path.with_suffix(".away"))
    try:
        yield
    finally:
        away.rename(path)


def test_signing_in_as_another_ends_the_session_before(city: Committed) -> None:
    client = Client(**HERE)  # type: ignore[arg-type]
    for username in ("ana.mercer", "ruth.okafor"):
        client.post("/sign-in/demo/", {"person": str(person(username).id)})

    assert events() == ["session.started", "session.ended", "session.started"]
    assert Session.objects.open().get().person == person("ruth.okafor")


def test_signing_out_of_the_demonstration_ends_what_is_watched(city: Committed) -> None:
    client = Client(**HERE)  # type: ignore[arg-type]
    client.post("/sign-in/demo/", {"person": str(person("ana.mercer").id)})
    client.post(f"/incidents/{incident().basis_id}/watch/")
    viewing = Viewing.objects.get()
    client.post("/sign-out/")

    with pytest.raises(PermitEnded, match="You signed out"):
        resume(viewing.permit_id, by=person("ana.mercer"))
