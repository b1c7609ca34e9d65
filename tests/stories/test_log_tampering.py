"""What a database superuser can do to the log, and what shows it: each story names the place."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import transaction

from audit import references
from audit.ledger import Ledger
from audit.sequencer import Stop
from audit.verify import Verification
from rtcc import clock
from tests import cluster
from tests.conftest import Committed
from tests.log_machine import LogMachine, log_machine, say

NOBODY = UUID(int=0)


@pytest.fixture
def machine(committed: Committed) -> Iterator[LogMachine]:
    with log_machine(committed) as made:
        say_each(6)
        made.sequence()
        yield made


def say_each(count: int) -> None:
    for _ in range(count):
        with transaction.atomic():
            say()


def places(result: Verification) -> str:
    return "\n".join(str(fault) for fault in result.faults)


def test_an_untouched_log_verifies_and_says_what_it_cannot_prove(machine: LogMachine) -> None:
    result = machine.verify()
    assert result.ok
    assert result.notices == []
    assert any("6 published entries" in sentence for sentence in result.proved)
    assert any("was true when it was written" in sentence for sentence in result.not_proved)
    assert machine.outsider_agrees()


def test_a_changed_entry_is_named_by_its_leaf(machine: LogMachine) -> None:
    entry = machine.entry_at(2)
    machine.superuser("UPDATE audit_entry SET body = body || '\\x20' WHERE id = %s", [entry])
    assert f"leaf 2, entry {entry}: the entry in the database is another one" in places(machine.verify())


def test_a_removed_entry_is_named_by_its_leaf(machine: LogMachine) -> None:
    entry = machine.entry_at(3)
    machine.superuser("DELETE FROM audit_entry WHERE id = %s", [entry])
    assert f"leaf 3, entry {entry}: its entry was removed" in places(machine.verify())


def test_an_entry_removed_with_all_its_rows_still_leaves_a_hole(machine: LogMachine) -> None:
    entry = machine.entry_at(3)
    for table, column in [("entry", "id"), ("disclosure", "entry"), ("touch", "entry"), ("leaf", "entry")]:
        machine.superuser(f"DELETE FROM audit_{table} WHERE {column} = %s", [entry])
    assert "leaf 3: the database has no such leaf" in places(machine.verify())


def test_reordered_entries_are_named(machine: LogMachine) -> None:
    one, two = machine.entry_at(1), machine.entry_at(4)
    machine.superuser("DELETE FROM audit_leaf WHERE index IN (1, 4)")
    machine.superuser("INSERT INTO audit_leaf VALUES (1, %s), (4, %s)", [two, one])
    found = places(machine.verify())
    assert f"leaf 1, entry {two}" in found
    assert f"leaf 4, entry {one}" in found


def test_a_changed_disclosure_is_named_with_its_field(machine: LogMachine) -> None:
    entry = machine.entry_at(2)
    sentence = "UPDATE audit_disclosure SET value = '\"Eve\"' WHERE entry = %s AND field = 'actor_name'"
    assert machine.superuser(sentence, [entry]) == 1
    assert f"leaf 2, entry {entry}: the disclosure of actor_name is not what the entry fixes" in places(
        machine.verify()
    )


def test_a_removed_disclosure_is_named_with_its_field(machine: LogMachine) -> None:
    entry = machine.entry_at(5)
    assert (
        machine.superuser("DELETE FROM audit_disclosure WHERE entry = %s AND field = 'reason'", [entry]) == 1
    )
    assert f"entry {entry}: the disclosure of reason is gone and no erasure names it" in places(
        machine.verify()
    )


def test_disclosures_swapped_between_entries_are_named(machine: LogMachine) -> None:
    one, two = machine.entry_at(0), machine.entry_at(1)
    for old, new in [(one, NOBODY), (two, one), (NOBODY, two)]:
        statement = "UPDATE audit_disclosure SET entry = %s WHERE entry = %s AND field = 'actor'"
        assert machine.superuser(statement, [new, old]) == 1
    found = places(machine.verify())
    assert f"leaf 0, entry {one}: the disclosure of actor" in found
    assert f"leaf 1, entry {two}: the disclosure of actor" in found


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_touch SET camera = uuidv7() WHERE entry = %s",
        "UPDATE audit_touch SET actor = 'system:nobody' WHERE entry = %s",
        "UPDATE audit_touch SET footage = tstzrange(lower(footage), upper(footage) + interval '1 s', '[]')"
        " WHERE entry = %s",
        "DELETE FROM audit_touch WHERE entry = %s",
        "INSERT INTO audit_touch (entry, ordinal, watched, event)"
        " VALUES (%s, 9, tstzrange(now(), now(), '[]'), 'x')",
    ],
)
def test_an_index_for_reports_that_says_something_else_is_named(machine: LogMachine, change: str) -> None:
    entry = machine.entry_at(4)
    assert machine.superuser(change, [entry]) == 1
    assert f"leaf 4, entry {entry}: the index for reports says something else" in places(machine.verify())


def test_a_pending_row_removed_while_the_sequencer_is_stopped_alarms(machine: LogMachine) -> None:
    with transaction.atomic():
        entry = say().id
    machine.superuser("DELETE FROM audit_pending WHERE entry = %s", [entry])
    assert machine.sequence() == 6
    assert f"entry {entry}: it has neither a leaf nor a place in the queue" in places(machine.verify())
    with psycopg.connect(machine.database.url("sequencer")) as connection:
        assert Ledger(connection).orphans(clock.now()) == [entry]


def test_an_entry_removed_with_its_pending_row_is_named_by_what_pointed_to_it(
    machine: LogMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction.atomic():
        entry = say().id
    monkeypatch.setitem(references._queries, "permits", lambda: [("permit 7", entry)])
    for table, column in [("pending", "entry"), ("entry", "id"), ("disclosure", "entry"), ("touch", "entry")]:
        machine.superuser(f"DELETE FROM audit_{table} WHERE {column} = %s", [entry])
    assert (
        places(machine.verify())
        == f"permit 7: it names entry {entry}, which is not in the log: it was removed"
    )


def test_an_entry_removed_from_the_queue_alone_alarms(machine: LogMachine) -> None:
    with transaction.atomic():
        entry = say().id
    machine.superuser("DELETE FROM audit_entry WHERE id = %s", [entry])
    with psycopg.connect(machine.database.url("sequencer")) as connection:
        assert Ledger(connection).gone() == [entry]
    found = places(machine.verify())
    assert f"entry {entry}: it waits for its leaf and was removed" in found
    assert f"entry {entry}: its disclosures are there and it was removed" in found


@pytest.fixture
def put_back(machine: LogMachine) -> Iterator[Any]:
    """Gives a function that puts the database back to how it is now."""
    from django.db import connection

    name, copy = machine.database.name, f"{machine.database.name}_copy"

    def clone(source: str, target: str) -> None:
        connection.close()
        cluster.CLUSTER.drop_database(target)
        cluster.CLUSTER.clone_database(target, source)

    connection.close()
    clone(name, copy)
    yield lambda: clone(copy, name)
    cluster.CLUSTER.drop_database(copy)


def test_a_database_that_was_put_back_stops_the_sequencer(machine: LogMachine, put_back: Any) -> None:
    say_each(4)
    machine.sequence()
    put_back()
    say_each(1)
    with pytest.raises(Stop, match="The tiles hold 10 leaves and the database holds 6"):
        machine.sequence()
    assert "head: the database holds 6 leaves and 10 were published" in places(machine.verify())


def test_a_database_put_back_under_a_running_sequencer_stops_it(machine: LogMachine) -> None:
    with machine.sequencer() as sequencer:
        sequencer.start()
        machine.superuser("UPDATE audit_head SET size = 5")
        say_each(1)
        with pytest.raises(Stop, match="put back"):
            sequencer.step()
    machine.superuser("UPDATE audit_head SET size = 6")


def test_database_and_tiles_put_back_together_are_shown_by_the_witness(
    machine: LogMachine, put_back: Any
) -> None:
    shutil.copytree(machine.tiles, machine.folder / "earlier")
    say_each(4)
    machine.sequence()
    put_back()
    shutil.rmtree(machine.tiles)
    shutil.copytree(machine.folder / "earlier", machine.tiles)
    say_each(5)
    with pytest.raises(
        Stop, match=r"witness watchlight\.example/witness has seen 10 leaves and the database holds 6"
    ):
        machine.sequence()
    # Nothing was signed: the published checkpoint is still the earlier one.
    assert machine.verify().size == 6


def test_another_history_of_the_same_length_is_shown_by_the_witness(
    machine: LogMachine, put_back: Any
) -> None:
    shutil.copytree(machine.tiles, machine.folder / "earlier")
    say_each(1)
    machine.sequence()
    put_back()
    shutil.rmtree(machine.tiles)
    shutil.copytree(machine.folder / "earlier", machine.tiles)
    machine.stop_witness()
    say_each(1)
    # Whoever put it back runs their own sequencer once without the witness; later the witness is asked again.
    machine.sequence(witnessed=False)
    machine.start_witness()
    with pytest.raises(Stop, match="two versions"):
        machine.sequence()


def test_a_changed_tile_or_bundle_is_named(machine: LogMachine) -> None:
    path = machine.tiles / "tile/0/000.p/6"
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert "leaf 5" in places(machine.verify())
    assert not machine.outsider_agrees()
    with pytest.raises(Stop, match="do not lead to the checkpoint"):
        machine.sequence()


def test_a_checkpoint_by_another_key_is_named(machine: LogMachine) -> None:
    path = machine.tiles / "checkpoint"
    path.write_text(path.read_text().replace("\n6\n", "\n7\n"))
    assert "checkpoint: it is not signed by this log" in places(machine.verify())
    with pytest.raises(Stop, match="not ours"):
        machine.sequence()


def test_the_command_ends_with_1_and_names_the_place(machine: LogMachine, committed: Committed) -> None:
    environment = committed.environment("app")
    data = machine.folder / "data"
    (data / "keys").mkdir(parents=True)
    (data / "DEMO").touch()
    (data / "keys/log.vkey").write_text(str(machine.log.verifier))
    shutil.copytree(machine.tiles, data / "log")
    address = f"{machine.witness_key.verifier}@unix:{machine.folder}/w.sock"
    environment |= {
        "WATCHLIGHT_DATA_DIR": str(data),
        "WATCHLIGHT_KEYS_DIR": str(data / "keys"),
        "WATCHLIGHT_WITNESSES": address,
    }
    command = [sys.executable, "manage.py", "verify_log"]
    good = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (good.returncode, "The log verifies (6 leaves)" in good.stdout) == (0, True), good.stderr
    entry = machine.entry_at(2)
    machine.superuser("DELETE FROM audit_entry WHERE id = %s", [entry])
    bad = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True, check=False)
    assert bad.returncode == 1
    assert f"leaf 2, entry {entry}" in bad.stdout
