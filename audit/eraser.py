"""The eraser's work: delete what was announced, then rewrite the files that held it. No Django."""

from __future__ import annotations

import re
import time
from datetime import date
from uuid import UUID

import psycopg
from psycopg import sql

from audit.vocabulary import TOUCH_FIELDS

_AT_ONCE = 500
_TRIES = 6
_PAUSE_S = 0.5
_LEFT = re.compile(r"(\d+) dead row versions cannot be removed yet")


class NotRewritten(Exception):
    """A partition still stands in the file that held what was erased."""


class Eraser:
    """Deletes announced disclosures. Each step can be repeated."""

    def __init__(self, connection: psycopg.Connection) -> None:
        connection.autocommit = True
        self._connection = connection

    def delete(self) -> int:
        """Delete the rows of announced erasures whose entry has its leaf; returns how many erasures."""
        done = 0
        while portion := self._due():
            for entry, field in portion:
                self._delete(entry, field)
            done += len(portion)
        return done

    def _due(self) -> list[tuple[UUID, str]]:
        return self._connection.execute(
            "SELECT e.entry, e.field FROM audit_erasure e JOIN audit_leaf l ON l.entry = e.announced_by"
            " WHERE e.deleted_at IS NULL ORDER BY l.index LIMIT %s",
            [_AT_ONCE],
        ).fetchall()

    def _delete(self, entry: UUID, field: str) -> None:
        with self._connection.transaction():
            self._connection.execute(
                "DELETE FROM audit_disclosure WHERE entry = %s AND field = %s", [entry, field]
            )
            if field in TOUCH_FIELDS:
                self._connection.execute("DELETE FROM audit_touch WHERE entry = %s", [entry])
            self._connection.execute(
                "UPDATE audit_erasure SET deleted_at = clock_timestamp()"
                " WHERE entry = %s AND field = %s AND deleted_at IS NULL",
                [entry, field],
            )

    def rewrite(self, *, before: date) -> list[str]:
        """Rewrite the partitions of months before ``before`` that held deleted rows; returns their names.

        The current month is being written to and would be locked meanwhile, so it waits for its end.
        """
        names = []
        for name, month in self._partitions():
            if month >= before or not self._unwritten(month):
                continue
            self._rewrite(name)
            self._connection.execute(
                "UPDATE audit_erasure SET rewritten_at = clock_timestamp(),"
                " rewritten_lsn = pg_current_wal_lsn()::text"
                " WHERE deleted_at IS NOT NULL AND rewritten_at IS NULL"
                " AND entry IN (SELECT id FROM audit_entry WHERE date_trunc('month', received_at AT TIME ZONE"
                " 'UTC')::date = %s)",
                [month],
            )
            names.append(name)
        return names

    def _rewrite(self, name: str) -> None:
        """VACUUM FULL until no deleted row is left; raises NotRewritten.

        It keeps rows as long as a transaction older than the deletion runs anywhere in the cluster, and where
        the right is missing it only warns: so its report is read.
        """
        reports: list[str] = []
        self._connection.add_notice_handler(
            lambda notice: reports.append(f"{notice.message_primary} {notice.message_detail}")
        )
        statement = sql.SQL("VACUUM (FULL, VERBOSE) {}").format(sql.Identifier(name))
        for attempt in range(_TRIES):
            time.sleep(attempt * _PAUSE_S)
            reports.clear()
            self._connection.execute(statement)
            left = _LEFT.search("\n".join(reports))
            if left and left[1] == "0":
                return
        raise NotRewritten(f"{name} still holds deleted rows: {' '.join(reports)}")

    def _partitions(self) -> list[tuple[str, date]]:
        rows = self._connection.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'audit_disclosure'::regclass AND c.relname ~ 'y[0-9]{4}m[0-9]{2}$'"
            " ORDER BY c.relname"
        ).fetchall()
        return [(name, date(int(name[-7:-3]), int(name[-2:]), 1)) for (name,) in rows]

    def _unwritten(self, month: date) -> bool:
        row = self._connection.execute(
            "SELECT EXISTS (SELECT 1 FROM audit_erasure r JOIN audit_entry e ON e.id = r.entry"
            " WHERE r.deleted_at IS NOT NULL AND r.rewritten_at IS NULL"
            " AND date_trunc('month', e.received_at AT TIME ZONE 'UTC')::date = %s)",
            [month],
        ).fetchone()
        return bool(row and row[0])
