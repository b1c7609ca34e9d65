"""The only writer to the log.

``record`` inserts the entry, its disclosures, its place in the queue of the sequencer and its touches in the
caller's transaction, with one statement: what the caller changes and what the log says about it are
committed together or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from audit.disclosures import pack
from audit.encoding import disclose, entry_body, instant_text
from audit.models import Entry
from audit.pseudonym import pseudonym
from audit.vocabulary import Event, Outcome
from rtcc import clock

Interval = tuple[datetime, datetime]


class OutsideTransaction(Exception):
    """``record`` was called where nothing would be committed with the entry; a fault in our own code."""


@dataclass(frozen=True)
class Touch:
    """One camera that an act touches: when it was watched, and which footage was seen. Closed intervals.

    ``watched`` is the instant of the entry where none is given. ``actor``, ``basis`` and ``owner`` are the
    entry's own where none is given; the actor cannot differ from it.
    """

    camera: UUID | None = None
    placement: UUID | None = None
    watched: Interval | None = None
    footage: Interval | None = None
    actor: UUID | str | None = None
    basis: UUID | None = None
    owner: UUID | None = None


_INSERT = """
WITH made AS (
    INSERT INTO audit_entry (id, body) VALUES (coalesce(%s, uuidv7()), %s) RETURNING id, received_at
), queued AS (
    INSERT INTO audit_pending (entry) SELECT id FROM made
), disclosed AS (
    INSERT INTO audit_disclosure (month, entry, field, salt, value)
    SELECT date_trunc('month', made.received_at AT TIME ZONE 'UTC')::date, made.id, field, salt, value
    FROM made, unnest(%s::text[], %s::bytea[], %s::text[]) AS fields (field, salt, value)
), touched AS (
    INSERT INTO audit_touch (entry, ordinal, camera, placement, watched, footage, actor, basis, owner,
                             outcome, event, purpose)
    SELECT made.id, ordinal - 1, camera, placement, tstzrange(watched_from, watched_to, '[]'),
           CASE WHEN footage_from IS NOT NULL THEN tstzrange(footage_from, footage_to, '[]') END,
           %s, basis, owner, %s, %s, %s
    FROM made, unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
                      %s::timestamptz[], %s::uuid[], %s::uuid[]) WITH ORDINALITY
        AS touch (camera, placement, watched_from, watched_to, footage_from, footage_to, basis, owner,
                  ordinal)
)
SELECT id, received_at FROM made
"""

TOUCH_COLUMNS = (
    "camera",
    "placement",
    "watched_from",
    "watched_to",
    "footage_from",
    "footage_to",
    "basis",
    "owner",
)


def record(
    event: Event,
    *,
    outcome: Outcome | None = None,
    touches: Sequence[Touch] = (),
    id: UUID | None = None,
    **fields: Any,
) -> Entry:
    """Write one entry in the caller's transaction and return it with ``id`` and ``received_at``.

    ``id`` (UUIDv7) is given where rows of the same act name their entry before it is written.
    Fields are those of `audit.vocabulary.FIELDS_V1`; what is not given is null. ``time`` is now,
    ``actor_pseudonym``, ``cameras``, ``touches`` and ``seeded`` follow from the rest where not given.
    Raises OutsideTransaction, or TypeError for a name that the schema does not know.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(f"record({event}) outside a transaction")
    said = _completed(Event(event), outcome and Outcome(outcome), touches, fields)
    disclosed = disclose(said)
    rows = pack(disclosed)
    columns = touch_columns(said)
    body = entry_body(disclosed)
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                id,
                body,
                [row.field for row in rows],
                [row.salt for row in rows],
                [row.value for row in rows],
                _text(said["actor"]),
                _text(said["outcome"]),
                str(said["event"]),
                _text(said.get("purpose")),
                *(columns[name] for name in TOUCH_COLUMNS),
            ],
        )
        entry_id, received_at = cursor.fetchone()
    return Entry(id=entry_id, body=body, received_at=received_at)


def _completed(
    event: Event, outcome: Outcome | None, touches: Sequence[Touch], fields: Mapping[str, Any]
) -> dict[str, Any]:
    """The fields with those that follow from others."""
    said: dict[str, Any] = {"time": clock.now(), **fields, "event": event, "outcome": outcome}
    actors = {str(actor) for actor in (said.get("actor"), *(t.actor for t in touches)) if actor is not None}
    if len(actors) > 1:
        raise TypeError("an entry has one actor; its touches name another")
    said["actor"] = actors.pop() if actors else None
    if said["actor"] and said.get("actor_pseudonym") is None:
        said["actor_pseudonym"] = pseudonym(said["actor"], said["time"].year)
    if said.get("cameras") is None:
        cameras = dict.fromkeys(touch.camera for touch in touches if touch.camera)
        said["cameras"] = list(cameras) or None
    if clock.is_set():
        said.setdefault("seeded", True)
    said["touches"] = list(_touch_values(touches, said)) or None
    return said


def _touch_values(touches: Iterable[Touch], said: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Touches as the field ``touches`` discloses them."""
    for touch in touches:
        watched = touch.watched or (said["time"], said["time"])
        footage = touch.footage or (None, None)
        yield {
            "camera": touch.camera,
            "placement": touch.placement,
            "watched_from": watched[0],
            "watched_to": watched[1],
            "footage_from": footage[0],
            "footage_to": footage[1],
            "basis": touch.basis or said.get("basis"),
            "owner": touch.owner or said.get("owner"),
        }


def touch_columns(said: Mapping[str, Any]) -> dict[str, list[str | None]]:
    """Columns of the touch rows that follow from an entry's fields; one row without camera if it has none.

    The same function makes the rows and, from disclosures, checks them.
    """
    rows = said.get("touches") or [
        {
            "watched_from": said["time"],
            "watched_to": said["time"],
            "basis": said.get("basis"),
            "owner": said.get("owner"),
        }
    ]
    return {name: [_text(row.get(name)) for row in rows] for name in TOUCH_COLUMNS}


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return instant_text(value) if isinstance(value, datetime) else str(value)
