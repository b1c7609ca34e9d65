"""A week of hours as a picture, and as the form in which an owner changes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from cameras.hours import Window
from cameras.terms import minutes_of
from rtcc.errors import BadInput

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY_MINUTES = 1440
# Openings a day that the form shows at least, and reads at most: shops that close at noon have two.
FEWEST, MOST = 2, 8


@dataclass(frozen=True)
class Span:
    """Minutes of one day, for a box of the picture."""

    start: int
    length: int
    lent: bool


@dataclass(frozen=True)
class Day:
    """One row of the picture: its spans, and the same in words."""

    name: str
    spans: tuple[Span, ...]
    says: str


def picture(agreed: frozenset[int], lent: frozenset[int]) -> list[Day]:
    """A row for each day. ``agreed`` and ``lent`` are minutes of the local week, 0 is Monday 00:00."""
    return [_day(number, agreed, agreed & lent) for number in range(7)]


def _day(number: int, agreed: frozenset[int], lent: frozenset[int]) -> Day:
    spans = [
        Span(start, end - start, which is lent)
        for which in (agreed, lent)
        for start, end in _runs(which, number)
    ]
    words = [f"{_clock(start)} to {_clock(end)}" for start, end in _runs(lent, number)]
    whole = words == ["00:00 to 24:00"]
    return Day(
        DAYS[number], tuple(spans), "all day" if whole else " and ".join(words) if words else "not lent"
    )


def _runs(minutes: frozenset[int], day: int) -> list[tuple[int, int]]:
    """The stretches of one day, as minutes of that day."""
    first, runs, start = day * DAY_MINUTES, list[tuple[int, int]](), None
    for minute in range(DAY_MINUTES + 1):
        inside = minute < DAY_MINUTES and first + minute in minutes
        if inside and start is None:
            start = minute
        if not inside and start is not None:
            runs.append((start, minute))
            start = None
    return runs


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def form_of(windows: Iterable[Window]) -> list[dict[str, Any]]:
    """The form's rows: for each day its openings as its fields show them."""
    by_day: dict[int, list[Window]] = {number: [] for number in range(7)}
    for window in sorted(windows, key=lambda each: (each.weekday, each.opens)):
        by_day[window.weekday].append(window)
    slots = range(1, max(FEWEST, *(len(each) for each in by_day.values())) + 1)
    return [
        {
            "name": DAYS[number],
            "slots": [
                {"field": f"{number}-{slot}", **_shown(by_day[number][slot - 1 : slot])} for slot in slots
            ],
        }
        for number in range(7)
    ]


def _shown(windows: list[Window]) -> dict[str, str]:
    return {
        "opens": f"{windows[0].opens:%H:%M}" if windows else "",
        "closes": f"{windows[0].closes:%H:%M}" if windows else "",
    }


def whole_week() -> frozenset[Window]:
    """Every hour of the week."""
    return frozenset(Window(number, time(0), time(0)) for number in range(7))


def read_form(given: Mapping[str, str]) -> frozenset[Window]:
    """The openings of a sent form. Raises BadInput naming the day."""
    found = set()
    for number, name in enumerate(DAYS):
        for slot in range(1, MOST + 1):
            opens, closes = (given.get(f"{number}-{slot}-{end}", "").strip() for end in ("opens", "closes"))
            if not opens and not closes:
                continue
            try:
                found.add(Window(number, time.fromisoformat(opens), time.fromisoformat(closes)))
            except ValueError as error:
                raise BadInput(
                    f"{name}: give both times, such as 18:00 and 06:00, or leave both empty.", field="hours"
                ) from error
    if any(each.opens.second or each.closes.second or each.opens.tzinfo for each in found):
        raise BadInput("Hours are given in whole minutes.", field="hours")
    if sum(len(minutes_of([each])) for each in found) != len(minutes_of(found)):
        raise BadInput("Two of the openings overlap. Join them into one.", field="hours")
    return frozenset(found)
