"""Sessions: idleness, signing out, and what ends with them."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client

from audit.record import record
from audit.vocabulary import Event
from policy.accounts import sessions
from policy.denied import Denied
from policy.models import FailedSignIn, Session
from policy.permits import PermitEnded
from policy.resume import resume
from policy.vocabulary import Purpose
from rtcc.live.models import Viewing
from tests.accounts import (
    browser,
    code_now,
    is_signed_in,
    minutes_later,
    production,
    sign_in,
    try_password,
)
from tests.city import camera, city, incident, person, said
from tests.conftest import Committed

__all__ = ["city", "production"]


def test_thirty_idle_minutes_end_the_session_and_the_page_says_so(production: Committed) -> None:
    client = sign_in()
    with minutes_later(31):
        assert client.get("/cameras/")["Location"] == "/sign-in/?next=/cameras/"
        # What the page still asks for by itself is led to the same place, unseen: the reason stays.
        client.get("/sign-in/")
        page = client.get("/sign-in/").content.decode()

    assert "Locked after 30 minutes without activity." in page
    assert said()[-1]["event"] == "session.ended"


def test_what_a_page_fetches_by_itself_keeps_no_session_open(production: Committed) -> None:
    client = sign_in()
    with minutes_later(20):
        client.get("/cameras/", headers={"Sec-Fetch-Dest": "empty"})
    with minutes_later(31):
        assert sessions.end_over() == 1
        assert sessions.end_over() == 0
        assert not is_signed_in(client)


def test_tidying_keeps_what_is_open_and_what_counts(production: Committed) -> None:
    client = sign_in()
    try_password(browser(), "wrong", "ruth.okafor")
    sessions.tidy()
    assert is_signed_in(client)
    assert FailedSignIn.objects.count() == 1
    with minutes_later(25 * 60):
        sessions.tidy()
    assert not FailedSignIn.objects.exists()


def test_a_page_that_reports_a_hand_keeps_it_open(production: Committed) -> None:
    client = sign_in()
    with minutes_later(20):
        assert client.post("/session/seen/", headers={"Sec-Fetch-Dest": "empty"}).status_code == 204
    with minutes_later(45):
        assert sessions.end_over() == 0
        assert is_signed_in(client)


def watch_as(client: Client) -> Viewing:
    client.post(f"/incidents/{incident().basis_id}/watch/")
    viewing: Viewing = Viewing.objects.select_related("permit").get()
    return viewing


def test_signing_out_ends_what_is_watched_in_that_session(production: Committed) -> None:
    client = sign_in()
    viewing, ana = watch_as(client), person("ana.mercer")
    assert viewing.permit.session == Session.objects.get()
    resume(viewing.permit_id, by=ana)
    client.post("/sign-out/")

    with pytest.raises(PermitEnded, match="You signed out"):
        resume(viewing.permit_id, by=ana)


def test_signing_out_elsewhere_leaves_it_open(production: Committed) -> None:
    client, other = sign_in(), sign_in(code=code_now(steps=1))
    viewing = watch_as(client)
    other.post("/sign-out/")

    resume(viewing.permit_id, by=person("ana.mercer"))


def test_a_permit_is_decided_again_with_the_second_factor_of_its_session(production: Committed) -> None:
    """The watcher and the recorder are other processes than the one in which somebody signed in."""
    viewing = watch_as(sign_in())
    with transaction.atomic():
        from policy import epoch

        record(Event.POLICY_PUBLISHED, actor="system:test")
        epoch.bump()

    assert resume(viewing.permit_id, by=person("ana.mercer")).covers


def test_without_a_second_factor_nobody_watches_outside_the_demonstration(production: Committed) -> None:
    from rtcc.live.actions.open_viewing import open_viewing

    with pytest.raises(Denied) as denied:
        open_viewing(
            by=person("ana.mercer"),
            basis=incident().basis_id,
            cameras=[camera("cam01").id],
            purpose=Purpose.EMERGENCY_CALL,
        )
    assert denied.value.rule == "floor-second-factor"


def test_each_sign_in_has_a_new_key(production: Committed) -> None:
    client = browser()
    client.get("/sign-in/")
    try_password(client)
    before = client.cookies["sessionid"].value
    client.post("/sign-in/code/", {"code": code_now()})

    assert client.cookies["sessionid"].value != before


def test_pages_of_somebody_signed_in_are_not_stored(production: Committed) -> None:
    assert "no-store" in sign_in().get("/cameras/")["Cache-Control"]
