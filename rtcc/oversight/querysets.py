"""Questions about verifications."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q

from rtcc.oversight.vocabulary import RunState

_OPEN = [RunState.WAITING, RunState.RUNNING]


class VerificationQuerySet(models.QuerySet[Any]):
    """Questions about verifications."""

    def open(self) -> VerificationQuerySet:
        return self.filter(state__in=_OPEN)

    def free_at(self, instant: datetime) -> VerificationQuerySet:
        """Those that a worker may take: nobody holds their lease."""
        return self.open().filter(Q(leased_until__isnull=True) | Q(leased_until__lt=instant))

    def held(self, run: UUID) -> VerificationQuerySet:
        return self.filter(id=run, state=RunState.RUNNING)

    def finished(self) -> VerificationQuerySet:
        return self.filter(state=RunState.DONE).order_by("-finished_at")
