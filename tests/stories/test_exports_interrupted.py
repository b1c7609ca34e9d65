"""What comes between the asking for an export and its package: withdrawals, pauses, second presses."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from audit.record import record as enter
from audit.vocabulary import Event
from cameras.actions.pause_camera import pause_camera
from cameras.models import Agreement, Camera
from evidence.catalogue.minute import seal_minute
from evidence.exports import job
from evidence.exports.actions.approve_export import approve_export
from evidence.exports.actions.stop_export import stop_export
from evidence.exports.ending import end
from evidence.exports.forms import ExportForm
from evidence.exports.media import RunReader
from evidence.exports.models import Export, ExportDocument, ExportPart
from evidence.exports.states import ExportState
from evidence.models import Asset, AssetWriting, Disposition, Keep, Segment
from evidence.records.models import Request
from evidence.records.vocabulary import Act, CloseReason
from evidence.retention import destruction
from policy.denied import Denied
from policy.models import Approval, Person, Proposal
from policy.vocabulary import BasisKind, Purpose
from rtcc import clock
from rtcc.config import config
from rtcc.errors import Conflict
from tests.asking import ask, client, corner, do, search
from tests.city import NOON, camera, city, events, person, said
from tests.exporting import (
    BEGINS,
    CAM,
    OFFICER,
    SECOND,
    approved,
    download,
    footage,
    machine,
    made,
    propose,
    request,
    span,
    verdict,
    work,
)
from tests.keeping import release
from tests.log_machine import LogMachine
from tests.minutes import MINUTE
from tests.recorder_source import Clip
from tests.recording import clip, record, vault

__all__ = ["city", "clip", "footage", "machine", "vault"]


def requested(code: str = CAM) -> Request:
    """A request that its desk took in, for the recorded minutes."""
    return ask(place=corner(code), starts_at=BEGINS, ends_at=BEGINS + 2 * MINUTE)


def now_is(export: Export) -> Export:
    return Export.objects.get(id=export.id)


def nothing_is_left(export: Export) -> None:
    """No package, nothing half done, no keep."""
    row = now_is(export)
    assert row.asset is None
    for table in (AssetWriting, ExportPart, ExportDocument):
        assert not table.objects.exists(), table
    if row.keep_id is not None:
        assert Keep.objects.get(id=str(row.keep_id)).released_at is not None


def test_a_withdrawn_or_closed_request_stops_its_exports_wherever_they_are(footage: LogMachine) -> None:
    row, other = requested(), requested()
    waiting, ready = propose(row.basis), made(footage, other.basis)
    running = approved(row.basis)
    job.carry_out(running.id, wait_s=0)
    held = approved(row.basis)
    job.carry_out(held.id, wait_s=0)
    Export.objects.filter(id=held.id).update(leased_until=clock.now() + timedelta(seconds=30))
    theirs = approved(requested().basis)
    job.carry_out(theirs.id, wait_s=0)

    do(row, Act.ACKNOWLEDGE)
    do(row, Act.WITHDRAW, note="They need it no more.")

    # What no worker holds has ended within the act; no worker had to come by.
    for export in (waiting, running):
        assert now_is(export).state == ExportState.STOPPED
        assert "request was withdrawn" in now_is(export).sentence
        assert "They need it no more." in now_is(export).sentence
    with clock.set_to(NOON + timedelta(seconds=1)), pytest.raises(Conflict, match="is over"):
        approve_export(by=person(SECOND), export=waiting.id)
    # The worker that holds the third is told at its next look, which is at most a second away.
    assert (now_is(held).state, now_is(held).stop_asked) == (ExportState.RUNNING, True)
    Export.objects.filter(id=held.id).update(leased_until=None)
    work(footage, held.id, turns=1)
    assert now_is(held).state == ExportState.STOPPED
    assert "request was withdrawn" in now_is(held).sentence
    assert [each["outcome"] for each in said() if each["event"] == "export.ended"] == ["abandoned"] * 3
    # Another request's export is not touched, and a package that is there goes out under an open one alone.
    assert work(footage, theirs.id).state == ExportState.READY
    for export in (waiting, running, held):
        nothing_is_left(export)
    assert download(ready)
    do(other, Act.ACKNOWLEDGE)
    do(other, Act.ASK_BACK, note="Which side?")
    do(other, Act.CLOSE, reason=CloseReason.WITHDRAWN)
    with pytest.raises(Denied, match="not open"):
        download(ready)


def test_a_denied_request_hands_nothing_out_by_whatever_stage_of_an_export(footage: LogMachine) -> None:
    row = requested()
    waiting, ready, running = propose(row.basis), made(footage, row.basis), approved(row.basis)
    job.carry_out(running.id, wait_s=0)
    search(row)
    do(row, Act.SEND_TO_LEGAL)
    do(row, Act.DENY, by="owen.birch", note="An open investigation, RSMo 610.100.")

    # Each refusal is the guard's, and an entry.
    with pytest.raises(Denied, match="not open"):
        propose(row.basis)
    for export in (waiting, running):
        assert now_is(export).state == ExportState.STOPPED
        assert "denied or closed: An open investigation" in now_is(export).sentence
        nothing_is_left(export)
    assert "not open" in client(OFFICER).post(f"/exports/{ready.id}/download/").content.decode()
    assert said()[-1]["outcome"] == "deny"
    # An appeal may need the footage: its hold stands for it, and what was ready goes out again.
    assert row.hold is not None
    with pytest.raises(Conflict, match="is open and asks for this footage"):
        release(row.hold, by=OFFICER)
    do(row, Act.APPEAL, note="They disagree.")
    assert propose(row.basis).state == ExportState.PROPOSED
    assert download(ready)


@pytest.mark.parametrize("moment", ["reading", "writing", "committed"])
def test_a_request_withdrawn_while_the_worker_reads_or_writes_leaves_no_package(
    footage: LogMachine, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker is in the middle of its step when the desk withdraws."""
    row = requested()
    do(row, Act.ACKNOWLEDGE)
    export = approved(row.basis)

    def withdraw() -> None:
        monkeypatch.undo()
        do(row, Act.WITHDRAW, note="Settled.")

    before(moment, withdraw, monkeypatch)
    ended = work(footage, export.id)

    assert ended.state == ExportState.STOPPED
    assert "request was withdrawn" in ended.sentence
    assert events().count("export.made") == 0
    nothing_is_left(export)
    # Committed in the last instant, it is nobody's: no page leads to it, and it ends by its own rule.
    assert Asset.objects.count() == (1 if moment == "committed" else 0)
    assert client(OFFICER).post(f"/exports/{export.id}/download/").status_code == 409


