"""Questions about notices and about what was asked of owners."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Self
from uuid import UUID

from django.db import models

from rtcc.partners.vocabulary import AskState


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
        return self.filter(state=AskState.OPEN)

    def for_list(self) -> Self:
        return self.select_related("camera", "basis", "owner", "asked_by").prefetch_related("uploads")
