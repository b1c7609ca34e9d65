"""How the system says that it is well: who is told, what is told, and what stops its work."""

from __future__ import annotations

import ast
import io
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands
from django.db import OperationalError
from django.test import Client

from cameras.models import Camera, CameraHealth
from cameras.vocabulary import HealthState
from policy.models import Person
from policy.vocabulary import Action
from rtcc import advice, clock, health
from rtcc.config import config
from rtcc.errors import BadInput
from rtcc.health import Part, State
from rtcc.onebox import escrow, heartbeat
from tests.api import program, token_of
from tests.asking import ask
from tests.city import city, person, said
from tests.conftest import Committed

__all__ = ["city"]


def test_no_line_of_a_process_says_a_one_time_link(city: Committed) -> None:
    """Django tells of requests that failed, by their address."""
    handler = next(each for each in logging.getLogger().handlers if each.get_name() == "line")
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    try:
        for path in ("/welcome/a-secret-link/", "/welcome/a-secret-link/?a-secret-link"):
            answer = Client(HTTP_HOST="localhost", enforce_csrf_checks=True).post(path)
            assert answer.status_code == 403
        logging.getLogger("django.request").error(
            "%s: %s", "Internal Server Error", "/welcome/a-secret-link/",
            extra={"request": answer.wsgi_request, "status_code": 500},
        )  # fmt: skip
    finally:
        handler.setStream(before)
    assert written.getvalue().count("welcome/<") == 3
    assert "a-secret-link" not in written.getvalue()


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """Each test asks anew, and leaves no file for the next."""
    health._kept = None
    yield
    health._kept = None
    for path in (config.keys_dir / escrow.FILE, config.run_dir / heartbeat.FILE):
        path.unlink(missing_ok=True)


def browser(address: str = "127.0.0.1") -> Client:
    return Client(HTTP_HOST="localhost", REMOTE_ADDR=address)


def as_(username: str, address: str = "127.0.0.1") -> Client:
    client = browser(address)
    client.force_login(person(username), backend="policy.accounts.backend.Backend")
    return client


def part(name: str) -> Part:
    return next(each for each in health.health().parts if each.name == name)


def cameras_report(state: HealthState, kbit_per_s: float = 1000.0) -> None:
    now = clock.now()
    for camera in Camera.objects.recorded():
        CameraHealth.objects.update_or_create(
            camera=camera,
            defaults={"state": state, "since": now, "checked_at": now, "kbit_per_s": kbit_per_s},
        )


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recorder's socket answers; it is another process, which does not run here."""
    monkeypatch.setattr(health, "_answers", lambda: True)


def test_whoever_asks_hears_that_the_process_lives_and_no_more(city: Committed) -> None:
    for client in (browser(), browser("203.0.113.9"), Client(HTTP_HOST="any.example")):
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_every_part_has_a_line(city: Committed) -> None:
    answer = browser().get("/readyz")
    lines = answer.content.decode().splitlines()
    names = set(json.loads(answer.content)["parts"])

    assert names == {
        "database", "broker", "store", "keys", "sequencer", "witness", "recorder", "worker",
        "root_key_backup", "policy",
    }  # fmt: skip
    assert all(sum(f'"{name}": {{' in line for line in lines) == 1 for name in names)
    assert answer["Cache-Control"] == "no-store"


def test_what_does_not_run_makes_the_answer_503(city: Committed) -> None:
    answer = browser().get("/readyz")

    assert answer.status_code == 503
    parts = json.loads(answer.content)["parts"]
    assert {name for name in parts if parts[name]["state"] == "failed"} >= {"sequencer", "recorder", "worker"}
    assert parts["database"]["state"] == "ok"


def test_a_warning_stands_beside_work_that_goes_on(city: Committed, monkeypatch: pytest.MonkeyPatch) -> None:
    well = Part("broker", "Broker", State.OK, "answers")
    monkeypatch.setattr(health, "_WITHOUT_DATABASE", (lambda: well,))
    monkeypatch.setattr(health, "_WITH_DATABASE", (health.root_key_backup,))
    answer = browser().get("/readyz")

    assert (answer.status_code, answer.json()["status"]) == (200, "warning")


@pytest.mark.parametrize(
    "who, address, forwarded, expected",
    [
        (None, "203.0.113.9", None, 302),
        (None, "127.0.0.1", "203.0.113.9", 302),
        ("ana.mercer", "203.0.113.9", None, 404),
        ("nadia.brandt", "203.0.113.9", None, 503),
        (None, "127.0.0.1", None, 503),
        (None, "::1", None, 503),
    ],
)
def test_the_parts_are_told_on_the_machine_itself_and_to_operators(
    city: Committed, who: str | None, address: str, forwarded: str | None, expected: int
) -> None:
    client = as_(who, address) if who else browser(address)
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    assert client.get("/readyz", headers=headers).status_code == expected


