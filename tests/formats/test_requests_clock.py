"""The business-day clock of requests, day by day."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from evidence.records import business
from rtcc.local_time import instants_of

CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    ("received", "due"),
    [
        # A Friday's third business day is Wednesday; so is a Saturday's and a Sunday's.
        ("2026-11-13T12:00", "2026-11-18T17:00"),
        ("2026-11-14T12:00", "2026-11-18T17:00"),
        ("2026-11-15T23:59", "2026-11-18T17:00"),
        ("2026-11-16T00:00", "2026-11-19T17:00"),
        # Thanksgiving on Thursday the 26th does not count.
        ("2026-11-24T09:00", "2026-11-30T17:00"),
        # Clocks go forward on 2026-03-08, and back on 2026-11-01: 17:00 on the clock's face.
        ("2026-03-05T09:00", "2026-03-10T17:00"),
        ("2026-10-29T09:00", "2026-11-03T17:00"),
        # Lincoln Day, and Washington's Birthday on the Monday after it.
        ("2026-02-10T09:00", "2026-02-17T17:00"),
        # Independence Day on a Saturday moves nothing (RSMo 9.010); on a Sunday it is Monday the 5th.
        ("2026-06-30T09:00", "2026-07-03T17:00"),
        ("2027-07-01T09:00", "2027-07-07T17:00"),
        # Over New Year.
        ("2026-12-30T09:00", "2027-01-05T17:00"),
    ],
)
def test_the_clock_counts_business_days_on_the_clocks_of_the_place(received: str, due: str) -> None:
    at = datetime.fromisoformat(received).replace(tzinfo=CHICAGO)
    found = business.due(at, 3, timedelta(hours=17), CHICAGO, lambda day: day in business.missouri(day.year))
    assert found.astimezone(CHICAGO).replace(tzinfo=None) == datetime.fromisoformat(due)


def test_a_local_time_has_two_instants_one_or_none() -> None:
    found = {hour: len(instants_of(datetime(2026, 11, 1, hour, 30), CHICAGO)) for hour in range(4)}  # noqa: DTZ001
    assert found == {0: 1, 1: 2, 2: 1, 3: 1}
    assert instants_of(datetime(2026, 3, 8, 2, 30), CHICAGO) == ()  # noqa: DTZ001
