"""The crash table of the sequencer: killed at every arrow, run again, and the whole log verifies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction

from audit.sequencer import NoWitness, Sequencer, Step
from tests.conftest import Committed
from tests.log_machine import LogMachine, log_machine, say


@pytest.fixture
def machine(committed: Committed) -> Iterator[LogMachine]:
    with log_machine(committed) as made:
        yield made


def say_some(count: int) -> None:
    with transaction.atomic():
        for _ in range(count):
            say()


def assert_whole(machine: LogMachine, size: int) -> None:
    result = machine.verify()
    assert [str(fault) for fault in result.faults] == []
    assert [str(notice) for notice in result.notices] == []
    assert (result.size, result.entries) == (size, size)
    assert machine.outsider_agrees()
    assert machine.one("SELECT count(*) FROM audit_pending") == 0


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("before, more", [(0, 3), (250, 10)], ids=["first batch", "over a tile's end"])
def test_killed_at_any_step_the_next_start_finishes_it(
    machine: LogMachine, step: Step, before: int, more: int
) -> None:
    if before:
        say_some(before)
        machine.sequence()
    say_some(more)
    assert machine.sequence_and_die(step)
    machine.sequence()
    assert_whole(machine, before + more)
    say_some(2)
    machine.sequence()
    assert_whole(machine, before + more + 2)


def test_killed_again_and_again_it_loses_nothing(machine: LogMachine) -> None:
    said = 0
    for step in [*Step, *reversed(Step)]:
        say_some(2)
        said += 2
        machine.sequence_and_die(step)
    machine.sequence()
    assert_whole(machine, said)


def test_of_two_sequencers_at_once_each_batch_is_taken_by_one(machine: LogMachine) -> None:
    with machine.sequencer() as one, machine.sequencer() as two:
        one.start()
        two.start()
        for round_ in range(6):
            say_some(3)
            leader, other = (one, two) if round_ % 2 else (two, one)
            assert leader.step() in (0, 3)
            leader.step()
            assert other.step() == 0
    assert_whole(machine, 18)


def test_a_sequencer_overtaken_between_reading_and_committing_gives_way(machine: LogMachine) -> None:
    say_some(4)
    overtaken: list[int] = []

    def overtake(step: Step) -> None:
        if step is Step.QUEUE_READ and not overtaken:
            overtaken.append(machine.sequence())

    with machine.sequencer(overtake) as slow:
        slow.start()
        assert slow.step() == 0
        assert overtaken == [4]
        say_some(1)
        slow.step()
        slow.step()
    assert_whole(machine, 5)


def test_the_slower_of_two_leaders_does_not_put_an_older_checkpoint_back(machine: LogMachine) -> None:
    say_some(4)
    later: list[Sequencer] = []

    def overtake(step: Step) -> None:
        if step is Step.CHECKPOINT_SIGNED and not later:
            say_some(3)
            with machine.sequencer() as fast:
                later.append(fast)
                fast.start()
                while fast.step():
                    pass

    with machine.sequencer() as first:
        first.start()
    with machine.sequencer(overtake) as slow:
        slow.start()
        slow.step()
        assert machine.verify().size == 7
        slow.step()
    assert_whole(machine, 7)


def test_lost_tiles_are_written_again_from_the_entries(machine: LogMachine) -> None:
    say_some(300)
    machine.sequence()
    (machine.tiles / "checkpoint").unlink()
    for path in sorted(machine.tiles.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    machine.sequence()
    assert_whole(machine, 300)


def test_without_any_witness_answering_nothing_is_signed_after_a_start(machine: LogMachine) -> None:
    say_some(2)
    machine.sequence()
    machine.stop_witness()
    say_some(2)
    with machine.sequencer() as sequencer, pytest.raises(NoWitness):
        sequencer.start()
    assert machine.verify().size == 2
    machine.start_witness()
    machine.sequence()
    assert_whole(machine, 4)


def test_a_witness_that_goes_away_while_running_cosigns_when_it_is_back(machine: LogMachine) -> None:
    with machine.sequencer() as sequencer:
        sequencer.start()
        machine.stop_witness()
        say_some(3)
        assert sequencer.step() == 3
        assert "does not answer" in (sequencer.witnesses[0].trouble or "")
        assert not machine.outsider_agrees()
        machine.start_witness()
        sequencer.step()
        assert sequencer.witnesses[0].trouble is None
    assert_whole(machine, 3)


def test_a_transaction_that_commits_late_gets_its_leaf_all_the_same(
    machine: LogMachine, committed: Committed
) -> None:
    import psycopg

    with psycopg.connect(committed.url("postgres")) as late:
        # An older id than all others, not yet visible when they are sequenced.
        late.execute(
            "INSERT INTO audit_entry (id, body) VALUES ('00000000-0000-7000-8000-000000000000', '\\x00')"
        )
        late.execute("INSERT INTO audit_pending VALUES ('00000000-0000-7000-8000-000000000000')")
        say_some(3)
        assert machine.sequence() == 3
        late.commit()
        assert machine.sequence() == 4
