"""Opening hours on the clock of a site: across midnight and across both clock changes of Chicago."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cameras.hours import Window, is_open, open_until, opens_next, read_window

CHICAGO = ZoneInfo("America/Chicago")
NIGHTLY = tuple(Window(day, time(18), time(6)) for day in range(7))


def local(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHICAGO, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    "at, expected",
    [
        ("2026-11-20 17:59:59", False),
        ("2026-11-20 18:00", True),
        ("2026-11-20 23:59:59", True),
        ("2026-11-21 00:00", True),
        ("2026-11-21 05:59:59", True),
        ("2026-11-21 06:00", False),
    ],
)
def test_a_night_is_open_across_midnight(at: str, expected: bool) -> None:
    assert is_open(NIGHTLY, CHICAGO, local(at)) is expected


def test_sunday_night_goes_on_into_monday() -> None:
    sunday = (Window(6, time(20), time(3)),)
    assert is_open(sunday, CHICAGO, local("2026-11-23 02:59"))
    assert not is_open(sunday, CHICAGO, local("2026-11-22 02:59"))


def test_no_window_is_never_open() -> None:
    assert not is_open((), CHICAGO, local("2026-11-20 12:00"))
    assert opens_next((), CHICAGO, local("2026-11-20 12:00")) is None


def test_the_night_the_clocks_go_back_is_an_hour_longer() -> None:
    # 2026-11-01: at 02:00 daylight time it becomes 01:00 standard time.
    opened, closes = local("2026-10-31 18:00"), local("2026-11-01 06:00")
    assert closes - opened == timedelta(hours=13)
    assert open_until(NIGHTLY[5:6], CHICAGO, opened) == closes
    for step in range(13 * 60):
        assert is_open(NIGHTLY, CHICAGO, opened + timedelta(minutes=step))


def test_a_window_that_closes_in_the_repeated_hour_closes_once_and_stays_closed() -> None:
    late = (Window(5, time(20), time(1, 30)),)
    first, second = local("2026-11-01 01:30"), local("2026-11-01 01:30", fold=1)
    assert second - first == timedelta(hours=1)
    assert open_until(late, CHICAGO, first - timedelta(minutes=1)) == first
    assert not is_open(late, CHICAGO, first)
    assert not is_open(late, CHICAGO, second - timedelta(minutes=10))


def test_the_night_the_clocks_go_forward_is_an_hour_shorter() -> None:
    # 2026-03-08: at 02:00 standard time it becomes 03:00 daylight time.
    opened, closes = local("2026-03-07 18:00"), local("2026-03-08 06:00")
    assert closes - opened == timedelta(hours=11)
    assert open_until(NIGHTLY[5:6], CHICAGO, opened) == closes


def test_a_time_that_the_clocks_skip_means_the_change_itself() -> None:
    change = datetime(2026, 3, 8, 8, tzinfo=UTC)
    opens_in_the_gap = (Window(6, time(2, 30), time(5)),)
    closes_in_the_gap = (Window(5, time(20), time(2, 30)),)
    assert opens_next(opens_in_the_gap, CHICAGO, change - timedelta(hours=2)) == change
    assert open_until(closes_in_the_gap, CHICAGO, change - timedelta(hours=2)) == change


def test_a_window_inside_the_skipped_hour_does_not_open_that_day() -> None:
    skipped = (Window(6, time(2, 10), time(2, 50)),)
    start = datetime(2026, 3, 8, 6, tzinfo=UTC)
    assert not any(is_open(skipped, CHICAGO, start + timedelta(minutes=step)) for step in range(240))
    assert opens_next(skipped, CHICAGO, start) == local("2026-03-15 02:10")


def test_windows_that_touch_are_open_without_a_break() -> None:
    day_and_night = (Window(4, time(6), time(18)), Window(4, time(18), time(6)))
    assert open_until(day_and_night, CHICAGO, local("2026-11-20 07:00")) == local("2026-11-21 06:00")


def test_equal_times_are_a_whole_day() -> None:
    friday = (Window(4, time(0), time(0)),)
    assert open_until(friday, CHICAGO, local("2026-11-20 00:00")) == local("2026-11-21 00:00")


def test_a_site_in_another_zone_has_its_own_hours() -> None:
    at = local("2026-11-20 18:30")
    assert is_open(NIGHTLY, CHICAGO, at)
    assert not is_open(NIGHTLY, ZoneInfo("America/Los_Angeles"), at)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        is_open(NIGHTLY, CHICAGO, datetime(2026, 11, 20, 12))  # noqa: DTZ001  the point of the test


@pytest.mark.parametrize(
    "text", ["", "Mon", "Foo 18:00-06:00", "Mon 25:00-06:00", "Mon 18:60-06:00", "Mon 18-06"]
)
def test_a_window_that_cannot_be_read_says_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"'"):
        read_window(text)


some_window = some.builds(
    Window,
    some.integers(0, 6),
    some.times().map(lambda t: t.replace(second=0, microsecond=0)),
    some.times().map(lambda t: t.replace(second=0, microsecond=0)),
)
some_instant = some.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1)).map(lambda t: t.replace(tzinfo=UTC))  # noqa: DTZ001


@given(some.lists(some_window, max_size=4), some_instant)
def test_it_is_open_exactly_until_it_closes(windows: list[Window], at: datetime) -> None:
    until = open_until(windows, CHICAGO, at)
    assert (until is not None) == is_open(windows, CHICAGO, at)
    if until is not None and until - at < timedelta(days=7):
        assert is_open(windows, CHICAGO, until - timedelta(seconds=1))
        assert not is_open(windows, CHICAGO, until)
    following = opens_next(windows, CHICAGO, at)
    if following is not None:
        assert following > at
        assert is_open(windows, CHICAGO, following)


@given(some_window)
def test_a_window_reads_back_as_it_is_written(window: Window) -> None:
    assert read_window(str(window)) == window
