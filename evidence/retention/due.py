"""What is due: footage whose time is over and that nothing keeps, and what comes next, with its reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, Max, Min, OuterRef, QuerySet, Sum
from django.db.models.functions import TruncHour

from evidence.models import Asset, Disposition, KeepInterval, Segment
from evidence.retention.states import DispositionState
from evidence.vault.descriptor import HOUR_S
from policy import publish
from policy.parameters import ParameterRow

MOST_AT_ONCE = 240
# Footage that lives for days is destroyed in batches of an hour, so that one record speaks for an hour; where
# it lives for minutes, in batches of a minute.
BATCH_S = {HOUR_S: 60}
LONG_BATCH_S = 3600


def batch_end(now: datetime, period_s: int) -> datetime:
    """Footage due before this instant is destroyed now; what is due later waits for the next batch."""
    step = BATCH_S.get(period_s, LONG_BATCH_S)
    return datetime.fromtimestamp(int(now.timestamp()) // step * step, UTC)


def _kept(at: datetime, custody: str) -> Exists:
    """Whether any keep stands on a row, inside a query of segments or assets; ``custody`` is their column."""
    return Exists(
        KeepInterval.objects.standing_at(at).filter(
            camera=OuterRef(custody),
            starts_at__lt=OuterRef("ends_at"),
            ends_at__gt=OuterRef("starts_at"),
        )
    )


def free_to_destroy(now: datetime, period_s: int) -> QuerySet[Segment]:
    """Segments that are due, rooted in a minute entry, and under no keep; the longest overdue first."""
    rows = Segment.objects.due_at(batch_end(now, period_s)).rooted().filter(period_s=period_s)
    found: QuerySet[Segment] = rows.exclude(_kept(now, "camera")).order_by("destroy_after", "camera", "id")
    return found


def ranges_of(segments: Iterable[Segment | Asset]) -> list[list[str]]:
    """The intervals of footage, merged where they touch, as ISO 8601 in UTC."""
    merged: list[list[datetime]] = []
    for segment in sorted(segments, key=lambda each: each.starts_at):
        if merged and segment.starts_at <= merged[-1][1] + timedelta(milliseconds=1):
            merged[-1][1] = max(merged[-1][1], segment.ends_at)
        else:
            merged.append([segment.starts_at, segment.ends_at])
    return [[start.isoformat(), end.isoformat()] for start, end in merged]


def plan(now: datetime, period_s: int) -> list[Disposition]:
    """Write down what one run takes up: a disposition for each camera, key period and rule."""
    batches: dict[tuple[Any, ...], list[Segment]] = {}
    for segment in free_to_destroy(now, period_s)[: 8 * MOST_AT_ONCE]:
        key = (segment.camera, segment.period_starts_at, segment.destroy_rule, segment.retention_class)
        batches.setdefault(key, []).append(segment)
    return [_planned(segments[:MOST_AT_ONCE], now) for segments in batches.values()]


def plan_assets(now: datetime) -> list[Disposition]:
    """The same of assets that are no segment: a disposition for each custody, kind and rule."""
    rows = Asset.objects.due_at(now).exclude(_kept(now, "custody")).order_by("destroy_after", "id")
    batches: dict[tuple[Any, ...], list[Asset]] = {}
    for row in rows[: 8 * MOST_AT_ONCE]:
        batches.setdefault((row.custody, row.kind, row.destroy_rule), []).append(row)
    return [_planned(assets[:MOST_AT_ONCE], now) for assets in batches.values()]


def _planned(segments: Sequence[Segment] | Sequence[Asset], now: datetime) -> Disposition:
    first = segments[0]
    return Disposition.objects.create(
        what="footage" if isinstance(first, Segment) else "assets",
        camera=first.custody,
        state=DispositionState.PLANNED,
        retention_class=first.retention_class if isinstance(first, Segment) else first.kind,
        rule=first.destroy_rule,
        period_starts_at=first.period_starts_at,
        period_s=first.period_s,
        starts_at=min(segment.starts_at for segment in segments),
        ends_at=max(segment.ends_at for segment in segments),
        due_at=max(segment.destroy_after for segment in segments),
        count=len(segments),
        bytes=sum(segment.ciphertext_bytes for segment in segments),
        assets=[[segment.day.isoformat(), str(segment.id)] for segment in segments],
        ranges=ranges_of(segments),
        planned_at=now,
    )


@dataclass(frozen=True)
class DueHour:
    """Footage of one camera and one hour that is due by one rule: when, how much, and what keeps it."""

    camera: UUID
    hour: datetime
    retention_class: str
    rule_id: str
    rule: ParameterRow | None
    starts_at: datetime
    ends_at: datetime
    due_from: datetime
    due_to: datetime
    count: int
    bytes: int
    keeps: tuple[KeepInterval, ...]

    @property
    def kept(self) -> bool:
        return bool(self.keeps)


def hours_due(until: datetime, cameras: Sequence[UUID] | None = None) -> QuerySet[Segment, dict[str, Any]]:
    """Hours of footage due before ``until``, the soonest first, as rows for a paginator."""
    rows = Segment.objects.due_at(until)
    if cameras is not None:
        rows = rows.of_cameras(cameras)
    found: QuerySet[Segment, dict[str, Any]] = (
        rows.annotate(hour=TruncHour("starts_at", tzinfo=UTC))
        .values("camera", "hour", "retention_class", "destroy_rule")
        .annotate(
            first=Min("starts_at"),
            last=Max("ends_at"),
            due_from=Min("destroy_after"),
            due_to=Max("destroy_after"),
            segments=Count("id"),
            size=Sum("ciphertext_bytes"),
        )
        .order_by("due_from", "camera", "hour")
    )
    return found


def explain(rows: Sequence[dict[str, Any]], at: datetime) -> list[DueHour]:
    """The rows of one page with their rule and the keeps that stand on them."""
    rules = {row.id: row for row in publish.active().parameters.rows}
    cameras = {row["camera"] for row in rows}
    intervals = list(
        KeepInterval.objects.of_cameras(cameras).standing_at(at).select_related("keep", "keep__basis")
    )
    return [
        DueHour(
            camera=row["camera"],
            hour=row["hour"],
            retention_class=row["retention_class"],
            rule_id=row["destroy_rule"],
            rule=rules.get(row["destroy_rule"]),
            starts_at=row["first"],
            ends_at=row["last"],
            due_from=row["due_from"],
            due_to=row["due_to"],
            count=row["segments"],
            bytes=row["size"],
            keeps=tuple(
                each
                for each in intervals
                if each.camera == row["camera"]
                and each.starts_at < row["last"]
                and row["first"] < each.ends_at
            ),
        )
        for row in rows
    ]
