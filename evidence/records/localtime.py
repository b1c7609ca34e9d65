"""Local times as people type them: an hour that came twice, and one that never was."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def readings(typed: datetime, zone: ZoneInfo) -> list[datetime]:
    """The instants (UTC) at which the zone's clock showed ``typed`` (naive): none, one, or two in order."""
    found = [typed.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    real = [each for each in found if each.astimezone(zone).replace(tzinfo=None) == typed]
    return sorted(set(real))
