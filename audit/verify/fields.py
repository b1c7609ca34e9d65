"""The fields: each digest has its disclosure or an erasure; touches and times fit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from audit.disclosures import rows_of, unpack
from audit.encoding import BadEntry, Disclosed, instant_text, read_body
from audit.record import TOUCH_COLUMNS, touch_columns
from audit.verify.result import Verification
from audit.verify.tree import Cosigned, Row
from audit.vocabulary import FIELDS_OF_VERSION, TOUCH_FIELDS, Event

# A leaf is usually in a cosigned checkpoint within a second.
MOST_DELAY = timedelta(seconds=60)
_NAMES_SHOWN = 3
_COLUMNS = (*TOUCH_COLUMNS, "actor", "outcome", "event", "purpose")


class FieldCheck:
    """Reads the disclosures of each entry once, in the order of the leaves."""

    def __init__(self, cosigned: Cosigned, result: Verification) -> None:
        self._cosigned = cosigned
        self._result = result
        self._missing: dict[UUID, set[str]] = {}
        self._erased: dict[UUID, dict[str, UUID]] = defaultdict(dict)
        self._recovered: set[UUID] = set()
        self.digests = 0
        self.erased = 0
        self.seeded = 0
        self.without_time = 0

    def check(self, rows: Iterable[Row]) -> None:
        """Check the entries of some leaves."""
        good = [row for row in rows if row.body is not None]
        entries = [row.entry for row in good]
        disclosures, touches = rows_of(entries), _touches_of(entries)
        for row in good:
            try:
                said = self._check_disclosures(row, unpack(disclosures.get(row.entry, [])))
            except BadEntry as error:
                self._result.fault(_where(row), f"{error}")
                continue
            self._check_touches(row, said, touches.get(row.entry, []))
            self._check_time(row, said)
            if said.get("event") == Event.DISCLOSURE_ERASED:
                self._note_erasure(row.entry, said)
            if said.get("event") == Event.LOG_RECOVERED:
                recovered = (said.get("detail") or {}).get("recovered", ())
                self._recovered |= {UUID(each["entry"]) for each in recovered}

    def _check_disclosures(self, row: Row, disclosed: Sequence[Disclosed]) -> dict[str, Any]:
        """Hold each disclosure against the entry's digests; returns what the good ones say."""
        body = read_body(row.body or b"")
        schema, digests = FIELDS_OF_VERSION[body.version], set(body.digests)
        self.digests += len(digests)
        said: dict[str, Any] = {}
        changed = []
        for field in disclosed:
            if field.name in said or field.name not in schema or field.digest() not in digests:
                changed.append(field.name)
                continue
            digests.discard(field.digest())
            said[field.name] = field.read()
        if changed:
            self._result.fault(
                _where(row), f"the disclosure of {_names(changed)} is not what the entry fixes"
            )
        missing = set(schema) - set(said) - set(changed)
        if missing:
            self._missing[row.entry] = missing
        return said

    def _note_erasure(self, announced_by: UUID, said: dict[str, Any]) -> None:
        for erased in (said.get("detail") or {}).get("erased", ()):
            for name in erased["fields"]:
                self._erased[UUID(erased["entry"])][name] = announced_by

    def _check_touches(self, row: Row, said: dict[str, Any], stored: list[tuple[str | None, ...]]) -> None:
        if not said.keys() >= TOUCH_FIELDS:
            # Erasing one of these erases the entry's touches, so that the index does not remember it.
            if stored:
                self._result.notice(_where(row), "the index for reports still holds what was erased")
            return
        columns = touch_columns(said)
        rest = [None if said[name] is None else str(said[name]) for name in _COLUMNS[len(TOUCH_COLUMNS) :]]
        expected = [(*values, *rest) for values in zip(*columns.values(), strict=True)]
        if expected != stored:
            self._result.fault(_where(row), "the index for reports says something else than the entry")

    def _check_time(self, row: Row, said: dict[str, Any]) -> None:
        if said.get("seeded"):
            self.seeded += 1
            return
        first = self._cosigned.first(row.index)
        if first is None:
            self.without_time += 1
            return
        if "time" not in said:
            return
        instant = datetime.fromisoformat(said["time"])
        if abs(first - instant) > MOST_DELAY:
            self._result.notice(
                _where(row),
                f"it says {said['time']} and was first seen by a witness at {first:%Y-%m-%dT%H:%M:%SZ}",
            )

    def finish(self) -> None:
        """Hold what is missing against what was announced to be erased."""
        for entry, names in self._missing.items():
            announced = self._erased.get(entry, {})
            self.erased += len(names & announced.keys())
            if entry in self._recovered:
                self._result.notice(f"entry {entry}", "it was recovered from the tiles; what it said is lost")
            elif unexplained := names - announced.keys():
                self._result.fault(
                    f"entry {entry}",
                    f"the disclosure of {_names(unexplained)} is gone and no erasure names it",
                )
        for entry, announced in self._erased.items():
            if waiting := announced.keys() - self._missing.get(entry, set()):
                self._result.notice(
                    f"entry {entry}", f"the erasure of {_names(waiting)} is announced and not done"
                )


def _where(row: Row) -> str:
    return f"leaf {row.index}, entry {row.entry}"


def _names(names: Iterable[str]) -> str:
    ordered = sorted(names)
    shown = ", ".join(ordered[:_NAMES_SHOWN])
    return shown if len(ordered) <= _NAMES_SHOWN else f"{shown} and {len(ordered) - _NAMES_SHOWN} more"


def _touches_of(entries: Sequence[UUID]) -> dict[UUID, list[tuple[str | None, ...]]]:
    """Stored touch rows by entry, in their order, as text like `audit.record.touch_columns`."""
    found: dict[UUID, list[tuple[str | None, ...]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry, camera, placement, lower(watched), upper(watched), lower(footage), upper(footage),"
            " basis, owner, actor, outcome, event, purpose FROM audit_touch"
            " WHERE entry = ANY(%s) ORDER BY entry, ordinal",
            [list(entries)],
        )
        for entry, *values in cursor:
            found[entry].append(tuple(_plain(value) for value in values))
    return found


def _plain(value: Any) -> str | None:
    if value is None:
        return None
    return instant_text(value.astimezone(UTC)) if isinstance(value, datetime) else str(value)
