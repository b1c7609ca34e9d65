"""Questions about viewings."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import F, Q


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

    def wanted(self) -> ViewingQuerySet:
        """Open viewings that nobody has asked to end."""
        return self.open().filter(asked_to_end="")

    def served_since(self, instant: datetime) -> ViewingQuerySet:
        """Viewings whose process has given a sign of life since ``instant``."""
        return self.filter(seen_at__gte=instant).exclude(process="")

    def silent_since(self, instant: datetime) -> ViewingQuerySet:
        """Open viewings whose process has given no sign of life since ``instant``."""
        return self.open().filter(seen_at__lt=instant)

    def not_missed_yet(self) -> ViewingQuerySet:
        """Those whose present silence nobody has noticed yet."""
        return self.filter(Q(missed_at__isnull=True) | Q(missed_at__lte=F("seen_at")))

    def missed_since(self, instant: datetime) -> ViewingQuerySet:
        """Those whose present silence was noticed at ``instant`` or before."""
        return self.filter(missed_at__gt=F("seen_at"), missed_at__lte=instant)
