"""Questions about viewings."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models


class ViewingQuerySet(models.QuerySet[Any]):
    """Questions about viewings."""

    def open(self) -> ViewingQuerySet:
        return self.filter(ended_at__isnull=True)

    def of_person(self, person: UUID) -> ViewingQuerySet:
        return self.filter(person_id=person)

    def on_basis(self, basis: UUID, instant: datetime) -> ViewingQuerySet:
        """Viewings whose permit is for this basis and has time left."""
        return self.filter(
            permit__basis_id=basis, permit__expires_at__gt=instant, permit__ended_at__isnull=True
        )

    def silent_since(self, instant: datetime) -> ViewingQuerySet:
        """Open viewings whose process has given no sign of life since ``instant``."""
        return self.open().filter(seen_at__lt=instant)
