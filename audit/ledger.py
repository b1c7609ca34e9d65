"""The sequencer's four statements, on its own connection and role. No Django."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import psycopg

from audit.merkle import Edge, leaf_hash

# How far back entries without leaf and pending row are looked for while running; `verify_log` looks at all.
ORPHANS_WITHIN = timedelta(days=2)
_READ_AT_ONCE = 1000


class LostRace(Exception):
    """Another sequencer moved the head first; nothing of ours was kept."""


class Broken(Exception):
    """The log's rows contradict each other; the message names where."""


@dataclass(frozen=True)
class Head:
    """Number of leaves and root hash."""

    size: int
    root: bytes


@dataclass(frozen=True)
class Waiting:
    """An entry in the queue, with its bytes."""

    entry: UUID
    body: bytes


class Ledger:
    """Head, queue and leaves as PostgreSQL holds them."""

    def __init__(self, connection: psycopg.Connection) -> None:
        connection.autocommit = True
        self._connection = connection

    def head(self) -> Head:
        row = self._connection.execute("SELECT size, root FROM audit_head WHERE id = 1").fetchone()
        if row is None:
            raise Broken("the row of the head is gone")
        return Head(row[0], bytes(row[1]))

    def waiting(self, limit: int) -> list[Waiting]:
        """Visible rows of the queue, oldest ids first.

        Never "ids larger than the last": transactions commit out of order.
        """
        rows = self._connection.execute(
            "SELECT p.entry, e.body FROM audit_pending p JOIN audit_entry e ON e.id = p.entry"
            " ORDER BY p.entry LIMIT %s",
            [limit],
        ).fetchall()
        return [Waiting(entry, bytes(body)) for entry, body in rows]

    def give_back(self, head: Head, bodies: Sequence[bytes], root: bytes) -> bool:
        """Give published entries that were brought back their leaves again; False unless all are there.

        The caller has checked that they lead to ``root``, which was signed.
        """
        rows = self._connection.execute(
            "SELECT e.id, e.body FROM audit_entry e LEFT JOIN audit_leaf l ON l.entry = e.id"
            " LEFT JOIN audit_pending p ON p.entry = e.id WHERE l.entry IS NULL AND p.entry IS NULL"
        )
        there = {bytes(body): entry for entry, body in rows}
        if not bodies or any(body not in there for body in bodies):
            return False
        with self._connection.transaction():
            self._connection.execute(
                "INSERT INTO audit_leaf (index, entry)"
                " SELECT %s + ordinal - 1, entry"
                " FROM unnest(%s::uuid[]) WITH ORDINALITY AS t (entry, ordinal)",
                [head.size, [there[body] for body in bodies]],
            )
            swapped = self._connection.execute(
                "UPDATE audit_head SET size = %s, root = %s WHERE id = 1 AND size = %s AND root = %s",
                [head.size + len(bodies), root, head.size, head.root],
            )
            if swapped.rowcount != 1:
                raise LostRace
        return True

    def gone(self) -> list[UUID]:
        """Entries that wait for their leaf and are not there any more."""
        rows = self._connection.execute(
            "SELECT p.entry FROM audit_pending p LEFT JOIN audit_entry e ON e.id = p.entry"
            " WHERE e.id IS NULL ORDER BY p.entry LIMIT 100"
        ).fetchall()
        return [row[0] for row in rows]

    def append(self, head: Head, batch: Sequence[Waiting], root: bytes) -> Head:
        """Give the batch its leaves and move the head, in one transaction; raises LostRace."""
        entries = [waiting.entry for waiting in batch]
        new = Head(head.size + len(batch), root)
        try:
            with self._connection.transaction():
                self._connection.execute(
                    "INSERT INTO audit_leaf (index, entry)"
                    " SELECT %s + ordinal - 1, entry"
                    " FROM unnest(%s::uuid[]) WITH ORDINALITY AS t (entry, ordinal)",
                    [head.size, entries],
                )
                taken = self._connection.execute("DELETE FROM audit_pending WHERE entry = ANY(%s)", [entries])
                swapped = self._connection.execute(
                    "UPDATE audit_head SET size = %s, root = %s WHERE id = 1 AND size = %s AND root = %s",
                    [new.size, new.root, head.size, head.root],
                )
                if taken.rowcount != len(entries) or swapped.rowcount != 1:
                    raise LostRace
        except psycopg.errors.UniqueViolation as error:
            raise LostRace from error
        return new

    def bodies(self, start: int, end: int) -> Iterator[list[bytes]]:
        """The entries of leaves [start, end), in order and in portions; raises Broken at the first hole."""
        for first in range(start, end, _READ_AT_ONCE):
            last = min(first + _READ_AT_ONCE, end)
            rows = self._connection.execute(
                "SELECT l.index, e.body FROM audit_leaf l LEFT JOIN audit_entry e ON e.id = l.entry"
                " WHERE l.index >= %s AND l.index < %s ORDER BY l.index",
                [first, last],
            ).fetchall()
            for expected, (index, body) in enumerate(rows, start=first):
                if index != expected or body is None:
                    raise Broken(f"leaf {expected} or its entry is gone")
            if len(rows) != last - first:
                raise Broken(f"leaf {first + len(rows)} is gone")
            yield [bytes(body) for _, body in rows]

    def orphans(self, now: datetime) -> list[UUID]:
        """Recent entries with neither leaf nor place in the queue: somebody took them out of it."""
        rows = self._connection.execute(
            "SELECT e.id FROM audit_entry e WHERE e.id >= %s"
            " AND NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.entry = e.id)"
            " AND NOT EXISTS (SELECT 1 FROM audit_pending p WHERE p.entry = e.id)"
            " ORDER BY e.id LIMIT 100",
            [first_uuid7(now - ORPHANS_WITHIN)],
        ).fetchall()
        return [row[0] for row in rows]

    def oldest_waiting_s(self) -> float:
        """Age in seconds of the oldest entry in the queue; 0 where nothing waits."""
        row = self._connection.execute(
            "SELECT extract(epoch FROM clock_timestamp() - min(e.received_at))"
            " FROM audit_pending p JOIN audit_entry e ON e.id = p.entry"
        ).fetchone()
        return float(row[0]) if row and row[0] is not None else 0.0

    def keep_checkpoint(self, size: int, note: str, cosigned_at: datetime | None) -> None:
        """Remember a published checkpoint; the first one of a size stays."""
        self._connection.execute(
            "INSERT INTO audit_checkpoint (size, note, cosigned_at) VALUES (%s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [size, note, cosigned_at],
        )

    def make_months(self, ahead: int) -> None:
        """Make the partitions of disclosures for the coming months."""
        self._connection.execute("SELECT watchlight_make_log_months(%s)", [ahead])

    def in_default_partition(self) -> bool:
        """Whether a disclosure fell outside every month that was made."""
        row = self._connection.execute("SELECT EXISTS (SELECT 1 FROM audit_disclosure_default)").fetchone()
        return bool(row and row[0])


def first_uuid7(instant: datetime) -> UUID:
    """The smallest UUIDv7 of that millisecond (RFC 9562, section 5.7)."""
    return UUID(int=int(instant.timestamp() * 1000) << 80 | 0x7 << 76 | 0x2 << 62)


def extended(edge: Edge, batch: Sequence[Waiting]) -> Edge:
    """A copy of the edge with the batch appended."""
    grown = edge.copy()
    grown.extend(leaf_hash(waiting.body) for waiting in batch)
    return grown
