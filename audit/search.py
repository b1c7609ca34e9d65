"""Finding entries by what they touched. The index is a copy of the log; `audit.verify` compares the two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

MOST_ROWS = 1000

# An interval is closed; either end may be open (None).
Interval = tuple[datetime | None, datetime | None]


@dataclass(frozen=True)
class Question:
    """What is looked for; all that is given must hold.

    ``places`` are cameras, each with the interval of *pictures* in which it stood at the place that was asked
    for (None: any). ``footage`` looks at recorded footage alone; ``pictures`` at the time that the pictures
    show, which for live ones is the time of watching. ``seeded``: demo history alone, or none of it.
    ``before`` continues a list: entries with ids below it.
    """

    entries: Sequence[UUID] = ()
    cameras: Sequence[UUID] = ()
    places: Sequence[tuple[UUID, Interval | None]] = ()
    watched: Interval | None = None
    footage: Interval | None = None
    pictures: Interval | None = None
    actors: Sequence[str] = ()
    bases: Sequence[UUID] = ()
    owners: Sequence[UUID] = ()
    outcomes: Sequence[str] = ()
    events: Sequence[str] = ()
    purposes: Sequence[str] = ()
    seeded: bool | None = None
    before: UUID | None = None
    limit: int = 100


@dataclass(frozen=True)
class Found:
    """One touch of one entry. Intervals are closed."""

    entry: UUID
    camera: UUID | None
    placement: UUID | None
    watched: tuple[datetime, datetime]
    footage: tuple[datetime, datetime] | None
    actor: str | None
    basis: UUID | None
    owner: UUID | None
    outcome: str | None
    event: str
    purpose: str | None


@dataclass
class _Where:
    """Conditions and their parameters, in step."""

    conditions: list[str] = field(default_factory=list)
    parameters: list[Any] = field(default_factory=list)

    def add(self, condition: str, *parameters: Any) -> None:
        self.conditions.append(condition)
        self.parameters += parameters


_CAMERA = (
    "(int8range(uuid_hash(camera), uuid_hash(camera), '[]') && int8range(uuid_hash(%s), uuid_hash(%s), '[]')"
)
_COLUMNS = (
    "entry, camera, placement, lower(watched), upper(watched), lower(footage), upper(footage),"
    " actor, basis, owner, outcome, event, purpose"
)
# Live pictures show the time at which they are watched.
_PICTURES = "(footage && {span} OR (footage IS NULL AND watched && {span}))".format(
    span="tstzrange(%s, %s, '[]')"
)
# Empty fields share one row, so a row of this name says that the entry is seeded.
_SEEDED = "EXISTS (SELECT 1 FROM audit_disclosure d WHERE d.entry = audit_touch.entry AND d.field = 'seeded')"
_LISTS = {
    "entries": "entry = ANY(%s)",
    "actors": "actor = ANY(%s)",
    "bases": "basis = ANY(%s)",
    "owners": "owner = ANY(%s)",
    "outcomes": "outcome = ANY(%s)",
    "events": "event = ANY(%s)",
    "purposes": "purpose = ANY(%s)",
}


def entries(question: Question) -> list[UUID]:
    """Entries that answer the question, newest first."""
    where, limit = _where(question), min(question.limit, MOST_ROWS)
    conditions = " AND ".join(where.conditions) or "true"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT entry FROM audit_touch WHERE {conditions} ORDER BY entry DESC LIMIT %s",
            [*where.parameters, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def find(question: Question) -> list[Found]:
    """Touches that answer the question, newest entries first."""
    where = _where(question)
    conditions = " AND ".join(where.conditions) or "true"
    limit = min(question.limit, MOST_ROWS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM audit_touch WHERE {conditions} ORDER BY entry DESC, ordinal LIMIT %s",
            [*where.parameters, limit],
        )
        return [
            Found(row[0], row[1], row[2], (row[3], row[4]), (row[5], row[6]) if row[5] else None, *row[7:])
            for row in cursor.fetchall()
        ]


def _where(question: Question) -> _Where:
    where = _Where()
    cameras = [(camera, None) for camera in question.cameras] + list(question.places)
    if cameras:
        parts = _Where()
        for camera, footage in cameras:
            # The range finds the rows by the index; the uuid decides where two hashes are equal.
            condition = f"{_CAMERA} AND camera = %s)"
            parameters: list[Any] = [camera, camera, camera]
            if footage is not None:
                condition = f"({condition} AND {_PICTURES})"
                parameters += [*footage, *footage]
            parts.add(condition, *parameters)
        where.add(f"({' OR '.join(parts.conditions)})", *parts.parameters)
    if question.watched is not None:
        where.add("watched && tstzrange(%s, %s, '[]')", *question.watched)
    if question.footage is not None:
        where.add("footage && tstzrange(%s, %s, '[]')", *question.footage)
    if question.pictures is not None:
        where.add(_PICTURES, *question.pictures, *question.pictures)
    if question.seeded is not None:
        where.add(_SEEDED if question.seeded else f"NOT {_SEEDED}")
    for name, condition in _LISTS.items():
        if values := getattr(question, name):
            where.add(condition, [str(value) for value in values] if name == "actors" else list(values))
    if question.before is not None:
        where.add("entry < %s", question.before)
    return where