def test_nothing_told_is_secret_or_names_anybody(city: Committed) -> None:
    cameras_report(HealthState.DOWN)
    text = browser().get("/readyz").content.decode()

    password = config.database_url.split(":")[2].split("@")[0]
    for private in (password, str(config.data), str(config.live_socket), "cam01", "Olive"):
        assert private not in text


def test_a_database_that_does_not_answer_is_said_and_the_rest_is_still_told(
    city: Committed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> Part:
        raise OperationalError("no connection")

    monkeypatch.setattr(health, "database", away)
    answer = browser().get("/readyz")

    assert answer.status_code == 503
    parts = answer.json()["parts"]
    assert parts["database"]["state"] == "failed"
    assert set(parts) == {"database", "broker", "keys", "worker"}


def test_a_broker_that_does_not_answer_is_said(city: Committed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "config", replace(config, broker_url="unix:///nowhere/valkey.sock?db=0"))

    assert health.broker().state is State.FAILED


@pytest.mark.parametrize("state, expected", [(HealthState.UP, State.OK), (HealthState.DOWN, State.FAILED)])
def test_cameras_that_send_nothing_are_counted(
    city: Committed, answering: None, state: HealthState, expected: State
) -> None:
    cameras_report(state)
    found = part("recorder")

    total = Camera.objects.recorded().count()
    assert found.state is expected
    assert found.numbers == {"cameras_up": total if state == HealthState.UP else 0, "cameras_total": total}


def test_one_camera_that_is_down_is_a_warning(city: Committed, answering: None) -> None:
    cameras_report(HealthState.UP)
    CameraHealth.objects.filter(camera__code="cam03").update(state=HealthState.DOWN)

    assert part("recorder").state is State.WARNING


def test_a_camera_that_rests_is_no_warning_and_one_that_is_not_called_is(
    city: Committed, answering: None
) -> None:
    cameras_report(HealthState.UP)
    CameraHealth.objects.filter(camera__code="cam12").delete()
    found = health.recorder()
    assert (found.state, found.says) == (State.OK, "11 of 11 cameras send pictures; 1 rest")

    CameraHealth.objects.filter(camera__code="cam03").delete()
    assert health.recorder().state is State.WARNING


def test_a_recorder_that_no_longer_reports_is_a_failure(city: Committed, answering: None) -> None:
    cameras_report(HealthState.UP)
    with clock.set_to(clock.now() + timedelta(minutes=1)):
        assert part("recorder").state is State.FAILED


def test_background_work_is_alive_while_its_beat_is_young(city: Committed) -> None:
    assert part("worker").state is State.FAILED
    heartbeat.beat()
    health._kept = None
    assert part("worker").state is State.OK
    with clock.set_to(clock.now() + timedelta(minutes=2)):
        health._kept = None
        assert part("worker").state is State.FAILED


def test_the_days_that_the_disk_lasts_follow_from_the_rate_of_now(
    city: Committed, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Disk:
        total, used, free = 100 << 30, 99 << 30, 50 << 30

    monkeypatch.setattr("shutil.disk_usage", lambda _: Disk)
    assert part("store").numbers["disk_days_left"] is None
    cameras_report(HealthState.UP, kbit_per_s=1000.0)
    health._kept = None
    found = part("store")
    a_day = Camera.objects.recorded().count() * 1_000_000 / 8 * 86400
    assert found.numbers["disk_days_left"] == pytest.approx(Disk.free / a_day, abs=0.1)
    assert found.state is State.WARNING


def test_a_full_disk_is_a_failure(city: Committed, monkeypatch: pytest.MonkeyPatch) -> None:
    class Disk:
        total, used, free = 100 << 30, 100 << 30, 1 << 20

    monkeypatch.setattr("shutil.disk_usage", lambda _: Disk)
    assert part("store").state is State.FAILED


def test_the_copy_of_the_root_key_is_shown_once_and_that_is_entered(city: Committed, tmp_path: Path) -> None:
    assert part("root_key_backup").state is State.WARNING
    copy = tmp_path / "copy"
    copy.write_bytes(b"x" * 32)
    with pytest.raises(BadInput):
        escrow.confirm(copy)
    with pytest.raises(BadInput):
        escrow.confirm(tmp_path / "nothing")
    copy.write_bytes((config.keys_dir / "root").read_bytes())
    escrow.confirm(copy)

    health._kept = None
    assert part("root_key_backup").state is State.OK
    assert said()[-1]["detail"]["what"].startswith("the escrowed copy")


def test_an_answer_is_kept_for_two_seconds(city: Committed, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def look() -> health.Health:
        asked.append(1)
        return health.Health(clock.now(), ())

    monkeypatch.setattr(health, "_look", look)
    at: dict[str, float] = {"s": 100.0}
    monkeypatch.setattr("time.monotonic", lambda: at["s"])
    health.health()
    at["s"] += 1.9
    health.health()
    assert len(asked) == 1
    at["s"] += 0.2
    health.health()
    assert len(asked) == 2


def test_the_operators_page_says_what_to_do(city: Committed) -> None:
    page: Any = as_("nadia.brandt").get("/status/")
    text = page.content.decode()

    assert "Something does not work" in text
    assert "What to do:" in text
    assert text.index("Recorder") < text.index("Database")
    assert as_("ana.mercer").get("/status/").status_code == 404


def test_every_line_that_is_not_well_says_what_to_do_and_by_which_command() -> None:
    """Total over the source: whoever adds a way to be unwell adds what to do about it."""
    calls = [
        node
        for node in ast.walk(ast.parse(Path(health.__file__).read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Part"
    ]
    assert len(calls) > 15
    unwell = [call for call in calls if ast.unparse(call.args[2]) != "State.OK"]
    assert len(unwell) >= 10
    used = set()
    for call in unwell:
        given = ast.unparse(call.args[4]) if len(call.args) > 4 else ""
        given = "advice.STORE" if given == "do" and "store" in ast.unparse(call) else given
        given = "advice.SEQUENCER" if given == "do" and "sequencer" in ast.unparse(call) else given
        assert given.startswith("advice."), ast.unparse(call)
        used.add(given.removeprefix("advice."))
    pieces = {name: value for name, value in vars(advice).items() if isinstance(value, advice.Advice)}
    assert set(pieces) == used
    for name, piece in pieces.items():
        assert len(piece.says.split()) > 15, name
        for command in piece.command.split("; "):
            program, *words = command.split()
            assert program in ("tail", "df", "du", "ls", "grep", "./run"), name
            assert program != "./run" or set(words) & set(get_commands()), name


def test_metrics_are_for_this_machine_and_for_an_operators_token(city: Committed, answering: None) -> None:
    cameras_report(HealthState.UP)
    here = Client(HTTP_HOST="any.example", REMOTE_ADDR="127.0.0.1").get("/metrics")
    text = here.content.decode()
    assert here.status_code == 200
    for name in (
        "cameras_up", "gaps_open", "recorded_last_hour_bytes", "log_waiting", "log_oldest_waiting_seconds",
        "witness_age_seconds", "denials_last_hour", "views_running", "jobs", "disk_free_bytes", "part_state",
    ):  # fmt: skip
        assert f"# TYPE watchlight_{name} gauge" in text, name
    assert f"watchlight_cameras_up {float(Camera.objects.recorded().count())}" in text
    # Work is counted by its state alone, also where there is none: an alert needs the zero.
    for kind, state in (("export", "running"), ("request", "open"), ("request", "overdue")):
        assert f'watchlight_jobs{{kind="{kind}",state="{state}"}} 0.0' in text
    taken = ask()
    with clock.set_to(clock.now() + timedelta(days=10)):
        text = Client(HTTP_HOST="any.example", REMOTE_ADDR="127.0.0.1").get("/metrics").content.decode()
    assert 'watchlight_jobs{kind="request",state="open"} 1.0' in text
    assert 'watchlight_jobs{kind="request",state="overdue"} 1.0' in text
    assert not [each for each in (taken.number, taken.requester) if each in text]
    # No label tells of a person, a basis or a camera.
    labels = set(re.findall(r"[{,](\w+)=", text))
    assert labels <= {"part", "kind", "state", "witness"}
    assert not [each for each in Person.objects.values_list("username", flat=True) if each in text]

    away = "203.0.113.9"
    assert browser(away).get("/metrics").status_code == 404
    assert as_("ana.mercer", away).get("/metrics").status_code == 404
    _, secret = token_of("nadia.brandt", Action.ADMINISTER)
    _, narrow = token_of("nadia.brandt", Action.VIEW_REGISTRY)
    _, other = token_of("ana.mercer", Action.ADMINISTER)
    found = [program(each).get("/metrics", REMOTE_ADDR=away).status_code for each in (secret, narrow, other)]
    assert found == [200, 404, 404]
    forwarded = browser().get("/metrics", headers={"X-Forwarded-For": away})
    assert forwarded.status_code == 404
