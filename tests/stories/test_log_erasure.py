"""Erasing a disclosure: announced by an entry, done by the eraser alone, and the tree stays whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, transaction

from audit import disclosures
from audit.eraser import Eraser
from audit.erasure import Erase, announce
from audit.models import Disclosure, Erasure, Touch
from audit.vocabulary import Tier
from rtcc.errors import BadInput
from tests.conftest import Committed
from tests.log_machine import LogMachine, log_machine, say


@pytest.fixture
def machine(committed: Committed) -> Iterator[LogMachine]:
    with log_machine(committed) as made:
        with transaction.atomic():
            say(reason="she lives at the corner")
        made.sequence()
        yield made


def announce_one(machine: LogMachine, *fields: str) -> UUID:
    entry = machine.entry_at(0)
    with transaction.atomic():
        announce([Erase(entry, fields, "retention-7-years")], actor="system:eraser")
    return entry


def erase(machine: LogMachine) -> int:
    with psycopg.connect(machine.database.url("eraser")) as connection:
        return Eraser(connection).delete()


def test_an_erased_field_is_gone_and_the_log_verifies_saying_so(machine: LogMachine) -> None:
    entry = announce_one(machine, "reason", "-")
    machine.sequence()
    assert erase(machine) == 2
    assert "reason" not in disclosures.read([entry], Tier.FULL)[entry]
    assert disclosures.read([entry], Tier.FULL)[entry]["actor_name"] == "Ada Analyst"
    result = machine.verify()
    assert result.ok, result.faults
    assert any("under which rule it was erased" in sentence for sentence in result.proved)
    assert machine.outsider_agrees()


def test_an_announced_erasure_that_is_not_done_says_so(machine: LogMachine) -> None:
    entry = announce_one(machine, "reason")
    machine.sequence()
    notices = [str(notice) for notice in machine.verify().notices]
    assert notices == [f"entry {entry}: the erasure of reason is announced and not done"]


def partitions_with(machine: LogMachine, words: bytes) -> int:
    """How many of the partitions' files hold these bytes."""
    machine.superuser("CHECKPOINT")
    query = """
        SELECT count(*) FROM pg_class
        WHERE relname ~ '^audit_disclosure_y' AND relkind = 'r' AND position(%s::bytea IN
            pg_read_binary_file(pg_relation_filepath(oid), 0, 100000000, true)) > 0"""
    return int(machine.one(query, [words]))


def test_nothing_is_deleted_before_the_announcing_entry_has_its_leaf(machine: LogMachine) -> None:
    announce_one(machine, "reason")
    assert erase(machine) == 0
    machine.sequence()
    assert erase(machine) == 1
    assert erase(machine) == 0


def test_erasing_the_actor_erases_what_the_index_knew_of_it(machine: LogMachine) -> None:
    entry = announce_one(machine, "actor")
    machine.sequence()
    assert Touch.objects.filter(entry=entry).count() == 1
    erase(machine)
    assert Touch.objects.filter(entry=entry).count() == 0
    assert machine.verify().ok


def test_the_eraser_can_delete_nothing_that_no_erasure_names(machine: LogMachine) -> None:
    entry = announce_one(machine, "reason")
    with psycopg.connect(machine.database.url("eraser"), autocommit=True) as connection:
        for statement in (
            "DELETE FROM audit_disclosure WHERE entry = %s AND field = 'actor'",
            "DELETE FROM audit_disclosure_y2026m11 WHERE entry = %s",
            "DELETE FROM audit_entry WHERE id = %s",
            "UPDATE audit_disclosure SET value = '1' WHERE entry = %s",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement, [entry])


def test_the_application_cannot_delete_even_what_an_erasure_names(machine: LogMachine) -> None:
    announce_one(machine, "reason")
    with pytest.raises(DatabaseError), transaction.atomic():
        Disclosure.objects.filter(field="reason").delete()


def test_a_month_is_rewritten_and_its_file_no_longer_holds_the_words(machine: LogMachine) -> None:
    announce_one(machine, "reason")
    machine.sequence()
    erase(machine)
    with psycopg.connect(machine.database.url("eraser")) as connection:
        assert len(Eraser(connection).rewrite(before=date.max)) == 1
        assert Eraser(connection).rewrite(before=date.max) == []
    row = Erasure.objects.get()
    assert row.deleted_at is not None
    assert row.rewritten_at is not None
    assert row.rewritten_lsn
    assert partitions_with(machine, b"lives at the corner") == 0
    with transaction.atomic():
        say(reason="she lives at the corner")
    assert partitions_with(machine, b"lives at the corner") == 1


def test_an_erasure_itself_is_never_erased_nor_what_is_not_there(machine: LogMachine) -> None:
    with transaction.atomic():
        again = announce([Erase(machine.entry_at(0), ("reason",), "rule")], actor="system:eraser").id
    with pytest.raises(BadInput, match="no place in the log"), transaction.atomic():
        announce([Erase(again, ("detail",), "rule")])
    machine.sequence()
    with pytest.raises(BadInput, match="is not erased"), transaction.atomic():
        announce([Erase(again, ("detail",), "rule")])
    with pytest.raises(BadInput, match="discloses no ptz"), transaction.atomic():
        announce([Erase(machine.entry_at(0), ("ptz",), "rule")])
