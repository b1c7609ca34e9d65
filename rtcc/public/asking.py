"""The question "is it still there?": a place and a local time, as an address or a form says them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.http import QueryDict

from cameras.geometry import Position, distance_m
from rtcc.local_time import TWICE, instants_of
from rtcc.pages.context import ROOM_ZONE
from rtcc.public.city import Shown, city, find, matching

MINUTES = (15, 30, 60, 240)
TWICE_CHOICES = TWICE[1:]
# Cameras of one corner stand within this; a place that two corners match is asked about.
SAME_CORNER_M = 60.0
MOST_CHOICES = 20


@dataclass(frozen=True)
class Corner:
    """A point of the map with the name by which it was found, and its clock."""

    name: str
    point: Position
    zone: str

    @property
    def address(self) -> str:
        """The part of a query that names it."""
        return f"lat={self.point[1]:.6f}&lon={self.point[0]:.6f}"


@dataclass
class Asked:
    """What was asked, as far as it makes sense. ``faults``: field -> sentence."""

    words: str = ""
    at: str = ""
    minutes: int = MINUTES[0]
    which: str = ""
    corner: Corner | None = None
    choices: list[Corner] = field(default_factory=list)
    starts_at: datetime | None = None
    asks_which: bool = False
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def ends_at(self) -> datetime | None:
        return self.starts_at + timedelta(minutes=self.minutes) if self.starts_at else None

    @property
    def whole(self) -> bool:
        """Whether there is a place and a time to answer for."""
        return self.corner is not None and self.starts_at is not None


def read(query: QueryDict, now: datetime) -> Asked:
    """The question of a query: ``lat`` and ``lon``, ``camera`` or ``q`` (words of a street corner); ``at``
    (local) with ``minutes`` and ``twice``, or ``from`` and ``to`` (ISO 8601).
    """
    asked = Asked(words=_text(query, "q"), at=_text(query, "at"), which=_text(query, "twice"))
    minutes = _text(query, "minutes")
    asked.minutes = int(minutes) if minutes in {str(each) for each in MINUTES} else MINUTES[0]
    _read_place(asked, query)
    _read_time(asked, query, now)
    return asked


def _text(query: QueryDict, name: str) -> str:
    return query.get(name, "").replace("\x00", "").strip()[:120]


def _read_place(asked: Asked, query: QueryDict) -> None:
    if _text(query, "lat") or _text(query, "lon"):
        point = _point(_text(query, "lat"), _text(query, "lon"))
        if point is None:
            asked.faults["q"] = "That is not a place: latitude and longitude are numbers in degrees."
        else:
            near = _nearest(point)
            asked.corner = Corner(
                _near_words(near, point), point, near.history[0].zone if near else ROOM_ZONE
            )
        return
    code = _text(query, "camera")
    camera = find(code) if code else None
    found = [camera] if camera else matching(asked.words) if asked.words else []
    corners = _corners(found)
    exact = [each for each in corners if each.name.casefold() == asked.words.casefold()]
    corners = exact or corners
    if len(corners) == 1:
        asked.corner = corners[0]
    elif corners:
        asked.choices = corners[:MOST_CHOICES]
    elif code or asked.words:
        asked.faults["q"] = (
            "No camera stands at a corner of that name. Try one street, or pick it on the map."
        )


def _point(lat: str, lon: str) -> Position | None:
    try:
        found = float(lon), float(lat)
    except ValueError:
        return None
    inside = all(math.isfinite(each) for each in found) and abs(found[0]) <= 180 and abs(found[1]) <= 90
    return found if inside else None


def _nearest(point: Position) -> Shown | None:
    with_place = (each for each in city() if each.history)
    return min(with_place, key=lambda each: _away(each, point), default=None)


def _away(camera: Shown, point: Position) -> float:
    place = camera.history[0]
    return distance_m((place.lon, place.lat), point)


def _near_words(near: Shown | None, point: Position) -> str:
    if near is None:
        return "this place"
    away = _away(near, point)
    return f"{near.name}" if away < SAME_CORNER_M else f"the place {away:.0f} m from {near.name}"


def _corners(cameras: list[Shown]) -> list[Corner]:
    """One for each spot; cameras at the same one are named by the first."""
    found: list[Corner] = []
    for each in cameras:
        place = each.now or next(iter(each.history), None)
        if place is None:
            continue
        point = (place.lon, place.lat)
        if all(distance_m(known.point, point) > SAME_CORNER_M for known in found):
            found.append(Corner(each.name, point, place.zone))
    return found


def _read_time(asked: Asked, query: QueryDict, now: datetime) -> None:
    if _text(query, "from"):
        _read_instants(asked, _text(query, "from"), _text(query, "to"))
    elif asked.at:
        _read_local(asked)
    if asked.starts_at and asked.starts_at > now:
        asked.faults["at"] = "That time has not come yet."
        asked.starts_at = None


def _read_instants(asked: Asked, first: str, last: str) -> None:
    try:
        starts_at = datetime.fromisoformat(first).astimezone(UTC)
        length = datetime.fromisoformat(last).astimezone(UTC) - starts_at if last else None
        zone = ZoneInfo(asked.corner.zone if asked.corner else ROOM_ZONE)
        asked.at = starts_at.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
    except (ValueError, OverflowError):
        asked.faults["at"] = "Write a date and a time, such as 2026-11-22T15:00:00Z."
        return
    minutes = length.total_seconds() / 60 if length else asked.minutes
    asked.starts_at = starts_at
    asked.minutes = next((each for each in MINUTES if each >= minutes), MINUTES[-1])


def _read_local(asked: Asked) -> None:
    try:
        typed = datetime.fromisoformat(asked.at).replace(tzinfo=None, second=0, microsecond=0)
        instants = instants_of(typed, ZoneInfo(asked.corner.zone if asked.corner else ROOM_ZONE))
    except (ValueError, OverflowError):
        asked.faults["at"] = "Write a date and a time of the street's clocks, such as 2026-11-22T15:00."
        return
    if not instants:
        asked.faults["at"] = "The clocks were put forward over that time: it never was."
    elif len(instants) > 1 and asked.which not in ("0", "1"):
        asked.asks_which = True
        asked.faults["twice"] = "The clocks were put back that night, and this time came twice. Say which."
    else:
        asked.asks_which = len(instants) > 1
        asked.starts_at = instants[int(asked.which)] if len(instants) > 1 else instants[0]
