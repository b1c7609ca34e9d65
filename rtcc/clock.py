"""Where time enters. Instants are aware and in UTC; the city's clock is one setting (`Config.city_zone`).

The clock can be set only on demo data and in tests: three days of demo history are lived through
the real acts with a set clock, and entries made so carry ``seeded``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

_set_to: ContextVar[datetime | None] = ContextVar("watchlight_clock", default=None)


def now() -> datetime:
    """The instant, aware, UTC."""
    return _set_to.get() or datetime.now(UTC)


def city() -> ZoneInfo:
    """The zone of the city's clock: of forms, of the room's pages, and of hours where a thing has no site."""
    from rtcc.config import config

    return config.city_zone


def midnight(day: date) -> datetime:
    """The instant at which a day begins in the city, in UTC."""
    return datetime.combine(day, time(), city()).astimezone(UTC)


def parse(text: str) -> datetime:
    """An instant that was stored as text in ISO 8601, with its offset."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("the instant must be aware")
    return found.astimezone(UTC)


def is_set() -> bool:
    """Whether the clock is set by hand just now (then what happens is marked as seeded)."""
    return _set_to.get() is not None


@contextmanager
def set_to(instant: datetime) -> Iterator[None]:
    """Set the clock for this thread or task. Refused on a folder that is not demo data."""
    from rtcc.config import config

    if not config.demo:
        raise RuntimeError("the clock can be set only on demo data and in tests")
    if instant.tzinfo is None:
        raise ValueError("the instant must be aware")
    token = _set_to.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _set_to.reset(token)
