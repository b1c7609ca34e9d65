"""Rows that point into nothing: what shows that something was removed before it had a leaf."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from uuid import UUID

from django.db import connection

from audit.references import sources
from audit.verify.result import Verification

_AT_ONCE = 5000

_LOOSE = {
    "it has neither a leaf nor a place in the queue: it was taken out of the queue": """
        SELECT e.id FROM audit_entry e
        WHERE NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.entry = e.id)
          AND NOT EXISTS (SELECT 1 FROM audit_pending p WHERE p.entry = e.id)
        ORDER BY e.id""",
    "it waits for its leaf and was removed": """
        SELECT p.entry FROM audit_pending p
        WHERE NOT EXISTS (SELECT 1 FROM audit_entry e WHERE e.id = p.entry) ORDER BY p.entry""",
    "it has a leaf and waits for one": """
        SELECT p.entry FROM audit_pending p JOIN audit_leaf l ON l.entry = p.entry ORDER BY p.entry""",
    "its disclosures are there and it was removed": """
        SELECT DISTINCT d.entry FROM audit_disclosure d
        WHERE NOT EXISTS (SELECT 1 FROM audit_entry e WHERE e.id = d.entry) ORDER BY d.entry""",
    "its touches are there and it was removed": """
        SELECT DISTINCT t.entry FROM audit_touch t
        WHERE NOT EXISTS (SELECT 1 FROM audit_entry e WHERE e.id = t.entry) ORDER BY t.entry""",
    "its leaf lies beyond the head": """
        SELECT l.entry FROM audit_leaf l WHERE l.index >= (SELECT size FROM audit_head) ORDER BY l.index""",
}


def check_loose_rows(result: Verification) -> None:
    """Find rows of the log that belong to nothing."""
    for sentence, query in _LOOSE.items():
        with connection.cursor() as cursor:
            cursor.execute(query)
            for (entry,) in cursor:
                result.fault(f"entry {entry}", sentence)


def check_references(result: Verification) -> int:
    """Check that each entry which something names is there; returns how many were looked up."""
    looked_up = 0
    for query in sources().values():
        pairs = iter(query())
        while portion := list(islice(pairs, _AT_ONCE)):
            looked_up += len(portion)
            there = _existing(entry for _, entry in portion)
            for label, entry in portion:
                if entry not in there:
                    result.fault(label, f"it names entry {entry}, which is not in the log: it was removed")
    return looked_up


def _existing(entries: Iterable[UUID]) -> set[UUID]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM audit_entry WHERE id = ANY(%s)", [list(entries)])
        return {row[0] for row in cursor}


def waiting() -> tuple[int, float]:
    """How many entries have no leaf yet, and the age of the oldest in seconds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(e.received_at)), 0)"
            " FROM audit_pending p JOIN audit_entry e ON e.id = p.entry"
        )
        count, age_s = cursor.fetchone()
        return int(count), float(age_s)


def head() -> tuple[int, bytes] | None:
    """Size and root of the head; None if its row is gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT size, root FROM audit_head WHERE id = 1")
        row = cursor.fetchone()
        return None if row is None else (row[0], bytes(row[1]))
