"""Is it still there? What there is of a place and a time: when it is destroyed, or why there is nothing.

Nothing here tells whether anybody watched it, or keeps it, or for what. So footage whose time is over is told
in one way, destroyed or not: what is not destroyed yet is what somebody keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from cameras.geometry import Position, covers, distance_m
from cameras.vocabulary import Recording
from evidence.catalogue.coverage import TOLERANCE
from evidence.models import Gap, Segment
from evidence.recorder.states import GapReason
from policy import publish
from rtcc import clock
from rtcc.public.city import Place, Shown, city

# A camera whose field of view is not known is taken to see what is this near.
NEAR_M = 50.0
MOST_CAMERAS = 20


class StillKind(StrEnum):
    """What became of a stretch of footage."""

    THERE = "there"
    OVER = "over"
    GAP = "gap"
    NOT_RECORDED = "not_recorded"
    UNEXPLAINED = "unexplained"
    SOON = "soon"


SAYS: dict[StillKind, str] = {
    StillKind.THERE: (
        "The footage is there. It is destroyed on the day below unless somebody asks for it to be kept."
    ),
    StillKind.OVER: (
        "The time of this footage is over: it is destroyed, unless somebody asked in time for it to be kept."
        " Ask, and you are told which, with the record that proves it."
    ),
    StillKind.GAP: "Nothing was recorded:",
    StillKind.NOT_RECORDED: "This camera did not record then.",
    StillKind.UNEXPLAINED: (
        "It is not known what there is. That should not be: ask, and somebody has to find out why."
    ),
    StillKind.SOON: (
        "This is too recent to be looked up here. What was recorded is destroyed on the day below unless"
        " somebody asks for it to be kept."
    ),
}
# Where asking may still keep something, or makes somebody look.
WORTH_ASKING = frozenset({StillKind.THERE, StillKind.OVER, StillKind.SOON, StillKind.UNEXPLAINED})

_LOST = "the connection to the camera was lost"
_NOTHING = "the camera sent nothing that could be recorded"
_OURS = "the recorder or its disk failed"
# What the public is told of a gap; addresses, passwords and formats are for those who mend it.
WHY: dict[GapReason, str] = {
    GapReason.CONNECTING: "the camera was being connected",
    GapReason.ADDRESS_REFUSED: _LOST,
    GapReason.UNREACHABLE: _LOST,
    GapReason.REFUSED: _LOST,
    GapReason.AUTH_FAILED: _LOST,
    GapReason.NOT_FOUND: _NOTHING,
    GapReason.NO_VIDEO: _NOTHING,
    GapReason.CODEC_NOT_SUPPORTED: _NOTHING,
    GapReason.PROTOCOL_ERROR: _NOTHING,
    GapReason.TIMEOUT: _LOST,
    GapReason.CLOSED_BY_CAMERA: _LOST,
    GapReason.NO_KEY_FRAME: _NOTHING,
    GapReason.STALLED: _NOTHING,
    GapReason.LOST_PACKETS: "parts of the picture were lost on the way",
    GapReason.CAMERA_CLOCK: _NOTHING,
    GapReason.STORAGE_FAILED: _OURS,
    GapReason.FILE_MISSING: "the file is missing from the store",
    GapReason.INTERNAL_ERROR: _OURS,
    GapReason.STOPPED: "recording was stopped",
    GapReason.NOT_RUNNING: "the recorder was not running",
}


@dataclass(frozen=True)
class Part:
    """A stretch of one camera's time and what became of it. ``due``: when its time is over."""

    kind: StillKind
    starts_at: datetime
    ends_at: datetime
    due: datetime | None = None
    why: str = ""

    @property
    def says(self) -> str:
        return SAYS[self.kind]


@dataclass(frozen=True)
class Answer:
    """One camera that saw the place then, how sure that is, and its time in order."""

    camera: Shown
    place: Place
    sure: bool
    parts: tuple[Part, ...]

    @property
    def to_ask_for(self) -> bool:
        """Whether there is anything that a request could still keep."""
        return any(part.kind in WORTH_ASKING for part in self.parts)


def covering(point: Position, starts_at: datetime, ends_at: datetime) -> list[tuple[Shown, Place, bool]]:
    """Cameras that saw the point at some instant of [starts_at, ends_at), nearest first; no query but the
    cameras' own.
    """
    found = []
    for camera in city():
        place = camera.placed_at(starts_at, ends_at)
        if place is None:
            continue
        away = distance_m((place.lon, place.lat), point)
        # What a pin does not tell, nobody finds out by asking about one point after another.
        view = None if camera.pin_only else place.field_of_view
        if view is not None:
            if covers(view, point):
                found.append((away, camera, place, True))
        elif away <= NEAR_M:
            found.append((away, camera, place, False))
    found.sort(key=lambda each: (each[0], each[1].code))
    return [(camera, place, sure) for _, camera, place, sure in found[:MOST_CAMERAS]]


