"""Minute entries of the log: each one's leaf list, and the rows that it roots."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from audit.disclosures import rows_of, unpack
from audit.encoding import BadEntry, read_body
from audit.models import Entry
from audit.models import Touch as TouchRow
from audit.vocabulary import Event
from evidence.catalogue.minute import MINUTE, list_path, root_of
from evidence.catalogue.verify.result import FootageVerification, Range, instant
from evidence.models import MinuteSeal, Segment

_STEP = 500
_LATE = 10 * MINUTE


@dataclass(frozen=True)
class MinuteEntry:
    """What one minute entry says, from disclosures that hash to what the entry fixes."""

    entry: UUID
    minute: datetime
    count: int
    root: str
    expected: frozenset[UUID]


def said_of(result: FootageVerification, entries: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """Fields of entries; a disclosure that the entry does not fix is a fault and says nothing."""
    ids = list(entries)
    found: dict[UUID, dict[str, Any]] = {}
    for start in range(0, len(ids), _STEP):
        some = ids[start : start + _STEP]
        bodies = {
            entry: bytes(body) for entry, body in Entry.objects.filter(id__in=some).values_list("id", "body")
        }
        rows = rows_of(some)
        for entry in some:
            if entry not in bodies:
                result.fault(f"entry {entry}", "it is named and is gone from the log")
                continue
            try:
                digests = set(read_body(bodies[entry]).digests)
                fields = unpack(rows.get(entry, []))
            except BadEntry as error:
                result.fault(f"entry {entry}", str(error))
                continue
            changed = [field.name for field in fields if field.digest() not in digests]
            for name in changed:
                result.fault(f"entry {entry}", f"the disclosure of {name} is not what the entry fixes")
            found[entry] = {field.name: field.read() for field in fields if field.name not in changed}
    return found


def minute_entries(result: FootageVerification, within: Range) -> list[MinuteEntry]:
    """Every minute entry of the log in the range, oldest first: the log's own index, not our rows."""
    ids = TouchRow.objects.filter(event=Event.FOOTAGE_SEALED).values_list("entry", flat=True)
    found = []
    for entry, said in said_of(result, sorted(ids)).items():
        detail = said.get("detail") or {}
        if said.get("event") != Event.FOOTAGE_SEALED or "root" not in detail or not said.get("footage_from"):
            result.fault(f"entry {entry}", "a minute entry that does not say what it roots")
            continue
        minute = datetime.fromisoformat(said["footage_from"])
        if within.has(minute):
            expected = frozenset(UUID(camera) for camera in detail["expected"])
            found.append(MinuteEntry(entry, minute, said.get("count") or 0, detail["root"], expected))
    result.minutes = len(found)
    return sorted(found, key=lambda each: each.minute)


def check_minutes(result: FootageVerification, within: Range, entries: list[MinuteEntry]) -> None:
    """Lists against entries, rows against lists, and rows that no entry roots."""
    seals = {row.minute: row for row in MinuteSeal.objects.all()}
    seen: set[datetime] = set()
    for said in entries:
        place = f"minute {instant(said.minute)}, entry {said.entry}"
        row = seals.get(said.minute)
        if said.minute in seen:
            result.fault(place, "a second entry of the same minute")
            continue
        seen.add(said.minute)
        if row is None:
            result.fault(place, "its row is gone from the database")
        elif row.entry != said.entry or bytes(row.root).hex() != said.root or row.segments != said.count:
            result.fault(place, "its row says something else than the entry")
        lines = _lines(result, place, said)
        if lines is not None:
            _check_lines(result, place, within, said.minute, lines)
    for minute, row in sorted(seals.items()):
        if within.has(minute) and minute not in seen:
            result.fault(
                f"minute {instant(minute)}", f"no entry of the log stands behind its row ({row.entry})"
            )
    _check_unrooted(result, within, entries)


def _lines(result: FootageVerification, place: str, said: MinuteEntry) -> list[bytes] | None:
    """The leaf list of a minute, if it is the one that the entry roots."""
    try:
        lines = list_path(said.minute).read_bytes().splitlines()
    except OSError:
        result.fault(place, "its list of segments is gone")
        return None
    if root_of(lines).hex() != said.root or len(lines) != said.count:
        result.fault(place, "its list of segments is not the one that the entry roots: it was changed")
        return None
    return lines


def _check_lines(
    result: FootageVerification, place: str, within: Range, minute: datetime, lines: list[bytes]
) -> None:
    leaves = [json.loads(line) for line in lines]
    oldest = min([minute.date(), *(_day(leaf["id"]) for leaf in leaves)])
    known = {row.id: row for row in Segment.objects.filter(minute=minute, day__gte=oldest)}
    for leaf in leaves:
        camera, key = UUID(leaf["camera"]), UUID(leaf["id"])
        if within.camera is not None and camera != within.camera:
            continue
        row = known.pop(key, None) or Segment.objects.filter(id=key).first()
        if row is None:
            began = f"{_born(leaf['id']):%Y-%m-%d %H:%M:%S}"
            result.fault(
                f"{result.camera(camera)}, segment {key} of about {began} UTC",
                f"it was sealed, and entered in {place}, and its row is gone",
            )
        elif bytes(row.seal_sha256).hex() != leaf["seal"] or row.camera != camera:
            result.fault(result.place(row), f"its row has another seal than {place}")
        elif row.minute != minute:
            result.fault(result.place(row), f"its row names another minute than {place}")
    for row in known.values():
        if within.camera is None or row.camera == within.camera:
            result.fault(result.place(row), f"its row says it is rooted in {place}, which does not name it")


def _check_unrooted(result: FootageVerification, within: Range, entries: list[MinuteEntry]) -> None:
    rows = within.of(Segment.objects.not_in_a_minute())
    last = entries[-1].minute if entries else None
    waiting = 0
    for row in rows.order_by("starts_at")[:_STEP]:
        if last is not None and row.ends_at < last - _LATE:
            result.fault(result.place(row), "no minute entry roots it, though later minutes have theirs")
        else:
            waiting += 1
    if waiting:
        result.notice("the last minutes", f"{waiting} segments wait for the minute entry that roots them")
    known = {said.minute for said in entries}
    strangers = within.of(Segment.objects.filter(~Q(minute__in=known), minute__isnull=False))
    for row in strangers.order_by("starts_at")[:_STEP]:
        if row.minute is not None and within.has(row.minute):
            result.fault(result.place(row), "its row names a minute that has no entry")


def _born(text: str) -> datetime:
    """When a UUIDv7 was made: its first 48 bits (RFC 9562, section 5.7)."""
    return datetime.fromtimestamp((UUID(text).int >> 80) / 1000, UTC)


def _day(text: str) -> date:
    return (_born(text) - timedelta(days=1)).date()
