"""After an honest restore the published entries come back, their leaves with them, and the loss is stated."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from audit.recovery import bring_back, find_loss
from audit.sequencer import Stop
from rtcc.config import config
from rtcc.errors import Conflict
from tests import cluster
from tests.conftest import Committed
from tests.log_machine import LogMachine, log_machine, say


@pytest.fixture
def machine(committed: Committed) -> Iterator[LogMachine]:
    with log_machine(committed) as made:
        (made.folder / "log.vkey").write_text(str(made.log.verifier))
        kept = (config.data, config.keys_dir)
        object.__setattr__(config, "data", made.folder)
        object.__setattr__(config, "keys_dir", made.folder)
        yield made
        object.__setattr__(config, "data", kept[0])
        object.__setattr__(config, "keys_dir", kept[1])


def say_each(count: int) -> None:
    for _ in range(count):
        with transaction.atomic():
            say()


def restored(machine: LogMachine, lost: int) -> None:
    """Let ``lost`` published entries be lost by a restore of the database."""
    name, copy = machine.database.name, f"{machine.database.name}_copy"
    connection.close()
    cluster.CLUSTER.clone_database(copy, name)
    say_each(lost)
    machine.sequence()
    connection.close()
    cluster.CLUSTER.drop_database(name)
    cluster.CLUSTER.clone_database(name, copy)
    cluster.CLUSTER.drop_database(copy)


def test_what_a_restore_lost_is_brought_back_and_said(machine: LogMachine) -> None:
    say_each(5)
    machine.sequence()
    restored(machine, 258)
    say_each(1)
    with pytest.raises(Stop, match="put back"):
        machine.sequence()
    loss = find_loss()
    assert (loss.start, loss.end, len(loss.bodies)) == (5, 263, 258)
    with transaction.atomic():
        bring_back(loss, actor="system:recover")
    assert machine.sequence() == 265
    result = machine.verify()
    assert result.ok, result.faults
    assert sum("what it said is lost" in notice.sentence for notice in result.notices) == 258
    assert machine.outsider_agrees()
    with pytest.raises(Conflict, match="nothing is lost"):
        find_loss()


def test_bringing_back_twice_brings_back_once(machine: LogMachine) -> None:
    say_each(2)
    machine.sequence()
    restored(machine, 3)
    for _ in range(2):
        with transaction.atomic():
            bring_back(find_loss(), actor="system:recover")
    assert machine.sequence() == 7
    assert machine.verify().ok


def test_a_database_that_is_not_the_beginning_of_the_published_log_is_not_patched(
    machine: LogMachine,
) -> None:
    say_each(2)
    machine.sequence()
    restored(machine, 3)
    machine.superuser("UPDATE audit_head SET root = sha256('another')")
    with pytest.raises(Conflict, match="not the beginning"):
        find_loss()
    with pytest.raises(Stop):
        machine.sequence()


def test_changed_bundles_are_not_brought_back(machine: LogMachine) -> None:
    say_each(2)
    machine.sequence()
    restored(machine, 3)
    path = machine.tiles / "tile/entries/000.p/5"
    data = path.read_bytes()
    path.write_bytes(data[:-3] + bytes([data[-3] ^ 1]) + data[-2:])
    with pytest.raises(Conflict, match="not those of the signed tree"):
        find_loss()
