"""Questions about incidents."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q


class IncidentQuerySet(models.QuerySet[Any]):
    """Questions about incidents."""

    def of_agencies(self, agencies: Collection[UUID]) -> IncidentQuerySet:
        return self.filter(basis__agency_id__in=agencies)

    def open_at(self, instant: datetime) -> IncidentQuerySet:
        return self.filter(
            Q(basis__closed_at__isnull=True) | Q(basis__closed_at__gt=instant), basis__opened_at__lte=instant
        )

    def for_list(self) -> IncidentQuerySet:
        """With all that a list shows, in one query."""
        return self.select_related("basis__agency").order_by("priority", "-basis__opened_at")


class AssignmentQuerySet(models.QuerySet[Any]):
    """Questions about units on incidents."""

    def on_basis(self, basis: UUID) -> AssignmentQuerySet:
        return self.filter(incident_id=basis)

    def valid_at(self, instant: datetime) -> AssignmentQuerySet:
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=instant), starts_at__lte=instant)