def before(moment: str, act: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have something done by somebody else just before the worker does its step."""
    where, name = {
        "reading": (RunReader, "measure"),
        "writing": (RunReader, "chunks"),
        "committed": (job, "end"),
    }[moment]
    real = getattr(where, name)

    def first(*arguments: Any, **words: Any) -> Any:
        act()
        return real(*arguments, **words)

    monkeypatch.setattr(where, name, first)


def test_stopped_by_a_person_in_the_last_instant_it_is_stopped_and_not_ready(
    footage: LogMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = approved()

    def stop() -> None:
        monkeypatch.undo()
        stop_export(by=person(SECOND), export=export.id)

    before("committed", stop, monkeypatch)
    ended = work(footage, export.id)
    assert (ended.state, ended.sentence) == (
        ExportState.STOPPED,
        f"Stopped by {person(SECOND).display_name}.",
    )
    nothing_is_left(export)
    assert not end(ended, ExportState.STOPPED, "again")
    with pytest.raises(Conflict, match="has ended"):
        stop_export(by=person(SECOND), export=export.id)


def partner_camera() -> tuple[Camera, Person]:
    """A partner's camera of the demo city, and who pauses it."""
    for code in (f"cam{n:02d}" for n in range(1, 13)):
        found = camera(code)
        if found.owner.kind == "partner":
            owner = Person.objects.filter(
                memberships__organisation=found.owner_id, memberships__role="partner"
            ).first()
            if owner is not None:
                return found, owner
    raise AssertionError("the demo city has no partner with a camera")


def test_a_partners_pause_during_an_export_stops_a_cases_and_not_a_requests(
    footage: LogMachine, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    partners, owner = partner_camera()
    record(partners, clip, BEGINS)
    for n in range(3, 6):
        seal_minute(BEGINS + n * MINUTE, [partners.id])
    footage.sequence()
    both = [span(), span(code=partners.code)]
    with transaction.atomic():
        enter(Event.ACT_PERMITTED, actor="system:test")
        Agreement.objects.filter(designations__camera=partners).update(purposes=[Purpose.INVESTIGATION])
    case, lawful = approved(request(BasisKind.CASE), *both), approved(request(), *both)

    def pause() -> None:
        monkeypatch.undo()
        pause_camera(by=owner, camera=partners.id, why="Our own event")

    before("writing", pause, monkeypatch)
    ended = work(footage, case.id)

    assert ended.state == ExportState.STOPPED
    assert "The owner has paused this camera, and its footage goes out for a lawful request only." in (
        ended.sentence
    )
    assert partners.name in ended.sentence
    nothing_is_left(case)
    assert not Asset.objects.exists()
    assert "The owner has paused" in client(OFFICER).get(f"/exports/{case.id}/").content.decode()
    assert work(footage, lawful.id).state == ExportState.READY


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Each in a thread with a connection of its own; what it returned or raised."""

    def run(act: Callable[[], Any]) -> Any:
        try:
            with clock.set_to(NOON):
                return act()
        except (Conflict, Denied) as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def test_of_two_approvers_at_one_instant_one_approves_and_the_other_learns_who(footage: LogMachine) -> None:
    for _ in range(4):
        export = propose()
        answers = at_once(
            *(partial(approve_export, by=person(each), export=export.id) for each in (SECOND, "owen.birch"))
        )
        (refusal,) = [each for each in answers if isinstance(each, Conflict)]
        first = Approval.objects.get(proposal=export.proposal_id).person
        assert refusal.sentence == f"{first.display_name} has approved this already; nothing more is needed."
        assert now_is(export).state == ExportState.APPROVED
    assert work(footage, export.id).state == ExportState.READY
    assert events().count("export.begun") == 1


def form(**change: Any) -> dict[str, Any]:
    zone = "%Y-%m-%dT%H:%M:%S"
    basis = change.pop("basis", None) or request()
    return {
        "export": str(uuid4()),
        "basis": str(basis.id),
        "cameras": [str(camera(CAM).id)],
        "starts_at": (BEGINS + timedelta(seconds=20)).astimezone(config.city_zone).strftime(zone),
        "ends_at": (BEGINS + timedelta(seconds=80)).astimezone(config.city_zone).strftime(zone),
        "recipient_class": "prosecutor",
        "recipient": "A. Doe",
        "standard": "Rule 25.03",
        "reason": "Discovery",
        **change,
    }


def test_a_button_pressed_twice_at_one_instant_asks_for_one_export(footage: LogMachine) -> None:
    for _ in range(3):
        filled, before = form(), Proposal.objects.count()
        press = partial(client(OFFICER).post, "/exports/new/", filled)
        first, second = at_once(press, press)
        assert (first.status_code, second.status_code) == (302, 302)
        assert first["Location"] == second["Location"] == f"/exports/{filled['export']}/"
        assert Proposal.objects.count() == before + 1
    proposed = [str(each.entry) for each in Proposal.objects.all()]
    # Nothing of the second press is in the log either.
    assert [str(each["id"]) for each in said() if each.get("action") == "export"] == sorted(proposed)
    assert Export.objects.count() == 3


def test_across_a_gap_two_films_are_packed_and_the_gap_is_said(
    footage: LogMachine, clip: Clip, tmp_path: Path
) -> None:
    record(camera(CAM), clip, BEGINS + 3 * MINUTE)
    for n in range(3, 7):
        seal_minute(BEGINS + n * MINUTE, [camera(CAM).id])
    footage.sequence()
    export = made(footage, None, span(60, 240))
    assert export.state == ExportState.READY, export.sentence
    packed = tmp_path / "export.zip"
    packed.write_bytes(download(export))
    with zipfile.ZipFile(packed) as bag:
        name = next(name for name in bag.namelist() if name.endswith("data/manifest.json"))
        manifest = json.loads(bag.read(name))
    first, second = manifest["media"]
    (gap,) = export.drawn["spans"][0]["gaps"]
    assert gap["reason"] == "stopped"
    ends, begins = (datetime.fromisoformat(gap[name]) for name in ("from", "to"))
    assert abs(datetime.fromisoformat(first["to"]) - ends) < timedelta(seconds=1)
    assert abs(datetime.fromisoformat(second["from"]) - begins) < timedelta(seconds=1)
    assert gap["sentence"] in json.dumps(manifest)
    code, words = verdict(packed)
    assert code == 0, words
    assert f"Note: {camera(CAM).name} has no footage from {gap['from']} to {gap['to']}" in words


def test_an_hour_that_came_twice_is_asked_about_and_one_that_never_was_is_refused(
    machine: LogMachine, clip: Clip
) -> None:
    """01:30 to 01:31 on the clocks was at 06:30 UTC and again at 07:30; recorded is each time two minutes."""
    first = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    for at in (first, first + timedelta(hours=1)):
        with clock.set_to(at + 3 * MINUTE):
            record(camera(CAM), clip, at)
            for n in range(3):
                seal_minute(at + n * MINUTE, [camera(CAM).id])
    machine.sequence()
    officer = client(OFFICER)
    filled = form(starts_at="2026-11-01T01:30:00", ends_at="2026-11-01T01:31:00")
    asked_back = officer.post("/exports/new/", filled).content.decode()
    assert asked_back.count("That hour comes twice on that night") == 2
    assert not Export.objects.exists()
    both = {"starts_at_which": "0", "ends_at_which": "1"}
    assert officer.post("/exports/new/", filled | both).status_code == 302
    runs = Export.objects.get().drawn["spans"][0]["runs"]
    assert [datetime.fromisoformat(run["from"]).hour for run in runs] == [6, 7]
    never = form(starts_at="2026-03-08T02:30:00", ends_at="2026-03-08T03:30:00")
    assert "it never was" in officer.post("/exports/new/", never).content.decode()
    asked = ExportForm(form(starts_at="2026-03-08T01:59:59", ends_at="2026-03-08T03:00:00"), bases=[])
    asked.is_valid()
    # One second on the clocks' other side: the hour between was not.
    assert asked.cleaned_data["ends_at"] - asked.cleaned_data["starts_at"] == timedelta(seconds=1)


def test_keeps_on_the_same_footage_stack_and_the_last_that_ends_lets_it_go(footage: LogMachine) -> None:
    first, second = requested(), requested()
    export = approved(first.basis)
    job.carry_out(export.id, wait_s=0)
    standing = Segment.objects.of_camera(camera(CAM).id).standing().count()

    def destroyed_later() -> int:
        with clock.set_to(NOON + timedelta(days=31)):
            destruction.run()
            left: int = Segment.objects.of_camera(camera(CAM).id).standing().count()
            return standing - left

    assert first.hold is not None
    assert second.hold is not None
    do(second, Act.ACKNOWLEDGE)
    do(second, Act.WITHDRAW, note="Settled.")
    release(second.hold, by=OFFICER)
    assert destroyed_later() == 0, "the first request and its export keep it"
    do(first, Act.ACKNOWLEDGE)
    do(first, Act.WITHDRAW, note="Settled.")
    assert now_is(export).state == ExportState.STOPPED
    assert destroyed_later() == 0, "the first request's hold keeps it"
    release(Keep.objects.get(id=str(first.hold_id)), by=OFFICER)
    assert destroyed_later() == standing > 0
    found = Disposition.objects.of_camera(camera(CAM).id)
    assert {each.state for each in found} <= {"done", "proved", "planned", "tombstoned"}
