"""Keeping and destroying: what is due, what wins, what is proved, and what the log says of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from evidence.actions.place_bookmark import place_bookmark
from evidence.actions.place_hold import place_hold
from evidence.actions.place_keep import place_keep
from evidence.actions.release_hold import release_hold
from evidence.catalogue.verify import FootageVerification, Level
from evidence.catalogue.verify.files import check_file
from evidence.models import Disposition, Keep, Segment
from evidence.retention import destruction, dispositions, ending
from evidence.retention.states import DispositionState, FootageState
from evidence.vault.examine import Shelf
from evidence.vault.names import KeyName
from policy.actions.approve import approve
from policy.actions.propose import propose
from policy.denied import Denied, Hidden
from policy.models import Approval, Proposal
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.errors import BadInput, Conflict, NotFound, Refused
from tests import cluster
from tests.city import NOON, camera, city, events, incident, person, said
from tests.keeping import hold, key_lives, release, watch
from tests.minutes import MINUTE, record_minutes, states
from tests.recording import vault

__all__ = ["city", "vault"]

# cam07 and cam08 keep ten minutes, with keys of an hour.
SHORT = "cam07"
BEGINS = NOON - timedelta(minutes=30)
pytestmark = pytest.mark.usefixtures("city", "vault")


def test_footage_whose_time_is_over_is_destroyed_and_the_record_says_how() -> None:
    old = record_minutes(camera(SHORT), BEGINS, 3)
    young = record_minutes(camera(SHORT), NOON - 5 * MINUTE, 2)

    assert destruction.run() == {"proved": 1}

    assert states(old) == [FootageState.GONE] * 3
    assert states(young) == [FootageState.RECORDED] * 2
    row = Disposition.objects.get()
    assert row.state == DispositionState.PROVED
    assert (row.count, row.rule) == (3, "retention_demonstration@2020-01-01")
    assert row.ranges == [[BEGINS.isoformat(), (BEGINS + 3 * MINUTE).isoformat()]]
    assert row.beyond_recovery_at is None, "the key of its hour lives on: younger footage needs it"
    decided, proved = [one for one in said() if one["event"] == "footage.destroyed"]
    assert (decided["id"], proved["id"], proved["parent"]) == (row.entry, row.proof_entry, str(row.entry))
    assert decided["cameras"] == [str(camera(SHORT).id)]
    assert decided["actor"] == "system:retention"
    assert decided["detail"]["ranges"] == row.ranges
    assert destruction.run() == {}


def test_footage_destroyed_while_it_is_verified_is_not_missed() -> None:
    """The verifier has read the row before the decision, and looks for the file after it."""
    row = record_minutes(camera(SHORT), BEGINS, 1)[0]
    destruction.run()

    result = FootageVerification(Level.PRESENCE)
    check_file(result, Shelf(), row, "cam07")
    assert (result.faults, result.destroyed) == ([], 1)


def test_footage_of_thirty_days_is_left_alone() -> None:
    kept = record_minutes(camera("cam01"), NOON - timedelta(days=29), 1)
    gone = record_minutes(camera("cam01"), NOON - timedelta(days=31), 1)

    destruction.run()

    assert states(kept) == [FootageState.RECORDED]
    assert states(gone) == [FootageState.GONE]


def test_what_no_minute_entry_names_is_not_destroyed() -> None:
    """The log must first know that it was there."""
    segments = record_minutes(camera(SHORT), BEGINS, 1)
    rows = Segment.objects.of_assets([(segments[0].day, segments[0].id)])
    _without_entry_check(lambda: rows.update(minute=None))

    assert destruction.run() == {}
    assert states(segments) == [FootageState.RECORDED]


def test_held_footage_stays_and_its_neighbours_go() -> None:
    segments = record_minutes(camera(SHORT), BEGINS, 5)
    hold(starts_at=BEGINS + 2 * MINUTE, ends_at=BEGINS + 3 * MINUTE)

    destruction.run()

    gone, kept = FootageState.GONE, FootageState.RECORDED
    assert states(segments) == [gone, gone, kept, gone, gone]
    found = dispositions.covering(camera(SHORT).id, BEGINS, NOON)
    assert [(each.starts_at, each.ends_at) for each in found] == [
        (BEGINS, BEGINS + 2 * MINUTE),
        (BEGINS + 3 * MINUTE, BEGINS + 5 * MINUTE),
    ]


def test_overlapping_holds_stack_and_the_clock_goes_on_after_the_last_release() -> None:
    segments = record_minutes(camera(SHORT), BEGINS, 4)
    first = hold(starts_at=BEGINS, ends_at=BEGINS + 3 * MINUTE)
    second = hold(starts_at=BEGINS + MINUTE, ends_at=BEGINS + 4 * MINUTE)
    assert destruction.run() == {}

    release(first)
    destruction.run()
    gone, kept = FootageState.GONE, FootageState.RECORDED
    assert states(segments) == [gone, kept, kept, kept]

    release(second)
    destruction.run()
    assert states(segments) == [gone] * 4


def test_a_hold_says_in_the_log_what_it_holds_and_by_what_authority() -> None:
    keep = hold(SHORT, "cam01")

    entry = said()[-1]
    assert (entry["event"], entry["id"]) == ("hold.placed", keep.entry)
    assert entry["authority"] == "Circuit Court, preservation order"
    assert set(entry["cameras"]) == {str(camera(SHORT).id), str(camera("cam01").id)}
    assert entry["object_id"] == str(keep.id)
    assert keep.review_by is not None
    assert keep.expires_at is None
    assert key_lives(KeyName.keep(keep.id))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"authority": " "}, "authority"),
        ({"matter": ""}, "matter"),
        ({"ends_at": BEGINS}, "ends_at"),
        ({"cameras": []}, "cameras"),
        ({"review_by": NOON + timedelta(days=183)}, "review_by"),
        ({"review_by": NOON}, "review_by"),
    ],
)
def test_a_hold_that_lacks_what_a_hold_needs_is_not_placed(change: dict[str, Any], field: str) -> None:
    words = {
        "cameras": [camera(SHORT).id], "starts_at": BEGINS, "ends_at": NOON, "authority": "a", "matter": "m",
    }  # fmt: skip
    with pytest.raises(BadInput) as refused:
        place_hold(by=person("owen.birch"), **{**words, **change})

    assert refused.value.field == field
    assert not Keep.objects.exists()


@pytest.mark.parametrize("name", ["ana.mercer", "miriam.adler", "sam.whitlock", "caleb.marsh"])
def test_who_may_not_hold_is_told_who_may(name: str) -> None:
    with pytest.raises(Denied) as refused:
        hold(by=name)

    assert refused.value.way_out
    assert said()[-1]["outcome"] == "deny"
    assert not Keep.objects.exists()


def test_nobody_releases_a_hold_alone() -> None:
    keep = hold()
    proposal = propose(
        by=person("owen.birch"),
        action=Action.RELEASE_HOLD,
        on=Ref(Kind.KEEP, keep.id),
        words={"why": "x"},
        reason="x",
    )

    with pytest.raises(Denied):
        approve(by=person("owen.birch"), proposal=proposal.id)
    with pytest.raises(Denied) as alone:
        release_hold(by=person("owen.birch"), proposal=proposal.id)
    assert alone.value.rule in ("floor-two-persons", "invariant-two-persons")
    with pytest.raises(Denied):
        approve(by=person("ana.mercer"), proposal=proposal.id)

    approve(by=person("ruth.okafor"), proposal=proposal.id)
    with pytest.raises(Conflict):
        approve(by=person("ruth.okafor"), proposal=proposal.id)
    done = release_hold(by=person("owen.birch"), proposal=proposal.id)
    assert done.released_at == NOON
    released = said()[-1]
    assert (released["event"], released["approver"]) == ("hold.released", str(person("ruth.okafor").id))
    with pytest.raises((Conflict, Denied)):
        release_hold(by=person("owen.birch"), proposal=proposal.id)


def test_who_could_not_release_a_hold_cannot_propose_it_either() -> None:
    keep = hold()
    for name in ("ana.mercer", "ruth.okafor"):
        with pytest.raises((Denied, Hidden)):
            propose(
                by=person(name),
                action=Action.RELEASE_HOLD,
                on=Ref(Kind.KEEP, keep.id),
                words={"why": "x"},
                reason="x",
            )
        assert said()[-1]["outcome"] == "deny"
    assert not Proposal.objects.exists()


def test_a_proposal_runs_out_after_a_day_and_its_words_cannot_be_changed() -> None:
    keep = hold()
    ask: dict[str, Any] = {
        "by": person("owen.birch"), "action": Action.RELEASE_HOLD, "on": Ref(Kind.KEEP, keep.id),
        "words": {"why": "x"}, "reason": "x",
    }  # fmt: skip
    late, changed = propose(**ask), propose(**ask)
    with clock.set_to(NOON + timedelta(hours=24)), pytest.raises(Conflict):
        approve(by=person("ruth.okafor"), proposal=late.id)

    approve(by=person("ruth.okafor"), proposal=changed.id)
    with psycopg.connect(cluster.CLUSTER.url("postgres", str(connection.settings_dict["NAME"]))) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(
            "UPDATE policy_proposal SET payload = jsonb_set(payload, '{words,why}', '\"something else\"')"
            " WHERE id = %s",
            [changed.id],
        )
    with pytest.raises(Conflict):
        release_hold(by=person("owen.birch"), proposal=changed.id)
    assert Keep.objects.get().released_at is None


def _without_entry_check(change: Callable[[], object]) -> None:
    """A change made with an entry that says nothing of it, as somebody with the app's password could."""
    from audit.record import record
    from audit.vocabulary import Event

    with transaction.atomic():
        change()
        record(Event.SYSTEM_STARTED)


