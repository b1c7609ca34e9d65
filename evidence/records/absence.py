"""What there is of the footage asked for, camera by camera, and what proves that there is no more.

"No record" is never a mere statement: a gap is cited by the minute entry that states it, a destruction by the
entries of its decision and its proof, time before a camera was recorded by its registration.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from cameras.models import Camera, Placement
from cameras.nearest import seen_in
from evidence.catalogue.coverage import TOLERANCE, Span, SpanKind, coverage
from evidence.models import Disposition, Gap, MinuteSeal, Segment
from evidence.records.models import Request, RequestCamera
from evidence.records.registered import registrations
from policy import publish
from rtcc import clock


class FindingKind(StrEnum):
    THERE = "there"
    GAP = "gap"
    DESTROYED = "destroyed"
    NEVER_RECORDED = "never_recorded"
    NOT_THERE = "not_there"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True)
class Finding:
    """One stretch of time of one camera, and the entries that prove what is said of it."""

    kind: FindingKind
    starts_at: datetime
    ends_at: datetime
    sentence: str
    camera: UUID | None = None
    name: str = ""
    entries: tuple[UUID, ...] = ()
    disposition: UUID | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": str(self.kind),
            "from": self.starts_at.isoformat(),
            "to": self.ends_at.isoformat(),
            "sentence": self.sentence,
            "camera": str(self.camera) if self.camera else None,
            "name": self.name,
            "entries": [str(entry) for entry in self.entries],
            "disposition": str(self.disposition) if self.disposition else None,
        }

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Finding:
        return cls(
            kind=FindingKind(body["kind"]),
            starts_at=datetime.fromisoformat(body["from"]),
            ends_at=datetime.fromisoformat(body["to"]),
            sentence=body["sentence"],
            camera=UUID(body["camera"]) if body["camera"] else None,
            name=body["name"],
            entries=tuple(UUID(entry) for entry in body["entries"]),
            disposition=UUID(body["disposition"]) if body["disposition"] else None,
        )


def findings(row: Request) -> list[Finding]:
    """What is known of all the time asked for, by camera and time. Sentences tell the place's own time."""
    asked = list(row.cameras.all())
    if not asked:
        found = list(_no_camera(row))
    else:
        names = Camera.objects.in_bulk([each.camera for each in asked])
        found = [part for each in asked for part in _of_camera(each, names[each.camera], row.clock)]
    return _with_registrations(found)


def _with_registrations(found: list[Finding]) -> list[Finding]:
    """What speaks of a camera that was not there, or not recorded yet, is proved by its registration too."""
    early = {FindingKind.NEVER_RECORDED, FindingKind.NOT_THERE}
    known = registrations({each.camera for each in found if each.camera and each.kind in early})
    return [
        replace(each, entries=(known[each.camera], *each.entries))
        if each.kind in early and each.camera in known
        else each
        for each in found
    ]


