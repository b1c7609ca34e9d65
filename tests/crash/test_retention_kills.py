"""The crash table of destruction: killed at each commit, write, sync, rename and unlink, then run again.

After every kill and every second run: nothing kept is lost, each row stands in the table of states, what is
destroyed has no key and no bytes, and every entry that a row names is in the log.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from audit.models import Entry
from audit.references import sources
from evidence.actions.place_hold import place_hold
from evidence.models import Disposition, Keep, Segment
from evidence.retention import destruction, shredding
from evidence.retention.states import FootageState
from evidence.vault.errors import KeyDestroyed, KeyMissing
from evidence.vault.footage_keys import segment_key
from evidence.vault.names import KeyName
from policy.actions.approve import approve
from policy.actions.propose import propose
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from tests.city import NOON, camera, city, person
from tests.conftest import Committed
from tests.killing import finishes
from tests.log_machine import LogMachine, log_machine
from tests.minutes import MINUTE, PICTURE, fresh, keys, plaintext, record_minutes, states
from tests.recording import vault

__all__ = ["city", "vault"]

MOST_STEPS = 400


def killed_at(step: int, work: Callable[[], object], marker: Path, at: datetime = NOON) -> bool:
    """Run ``work`` in a child that dies at its ``step``th durable step or commit; did it get to its end?"""
    connections.close_all()

    def in_the_child() -> None:
        descriptor = os.open(marker, os.O_RDONLY)
        commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]

        def counted(self: Any) -> None:
            os.fsync(descriptor)  # killed before the commit
            commit(self)
            os.fsync(descriptor)  # killed after it, before anything else

        BaseDatabaseWrapper._commit = counted  # type: ignore[attr-defined]
        with clock.set_to(at):
            work()

    return finishes(in_the_child, kill_at=step)


@pytest.fixture
def log(city: Committed, vault: Path) -> Iterator[LogMachine]:
    """Its sequencer, without which destruction waits after a minute; the tables take longer."""
    with log_machine(city) as made:
        yield made


def work() -> None:
    destruction.run()
    shredding.run()


def check(segments: list[Segment], kept: set[int]) -> None:
    """What must hold at any instant."""
    found = states(segments)
    assert None not in found, found
    store_keys = keys()
    for number, row in enumerate(fresh(segments)):
        if number in kept:
            assert found[number] in (FootageState.RECORDED, FootageState.KEPT)
            assert PICTURE in plaintext(row, segment_key(row, store_keys))
    there = set(Entry.objects.values_list("id", flat=True))
    named = [entry for query in sources().values() for _, entry in query()]
    assert set(named) <= there
    decided = {row.id for row in Disposition.objects.decided()}
    assert {row.tombstone for row in fresh(segments) if row.tombstone is not None} <= decided


def check_end(segments: list[Segment], kept: set[int]) -> None:
    """What must hold once a run has come to its end."""
    check(segments, kept)
    for number, state in enumerate(states(segments)):
        assert state is (FootageState.KEPT if number in kept else FootageState.GONE)
    names = {row.tombstone for row in fresh(segments) if row.tombstone is not None}
    rows = list(Disposition.objects.filter(id__in=names))
    assert not Disposition.objects.begun().exists()
    assert all(row.state == "proved" and row.beyond_recovery_at is not None for row in rows)
    assert sum(row.count for row in rows) == len(segments) - len(kept)
    for segment in segments:
        with pytest.raises((KeyDestroyed, KeyMissing)):
            keys().read(KeyName.of(str(segment.camera), segment.asset.period))


def begin(hours_ago: int) -> tuple[list[Segment], Keep]:
    """Three minutes of a past hour that are due, the middle one under a hold."""
    starts_at = NOON - timedelta(hours=hours_ago)
    segments = record_minutes(camera("cam07"), starts_at, 3)
    keep = place_hold(
        by=person("owen.birch"),
        cameras=[camera("cam07").id],
        starts_at=starts_at + MINUTE,
        ends_at=starts_at + 2 * MINUTE,
        authority="Circuit Court, preservation order",
        matter="2611-CC00042",
    )
    return segments, keep


def test_a_killed_destruction_is_taken_up_where_it_stood(log: LogMachine, vault: Path) -> None:
    marker = vault / "marker"
    marker.touch()
    step, hours_ago = 1, 2
    while True:
        log.sequence()
        segments, _ = begin(hours_ago)
        ended = killed_at(step, work, marker)
        check(segments, {1})
        work()
        check_end(segments, {1})
        if ended:
            break
        step, hours_ago = step + 1, hours_ago + 1
        assert step < MOST_STEPS
    assert step > 30, "the table has fewer steps than it had; something is not committed any more"


def test_the_end_of_a_hold_is_taken_up_where_it_stood(log: LogMachine, vault: Path) -> None:
    """Its footage has only the hold's own key by then; both go, in this order, whenever it is killed."""
    marker = vault / "marker"
    marker.touch()
    step, hours_ago = 1, 2
    while True:
        log.sequence()
        segments, keep = begin(hours_ago)
        work()
        assert states(segments)[1] is FootageState.KEPT
        release(keep)
        ended = killed_at(step, work, marker)
        check(segments, set())
        work()
        work()
        check_end(segments, set())
        assert KeyName.keep(keep.id) not in keys().live()
        assert Keep.objects.get(id=keep.id).key_gone_at is not None
        if ended:
            break
        step, hours_ago = step + 1, hours_ago + 1
        assert step < MOST_STEPS
    assert step > 20, f"only {step} steps"


def release(keep: Keep) -> None:
    from evidence.actions.release_hold import release_hold

    proposal = propose(
        by=person("owen.birch"),
        action=Action.RELEASE_HOLD,
        on=Ref(Kind.KEEP, keep.id),
        words={"why": "The matter has ended."},
        reason="The matter has ended.",
    )
    approve(by=person("ruth.okafor"), proposal=proposal.id)
    release_hold(by=person("owen.birch"), proposal=proposal.id)
