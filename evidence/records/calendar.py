"""The table of holidays, as the clock reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from evidence.records import business
from evidence.records.models import Holiday
from evidence.records.vocabulary import SUNSHINE, RequestKind
from policy import publish


def holidays() -> Callable[[date], bool]:
    """Whether a day is a holiday, from one reading of the table."""
    rows = set(Holiday.objects.values_list("day", flat=True))
    years = {day.year for day in rows}

    def is_holiday(day: date) -> bool:
        return day in rows if day.year in years else day in business.missouri(day.year)

    return is_holiday


def answer_rule(kind: RequestKind) -> str:
    """The parameter that sets the day of an answer. Older policies know but the first."""
    known = publish.active().parameters.has("request_answer_other")
    return "request_answer" if kind in SUNSHINE or not known else "request_answer_other"


def due_after(received_at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The end of the ``days``-th business day after receipt, by the policy's hour of closing."""
    day_ends: timedelta = publish.active().parameters.duration("request_day_ends", received_at)
    return business.due(received_at, days, day_ends, zone, holidays())