def told(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d at %H:%M %Z")


def is_there(found: list[Finding]) -> bool:
    """Whether any of it is there."""
    return any(each.kind is FindingKind.THERE for each in found)


def _of_camera(asked: RequestCamera, camera: Camera, zone: ZoneInfo) -> Iterator[Finding]:
    spans = coverage(asked.camera, asked.starts_at, asked.ends_at)
    found = [_finding(span, camera, zone) for span in spans]
    found += _holes(asked, camera, spans, zone)
    yield from sorted(found, key=lambda each: each.starts_at)


def _finding(span: Span, camera: Camera, zone: ZoneInfo) -> Finding:
    if span.kind is SpanKind.GAP:
        return Finding(
            FindingKind.GAP, span.starts_at, span.ends_at,
            f"Nothing was recorded: {span.sentence}.", camera.id, camera.name,
            _minutes(span.starts_at, span.ends_at),
        )  # fmt: skip
    if span.kind is SpanKind.DESTROYED and span.disposition is not None:
        row = Disposition.objects.get(id=span.disposition)
        return Finding(
            FindingKind.DESTROYED, span.starts_at, span.ends_at, _destroyed(row, zone), camera.id,
            camera.name, tuple(entry for entry in (row.entry, row.proof_entry) if entry is not None), row.id,
        )  # fmt: skip
    return Finding(
        FindingKind.THERE, span.starts_at, span.ends_at, "Recorded, and still there.", camera.id, camera.name
    )


def _destroyed(row: Disposition, zone: ZoneInfo) -> str:
    assert row.tombstoned_at is not None
    rules = publish.active().parameters
    rule = next((each for each in rules.rows if each.id == row.rule), None)
    why = f"{rule.value} {rule.unit}, {rule.citation}" if rule else row.rule
    on_time = "on time " if row.tombstoned_at >= row.due_at else "before its time "
    return (
        f"Destroyed {on_time}under rule {row.rule} ({why}) on {told(row.tombstoned_at, zone)}; "
        f"it was due {told(row.due_at, zone)}."
    )


def _minutes(starts_at: datetime, ends_at: datetime) -> tuple[UUID, ...]:
    """The first and the last minute entry of an interval: they state which cameras were in gap, and which
    footage there was at all.
    """
    rows = MinuteSeal.objects.filter(minute__gt=starts_at - timedelta(minutes=1), minute__lt=ends_at)
    ends = (rows.order_by("minute").first(), rows.order_by("-minute").first())
    return tuple(dict.fromkeys(row.entry for row in ends if row is not None))


def _holes(asked: RequestCamera, camera: Camera, spans: list[Span], zone: ZoneInfo) -> list[Finding]:
    """Time that no segment and no gap speaks of."""
    since = begun(camera)
    found, at = [], asked.starts_at
    for starts_at, ends_at in [*((s.starts_at, s.ends_at) for s in spans), (asked.ends_at, asked.ends_at)]:
        if starts_at - at > TOLERANCE:
            found += _hole(at, starts_at, camera, since, zone)
        at = max(at, ends_at)
    return found


def _hole(
    starts_at: datetime, ends_at: datetime, camera: Camera, begun: datetime | None, zone: ZoneInfo
) -> list[Finding]:
    """A hole, cut where the camera's recording began: before, nothing was recorded; after, it is an alarm."""
    edge = min(max(begun or ends_at, starts_at), ends_at)
    found = []
    if edge > starts_at:
        said = (
            f"Never recorded: this camera's recording began on {told(begun, zone)}."
            if begun
            else "Never recorded: this camera has not been recorded so far."
        )
        found.append(
            Finding(
                FindingKind.NEVER_RECORDED, starts_at, edge, said, camera.id, camera.name,
                _minutes(starts_at, edge),
            )
        )  # fmt: skip
    if ends_at > edge:
        found.append(
            Finding(
                FindingKind.UNEXPLAINED, edge, ends_at,
                "There is neither footage nor an explanation. This is an alarm of its own.",
                camera.id, camera.name, _minutes(edge, ends_at),
            )
        )  # fmt: skip
    return found


def begun(camera: Camera) -> datetime | None:
    """When anything is first known of this camera's footage."""
    rows = (Segment.objects.of_camera(camera.id), Gap.objects.of_camera(camera.id))
    firsts = [each.order_by("starts_at").values_list("starts_at", flat=True).first() for each in rows]
    return min((each for each in firsts if each is not None), default=None)


def _no_camera(row: Request) -> Iterator[Finding]:
    """No camera saw the place: which one does by now, and since when."""
    now = clock.now()
    later = [placement for _, placement in seen_in(row.area, row.ends_at, now + timedelta(seconds=1))]
    rows = Placement.objects.with_ids(later).select_related("camera").order_by("starts_at")
    for placement in rows:
        yield Finding(
            FindingKind.NOT_THERE, row.starts_at, row.ends_at,
            f"This camera was not there then: it has seen the place since "
            f"{told(placement.starts_at, row.clock)}.",
            placement.camera.id, placement.camera.name,
        )  # fmt: skip
    if not rows:
        yield Finding(
            FindingKind.NOT_THERE, row.starts_at, row.ends_at,
            "No camera of the register saw that place then, and none does now.",
        )  # fmt: skip
