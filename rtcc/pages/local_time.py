"""Local times that people type: a clock change makes one of them mean two instants, or none."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

TWICE = [
    ("", "choose"),
    ("0", "the first time, before the clocks went back"),
    ("1", "the second time, after"),
]


def instants_of(typed: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The instants (UTC, in order) at which clocks of the zone showed a naive local time: one; two in the
    hour that comes twice; none in the hour that is left out (PEP 495).
    """
    first, second = (typed.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return (first.astimezone(UTC),)
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != typed:
        return ()
    return (first.astimezone(UTC), second.astimezone(UTC))
