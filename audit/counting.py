"""How often something happened, by month: counts of entries, without who, which camera or on which basis."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

# A camera lies in the group that it was in when it was watched. An act on two cameras of one group is one.
_BY_GROUP = """
SELECT date_trunc('month', lower(t.watched) AT TIME ZONE %s)::date AS month, t.event, coalesce(t.purpose, ''),
       g.name, count(DISTINCT t.entry)
FROM audit_touch t
JOIN unnest(%s::uuid[], %s::text[], %s::timestamptz[], %s::timestamptz[]) AS g(camera, name, since, until)
  ON t.camera = g.camera AND lower(t.watched) >= g.since
     AND (g.until IS NULL OR lower(t.watched) < g.until)
WHERE t.event = ANY(%s) AND lower(t.watched) >= %s AND lower(t.watched) < %s
GROUP BY 1, 2, 3, 4 ORDER BY 1 DESC, 4, 3, 2
"""
_BY_OUTCOME = """
SELECT date_trunc('month', lower(watched) AT TIME ZONE %s)::date AS month, event, coalesce(purpose, ''),
       count(DISTINCT entry)
FROM audit_touch
WHERE outcome = %s AND lower(watched) >= %s AND lower(watched) < %s
GROUP BY 1, 2, 3 ORDER BY 1 DESC, 3, 2
"""


@dataclass(frozen=True)
class Group:
    """A camera belongs to the group ``name`` from an instant until another (None: until now)."""

    camera: UUID
    name: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Count:
    """Entries of one month (its first day), event, purpose and group."""

    month: date
    event: str
    purpose: str
    group: str
    entries: int


def by_group(
    groups: Sequence[Group], events: Collection[str], since: datetime, until: datetime, zone: str
) -> list[Count]:
    """Entries in [since, until) by month of the zone's calendar; one query."""
    columns: list[list[Any]] = [
        [each.camera for each in groups],
        [each.name for each in groups],
        [each.since for each in groups],
        [each.until for each in groups],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_BY_GROUP, [zone, *columns, list(events), since, until])
        return [Count(*row) for row in cursor.fetchall()]


def by_outcome(outcome: str, since: datetime, until: datetime, zone: str) -> list[Count]:
    """Entries with an outcome in [since, until) by month, event and purpose; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_OUTCOME, [zone, outcome, since, until])
        return [Count(month, event, purpose, "", entries) for month, event, purpose, entries in cursor]
