"""Monthly counts for the public: by purpose and area, late, and without small numbers.

A number below the smallest that is shown could point to one person's day, so it is told as "fewer than". No
sum is told that it could be worked out from, and a month is told once, when it is long over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from audit import counting
from audit.vocabulary import Event, Outcome
from policy import publish
from rtcc import clock
from rtcc.pages.context import ROOM_ZONE
from rtcc.public.city import Shown, city
from rtcc.public.kept import for_a_minute

MONTHS = 12
ZONE = ZoneInfo(ROOM_ZONE)
WATCHED: dict[str, str] = {
    str(Event.VIEW_PERMITTED): "watched live",
    str(Event.PLAYBACK_PERMITTED): "played back",
}
NO_AREA = "outside the named areas"


@dataclass(frozen=True)
class Row:
    """One line of a month: what, for which purpose, in which area, and how often in words."""

    what: str
    purpose: str
    area: str
    said: str


@dataclass(frozen=True)
class Month:
    first: date
    uses: tuple[Row, ...]
    denials: tuple[Row, ...]


@dataclass(frozen=True)
class Counts:
    """What is told, the smallest number told, when the next month follows, and the delay in days."""

    months: tuple[Month, ...]
    smallest: int
    delay_days: int
    next_month: date
    next_on: date


def counts() -> Counts:
    """The last twelve months that are long enough over; two queries a minute and the cameras'."""
    return for_a_minute("counts", _read)


def _read() -> Counts:
    now = clock.now()
    parameters = publish.active().parameters
    smallest = parameters.count("public_smallest_count", now)
    delay = parameters.duration("public_counts_delay", now)
    until = month_of(now.astimezone(ZONE).date() - delay)
    since = _months_before(until, MONTHS)
    uses = counting.by_group(_groups(city()), list(WATCHED), _begin(since), _begin(until), ROOM_ZONE)
    denied = counting.by_outcome(Outcome.DENY, _begin(since), _begin(until), ROOM_ZONE)
    months = sorted({each.month for each in [*uses, *denied]}, reverse=True)
    return Counts(
        tuple(_month(first, uses, denied, smallest) for first in months),
        smallest,
        delay.days,
        until,
        _months_before(until, -1) + delay,
    )


def _month(
    first: date, uses: Iterable[counting.Count], denied: Iterable[counting.Count], smallest: int
) -> Month:
    return Month(
        first,
        tuple(
            Row(WATCHED[each.event], _plain(each.purpose), each.group, said(each.entries, smallest))
            for each in uses
            if each.month == first
        ),
        tuple(
            Row("refused", _plain(purpose), "", said(number, smallest))
            for purpose, number in _by_purpose(each for each in denied if each.month == first)
        ),
    )


def _by_purpose(denied: Iterable[counting.Count]) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for each in denied:
        found[each.purpose] = found.get(each.purpose, 0) + each.entries
    return sorted(found.items())


def said(number: int, smallest: int) -> str:
    """The number, or that it is too small to be told."""
    return str(number) if number >= smallest else f"fewer than {smallest}"


def _plain(purpose: str) -> str:
    return purpose.replace("_", " ") or "no purpose given"


def _groups(cameras: Sequence[Shown]) -> list[counting.Group]:
    return [
        counting.Group(each.id, place.area or NO_AREA, place.starts_at, place.ends_at)
        for each in cameras
        for place in each.places
    ]


def month_of(day: date) -> date:
    return day.replace(day=1)


def _months_before(first: date, number: int) -> date:
    months = first.year * 12 + first.month - 1 - number
    return date(months // 12, months % 12 + 1, 1)


def _begin(first: date) -> datetime:
    return datetime.combine(first, time(), ZONE).astimezone(UTC)
