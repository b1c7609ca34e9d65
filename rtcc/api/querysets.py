"""Questions about tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.db import models


class TokenQuerySet(models.QuerySet[Any]):
    """Questions about tokens."""

    def of_person(self, person: UUID) -> Self:
        return self.filter(person_id=person)

    def standing_at(self, instant: datetime) -> Self:
        """Neither revoked nor run out."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=instant)
