"""Questions about keeps and dispositions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models import Q

from evidence.retention.states import HOLDS, DispositionState

_WORKING = (DispositionState.TOMBSTONED, DispositionState.KEYLESS, DispositionState.BYTES_GONE)


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

    def with_keys_to_destroy(self) -> Self:
        """Destroyed and proved, but some key above it still lives."""
        return self.filter(state=DispositionState.PROVED, beyond_recovery_at__isnull=True)