def test_an_account_of_an_hour_approves_nothing() -> None:
    keep = hold()
    proposal = propose(
        by=person("owen.birch"),
        action=Action.RELEASE_HOLD,
        on=Ref(Kind.KEEP, keep.id),
        words={"why": "x"},
        reason="x",
    )
    ruth = person("ruth.okafor")
    ruth.created_at = NOON - timedelta(hours=1)

    with pytest.raises(Refused):
        approve(by=ruth, proposal=proposal.id)
    assert not Approval.objects.exists()
    assert said()[-1]["outcome"] == "error"


def test_a_hold_cannot_be_ended_by_one_person_or_by_the_clock_in_the_database_either() -> None:
    keep = hold()
    for change in (
        {"expires_at": NOON + MINUTE},
        {"authority": ""},
        {"released_at": NOON, "released_entry": keep.entry, "released_by": person("owen.birch")},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Keep.objects.filter(id=keep.id).update(**change)


def test_the_last_thirty_seconds_are_marked_to_the_incident_and_kept() -> None:
    viewing = watch("cam01")
    with clock.set_to(NOON + MINUTE):
        keep = place_bookmark(by=person("ana.mercer"), viewing=viewing.permit_id, camera=camera("cam01").id)

    interval = keep.intervals.get()
    assert interval.ends_at == NOON + MINUTE
    assert interval.ends_at - interval.starts_at == timedelta(seconds=30)
    assert keep.basis_id == incident().basis_id
    assert keep.expires_at == NOON + MINUTE + timedelta(days=180)
    assert keep.expiry_rule == "bookmark_keep@2020-01-01"
    entry = said()[-1]
    assert (entry["event"], entry["parent"]) == ("bookmark.placed", str(viewing.entry))
    assert entry["basis_number"] == incident().basis.number


def test_nobody_marks_what_they_do_not_watch() -> None:
    viewing = watch("cam01")
    with pytest.raises(NotFound):
        place_bookmark(by=person("ana.mercer"), viewing=viewing.permit_id, camera=camera("cam02").id)
    with pytest.raises(Refused):
        place_bookmark(by=person("theo.lindqvist"), viewing=viewing.permit_id, camera=camera("cam01").id)
    assert not Keep.objects.exists()


def test_a_bookmark_ends_by_itself_and_a_hold_on_the_same_footage_does_not() -> None:
    viewing = watch(SHORT)
    segments = record_minutes(camera(SHORT), NOON - MINUTE, 1)
    place_bookmark(by=person("ana.mercer"), viewing=viewing.permit_id, camera=camera(SHORT).id)
    held = record_minutes(camera("cam08"), NOON - MINUTE, 1)
    hold("cam08")

    with clock.set_to(NOON + timedelta(days=179)):
        assert ending.end_run_out() == 0
        destruction.run()
        assert states(segments + held) == [FootageState.RECORDED] * 2
    with clock.set_to(NOON + timedelta(days=181)):
        assert ending.end_run_out() == 1
        assert events()[-1] == "keep.released"
        destruction.run()
        assert sorted(map(str, states(segments + held))) == ["gone", "recorded"]


def test_an_incidents_footage_is_kept_as_far_as_its_grant_reaches() -> None:
    watch(SHORT)
    segments = record_minutes(camera(SHORT), NOON - 5 * MINUTE, 2)
    ana, basis, cam = person("ana.mercer"), incident().basis_id, camera(SHORT).id
    with pytest.raises(Denied):
        place_keep(by=ana, basis=basis, camera=cam, starts_at=BEGINS, ends_at=NOON)
    place_keep(by=ana, basis=basis, camera=cam, starts_at=segments[0].starts_at, ends_at=segments[0].ends_at)

    with clock.set_to(NOON + timedelta(minutes=20)):
        destruction.run()
    assert states(segments) == [FootageState.RECORDED, FootageState.GONE]
