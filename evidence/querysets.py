"""Questions about recorded footage."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from evidence.retention.states import HOLDS, DispositionState
from evidence.vault.descriptor import Period

_WORKING = (DispositionState.TOMBSTONED, DispositionState.KEYLESS, DispositionState.BYTES_GONE)


class SegmentQuerySet(models.QuerySet[Any]):
    """Questions about segments. The day is part of every question, because it is the partition."""

    def of_camera(self, camera: UUID) -> Self:
        return self.filter(camera=camera)

    def of_cameras(self, cameras: Collection[UUID]) -> Self:
        return self.filter(camera__in=cameras)

    def overlapping(self, starts_at: datetime, ends_at: datetime) -> Self:
        """Segments with footage in [starts_at, ends_at), in the order of time. A segment is
        about a minute long, so the partition of an hour before is looked into too."""
        first = (starts_at - timedelta(hours=1)).date()
        return self.filter(
            day__gte=first, day__lte=ends_at.date(), starts_at__lt=ends_at, ends_at__gt=starts_at
        ).order_by("starts_at")

    def not_in_a_minute(self) -> Self:
        """Rows that no minute entry has rooted yet, late ones too."""
        return self.filter(minute__isnull=True)

    def standing(self) -> Self:
        """Footage that is there: no tombstone."""
        return self.filter(tombstone__isnull=True)

    def due_at(self, instant: datetime) -> Self:
        """Footage whose time is over and that has no tombstone yet."""
        return self.standing().filter(destroy_after__lte=instant)

    def rooted(self) -> Self:
        """Rows that a minute entry names: the log knows that this footage was there."""
        return self.filter(minute__isnull=False)

    def of_assets(self, assets: Collection[tuple[date, UUID]]) -> Self:
        """Exactly these, named by day and id."""
        return self.filter(day__in={day for day, _ in assets}, id__in=[asset for _, asset in assets])

    def of_period(self, camera: UUID, period: Period) -> Self:
        """Footage of one camera whose keys are wrapped by the key of one period."""
        return self.of_camera(camera).filter(
            day__gte=period.starts_at.date(),
            day__lte=period.ends_at.date(),
            period_starts_at=period.starts_at,
            period_s=period.length_s,
        )

    def of_disposition(self, disposition: UUID, days: Collection[date]) -> Self:
        return self.filter(day__in=days, tombstone=disposition)


class GapQuerySet(models.QuerySet[Any]):
    """Questions about gaps."""

    def of_camera(self, camera: UUID) -> Self:
        return self.filter(camera=camera)

    def of_cameras(self, cameras: Collection[UUID]) -> Self:
        return self.filter(camera__in=cameras)

    def overlapping(self, starts_at: datetime, ends_at: datetime) -> Self:
        return self.filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=starts_at), starts_at__lt=ends_at
        ).order_by("starts_at")

    def open(self) -> Self:
        return self.filter(ends_at__isnull=True)

    def longer_than_nothing(self) -> Self:
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")))


class PlaybackQuerySet(models.QuerySet[Any]):
    """Questions about playback sessions."""

    def open(self) -> Self:
        return self.filter(ended_at__isnull=True)

    def of_person(self, person: UUID) -> Self:
        return self.filter(person_id=person)

    def silent_since(self, instant: datetime) -> Self:
        """Open sessions that nobody has asked anything of since ``instant``."""
        return self.open().filter(seen_at__lt=instant)


class KeepQuerySet(models.QuerySet[Any]):
    """Questions about keeps."""

    def standing_at(self, instant: datetime) -> Self:
        """Not released, and not run out."""
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=instant), released_at__isnull=True)

    def run_out_at(self, instant: datetime) -> Self:
        """Over by their own end, which no entry says yet."""
        return self.filter(released_at__isnull=True, expires_at__lte=instant)

    def holds(self) -> Self:
        return self.filter(kind__in=HOLDS)

    def marks(self) -> Self:
        """Keeps that end by themselves: bookmarks, and what an incident or an export keeps."""
        return self.exclude(kind__in=HOLDS)

    def released(self) -> Self:
        return self.filter(released_at__isnull=False)

    def of_agencies(self, agencies: Collection[UUID]) -> Self:
        return self.filter(agency_id__in=agencies)

    def with_key_to_destroy(self) -> Self:
        """Released, and their key still lives."""
        return self.filter(released_at__isnull=False, key_gone_at__isnull=True)

    def for_list(self) -> Self:
        return self.select_related("basis", "placed_by", "agency").prefetch_related("intervals")


class KeepIntervalQuerySet(models.QuerySet[Any]):
    """Questions about what keeps hold."""

    def standing_at(self, instant: datetime) -> Self:
        return self.filter(
            Q(keep__expires_at__isnull=True) | Q(keep__expires_at__gt=instant), keep__released_at__isnull=True
        )

    def of_camera(self, camera: UUID) -> Self:
        return self.filter(camera=camera)

    def of_cameras(self, cameras: Collection[UUID]) -> Self:
        return self.filter(camera__in=cameras)

    def overlapping(self, starts_at: datetime, ends_at: datetime) -> Self:
        return self.filter(starts_at__lt=ends_at, ends_at__gt=starts_at)


class DispositionQuerySet(models.QuerySet[Any]):
    """Questions about dispositions."""

    def planned(self) -> Self:
        return self.filter(state=DispositionState.PLANNED)

    def begun(self) -> Self:
        """Decided, and the work is not at its end."""
        return self.filter(state__in=_WORKING)

    def decided(self) -> Self:
        return self.filter(entry__isnull=False)

    def of_camera(self, camera: UUID) -> Self:
        return self.filter(camera=camera)

    def overlapping(self, starts_at: datetime, ends_at: datetime) -> Self:
        return self.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).order_by("starts_at")

    def with_keys_to_destroy(self) -> Self:
        """Destroyed and proved, but some key above it still lives."""
        return self.filter(state=DispositionState.PROVED, beyond_recovery_at__isnull=True)


class AssetQuerySet(models.QuerySet[Any]):
    """Questions about assets that are no segment; those of destruction are asked as of segments."""

    def standing(self) -> Self:
        return self.filter(tombstone__isnull=True)

    def due_at(self, instant: datetime) -> Self:
        """Assets whose time is over and that have no tombstone yet."""
        return self.standing().filter(destroy_after__lte=instant)

    def rooted(self) -> Self:
        """All of them: each asset's own entry states its seal."""
        return self.all()

    def of_assets(self, assets: Collection[tuple[date, UUID]]) -> Self:
        """Exactly these, named by day and id."""
        return self.filter(id__in=[asset for _, asset in assets])


class AssetReadingQuerySet(models.QuerySet[Any]):
    """Questions about handings-out of assets."""

    def open(self) -> Self:
        return self.filter(ended_at__isnull=True)

    def silent_since(self, instant: datetime) -> Self:
        """Open, and nothing was read since ``instant``."""
        return self.open().filter(seen_at__lt=instant)