def still_there(point: Position, starts_at: datetime, ends_at: datetime) -> list[Answer]:
    """What became of the footage of each camera that saw the place; two queries for any number of cameras.

    What is younger than the parameter ``public_lookup_delay`` is not looked up, so that nobody learns here
    which camera is down just now.
    """
    seen = covering(point, starts_at, ends_at)
    now = clock.now()
    delay = publish.active().parameters.duration("public_lookup_delay", now)
    if ends_at > now - delay:
        return [Answer(*each, _soon(each[0], starts_at, ends_at)) for each in seen]
    parts = _looked_up([camera for camera, _, _ in seen], starts_at, ends_at, now)
    return [
        Answer(camera, place, sure, _whole(camera, place, parts[camera.id], starts_at, ends_at))
        for camera, place, sure in seen
    ]


def _soon(camera: Shown, starts_at: datetime, ends_at: datetime) -> tuple[Part, ...]:
    if camera.recording is Recording.NEVER:
        return (Part(StillKind.NOT_RECORDED, starts_at, ends_at),)
    due = starts_at + timedelta(seconds=camera.kept.seconds) if camera.kept else None
    return (Part(StillKind.SOON, starts_at, ends_at, due=due),)


def _looked_up(
    cameras: Sequence[Shown], starts_at: datetime, ends_at: datetime, now: datetime
) -> dict[UUID, list[Part]]:
    """Segments and gaps of the cameras as parts, each in order of time."""
    ids = [camera.id for camera in cameras]
    found: dict[UUID, list[Part]] = {camera: [] for camera in ids}
    rows = Segment.objects.of_cameras(ids).overlapping(starts_at, ends_at)
    for camera, first, last, due in rows.values_list("camera", "starts_at", "ends_at", "destroy_after"):
        kind = StillKind.THERE if due > now else StillKind.OVER
        found[camera].append(Part(kind, first, last, due=due))
    gaps = Gap.objects.of_cameras(ids).overlapping(starts_at, ends_at).longer_than_nothing()
    for camera, first, last_or_none, reason in gaps.values_list("camera", "starts_at", "ends_at", "reason"):
        why = WHY[GapReason(reason)]
        found[camera].append(Part(StillKind.GAP, first, last_or_none or now, why=why))
    return {camera: _merged(parts) for camera, parts in found.items()}


def _merged(parts: Iterable[Part]) -> list[Part]:
    """Parts of one sort that touch are one."""
    found: list[Part] = []
    for part in sorted(parts, key=lambda each: (each.starts_at, each.ends_at)):
        last = found[-1] if found else None
        if last and _same(last, part) and part.starts_at <= last.ends_at + TOLERANCE:
            due = min(filter(None, (last.due, part.due)), default=None)
            found[-1] = replace(last, ends_at=max(last.ends_at, part.ends_at), due=due)
        else:
            found.append(part)
    return found


def _same(one: Part, other: Part) -> bool:
    return (one.kind, one.why) == (other.kind, other.why)


def _whole(
    camera: Shown, place: Place, parts: list[Part], starts_at: datetime, ends_at: datetime
) -> tuple[Part, ...]:
    """The parts cut to what was asked, with what lies between them named too."""
    begins = max(starts_at, place.starts_at)
    ends = min(ends_at, place.ends_at or ends_at)
    found: list[Part] = []
    reached = begins
    for part in parts:
        first, last = max(part.starts_at, begins), min(part.ends_at, ends)
        if first >= last:
            continue
        if first > reached + TOLERANCE:
            found += _silent(camera, reached, first)
        found.append(replace(part, starts_at=first, ends_at=last))
        reached = max(reached, last)
    if ends > reached + TOLERANCE:
        found += _silent(camera, reached, ends)
    return tuple(found)


def _silent(camera: Shown, starts_at: datetime, ends_at: datetime) -> list[Part]:
    """Time of which nothing is written down. A camera that was not registered yet did not record."""
    if camera.recording is not Recording.ALWAYS or camera.registered_at >= ends_at:
        return [Part(StillKind.NOT_RECORDED, starts_at, ends_at)]
    since = max(starts_at, camera.registered_at)
    before = [Part(StillKind.NOT_RECORDED, starts_at, since)] if since > starts_at + TOLERANCE else []
    return [*before, Part(StillKind.UNEXPLAINED, since, ends_at)]
