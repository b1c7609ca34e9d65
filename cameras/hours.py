"""Whether an agreement is open at an instant, on the clock of the camera's site.

A window opens and closes at two instants of the world, so that a clock change can neither close it
twice nor open it again: a local time in the repeated hour means its first occurrence, and a local
time in the hour that is skipped means the instant of the change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """One weekly opening. ``weekday`` (0 Monday) is that of ``opens``; ``closes`` <= ``opens``: next day."""

    weekday: int
    opens: time
    closes: time

    def __str__(self) -> str:
        return f"{_DAYS[self.weekday]} {self.opens:%H:%M}-{self.closes:%H:%M}"


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def read_window(text: str) -> Window:
    """The window written as `Mon 18:00-06:00`. Raises ValueError saying what is wrong."""
    match = re.fullmatch(r"\s*([A-Za-z]{3})[a-z]*\s+(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})\s*", text)
    if match is None or match[1].title() not in _DAYS:
        raise ValueError(f"{text!r} is not written like 'Mon 18:00-06:00'")
    try:
        opens, closes = (time.fromisoformat(clock.zfill(5)) for clock in match.group(2, 3))
    except ValueError as error:
        raise ValueError(f"{text!r} names a time that a clock does not show") from error
    return Window(_DAYS.index(match[1].title()), opens, closes)


def is_open(windows: Iterable[Window], zone: ZoneInfo, instant: datetime) -> bool:
    """Whether any window holds the aware instant; ends are half-open: at ``closes`` it is closed."""
    return open_until(windows, zone, instant) is not None


def open_until(windows: Iterable[Window], zone: ZoneInfo, instant: datetime) -> datetime | None:
    """The latest instant until which windows that touch or overlap stay open without a break; None if closed.

    Bounded by eight days: windows that cover the whole week are open for at least that long.
    """
    spans = sorted(_spans(windows, zone, instant, days_back=1, days_on=8))
    until = None
    for start, end in spans:
        if start <= (until or instant) < end:
            until = end
    return until


def opens_next(windows: Iterable[Window], zone: ZoneInfo, instant: datetime) -> datetime | None:
    """The first opening after the instant; None if there is no window at all."""
    starts = [start for start, _ in _spans(windows, zone, instant, days_back=0, days_on=8) if start > instant]
    return min(starts, default=None)


def _spans(
    windows: Iterable[Window], zone: ZoneInfo, instant: datetime, *, days_back: int, days_on: int
) -> Iterator[tuple[datetime, datetime]]:
    """Openings [start, end) in UTC of the local days around the instant; empty ones are left out."""
    if instant.tzinfo is None:
        raise ValueError("the instant must be aware")
    today = instant.astimezone(zone).date()
    windows = tuple(windows)
    for offset in range(-days_back, days_on + 1):
        day = today + offset * _DAY
        for window in windows:
            if window.weekday == day.weekday():
                last = day if window.closes > window.opens else day + _DAY
                start, end = _instant(day, window.opens, zone), _instant(last, window.closes, zone)
                if start < end:
                    yield start, end


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant of a local time: the first of two in the repeated hour, the change in the skipped one."""
    local = datetime.combine(day, at, tzinfo=zone)
    found = local.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return found
    # Skipped: with fold=1 the offset after the change applies, so the change lies in between.
    low, high = local.replace(fold=1).astimezone(UTC), found
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return (high + timedelta(microseconds=500_000)).replace(microsecond=0)
