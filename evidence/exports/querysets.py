"""Questions about exports."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models import Q

from evidence.exports.states import WORKING, ExportState


class ExportQuerySet(models.QuerySet[Any]):
    """Questions about exports."""

    def of_basis(self, basis: UUID) -> Self:
        return self.filter(basis_id=basis)

    def working(self) -> Self:
        """Approved or being made."""
        return self.filter(state__in=WORKING)

    def waiting(self, instant: datetime) -> Self:
        """Proposed, and there is still time to approve."""
        return self.filter(state=ExportState.PROPOSED, proposal__expires_at__gt=instant)

    def free_at(self, instant: datetime) -> Self:
        """To be carried on by whoever takes the lease first."""
        return self.working().filter(Q(leased_until__isnull=True) | Q(leased_until__lt=instant))

    def for_list(self) -> Self:
        return self.select_related("basis", "asked_by", "proposal", "asset")
