"""The business-day clock: when an answer is due (RSMo 610.023.3), on the clocks of the place asked about.

Days are counted from the day after that of receipt; Saturdays, Sundays and the holidays of the table do not
count. Nothing stops it: waiting for a requester, a payment or a lawyer never moves the date.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays as library

SATURDAY, SUNDAY = 5, 6
# Without a business day in a year something is wrong with the table.
_MOST_DAYS = 366

IsHoliday = Callable[[date], bool]


# RSMo 9.020; the library does not know of it.
LINCOLN_DAY = (2, 12)


@cache
def missouri(year: int) -> dict[date, str]:
    """Public holidays of the State of Missouri in a year, with their names (RSMo 9.010).

    One that falls on a Sunday is held on the Monday after it. One that falls on a Saturday moves nothing by
    that law: where an office closes on the Friday before, somebody says so in the calendar, with a reason.
    """
    found = dict(library.country_holidays("US", subdiv="MO", years=year, observed=False).items())
    found[date(year, *LINCOLN_DAY)] = "Lincoln Day"
    sundays = [day for day in found if day.weekday() == SUNDAY]
    return found | {day + timedelta(days=1): f"{found[day]} (observed)" for day in sundays}


def is_business_day(day: date, is_holiday: IsHoliday) -> bool:
    return day.weekday() < SATURDAY and not is_holiday(day)


def nth_business_day(received: date, count: int, is_holiday: IsHoliday) -> date:
    """The ``count``-th business day after the day of receipt. Raises ValueError if a year holds too few."""
    day, left = received, count
    for _ in range(_MOST_DAYS):
        day += timedelta(days=1)
        if is_business_day(day, is_holiday):
            left -= 1
        if left <= 0:
            return day
    raise ValueError("a year of the calendar holds too few business days")


def due(
    received_at: datetime, count: int, day_ends: timedelta, zone: ZoneInfo, is_holiday: IsHoliday
) -> datetime:
    """The instant (UTC) at which the ``count``-th business day ends on the local clock.

    ``day_ends`` is the local time of day, as time since midnight on the clock's face.
    """
    day = nth_business_day(received_at.astimezone(zone).date(), count, is_holiday)
    # On the clock's face, so that a change of the clocks that night moves nothing.
    face = datetime.combine(day, datetime.min.time()) + day_ends
    return face.replace(tzinfo=zone).astimezone(UTC)


def business_days_left(now: datetime, due_at: datetime, zone: ZoneInfo, is_holiday: IsHoliday) -> int:
    """Business days from today until the due day, 0 on that day; negative when it has gone by."""
    today, last = now.astimezone(zone).date(), due_at.astimezone(zone).date()
    first, end, sign = (today, last, 1) if today <= last else (last, today, -1)
    days = (first + timedelta(days=n + 1) for n in range((end - first).days))
    return sign * sum(is_business_day(day, is_holiday) for day in days)
