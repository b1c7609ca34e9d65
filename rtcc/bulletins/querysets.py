"""Questions about bulletins."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q


class BulletinQuerySet(models.QuerySet[Any]):
    """Questions about bulletins."""

    def to_person(self, person: UUID) -> BulletinQuerySet:
        return self.filter(recipient_id=person)

    def by_person(self, person: UUID) -> BulletinQuerySet:
        return self.filter(sender_id=person)

    def on_agencies(self, agencies: Collection[UUID]) -> BulletinQuerySet:
        return self.filter(basis__agency_id__in=agencies)

    def with_token(self, sha256: str) -> BulletinQuerySet:
        return self.filter(token_sha256=sha256)

    def standing_at(self, instant: datetime) -> BulletinQuerySet:
        """Those that can be opened: not taken back, not run out, on a grant and a basis that stand."""
        return self.filter(
            Q(basis__closed_at__isnull=True) | Q(basis__closed_at__gt=instant),
            revoked_at__isnull=True,
            expires_at__gt=instant,
            permit__grant__ended_at__isnull=True,
        )

    def unopened(self) -> BulletinQuerySet:
        return self.filter(opened_at__isnull=True)

    def unmade_at(self, instant: datetime) -> BulletinQuerySet:
        """Stills and clips whose picture is still to be made, and that nobody makes just now."""
        return self.filter(
            Q(trying_until__isnull=True) | Q(trying_until__lt=instant),
            asset__isnull=True,
            fault="",
            revoked_at__isnull=True,
        ).exclude(shape="live")

    def for_list(self) -> BulletinQuerySet:
        """With all that a list shows, in one query."""
        return self.select_related("basis__incident", "sender", "recipient", "permit__grant")
