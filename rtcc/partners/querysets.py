"""Questions about notices and about what was asked of owners."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.db import models

from rtcc import clock
from rtcc.partners.vocabulary import AskState, AskWants


class NoticeQuerySet(models.QuerySet[Any]):
    """Questions about notices."""

    def of_owners(self, owners: Collection[UUID]) -> Self:
        return self.filter(owner_id__in=owners)

    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)


class AskQuerySet(models.QuerySet[Any]):
    """Questions about what was asked of owners."""

    def of_owners(self, owners: Collection[UUID]) -> Self:
        return self.filter(owner_id__in=owners)

    def of_agencies(self, agencies: Collection[UUID]) -> Self:
        return self.filter(basis__agency_id__in=agencies)

    def of_basis(self, basis: UUID) -> Self:
        return self.filter(basis_id=basis)

    def open(self) -> Self:
        """Those that wait; one that asked to watch until an instant that has passed waits no more."""
        past = models.Q(wants=AskWants.WATCH, ends_at__lte=clock.now())
        return self.filter(state=AskState.OPEN).exclude(past)

    def standing_at(self, instant: datetime) -> Self:
        """Yeses that stand, of whoever owns the camera today."""
        given = self.filter(state=AskState.GIVEN, until__gt=instant, answered_at__lte=instant)
        return given.filter(camera__owner_id=models.F("owner_id"))

    def for_list(self) -> Self:
        return self.select_related("camera", "basis", "owner", "asked_by").prefetch_related("uploads")
