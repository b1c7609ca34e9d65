"""Policy versions: what decides, kept word for word under one hash."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from policy.models.people import Person, choices
from rtcc.ids import uuid7


class VersionState(StrEnum):
    """Published: decides from its instant on, until a later one does. Withdrawn: never decides again."""

    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class PolicyVersionQuerySet(models.QuerySet[Any]):
    """Questions about policy versions."""

    def in_force_at(self, instant: datetime) -> PolicyVersionQuerySet:
        """Published versions that have begun, the one that decides first."""
        return self.filter(state=VersionState.PUBLISHED, effective_from__lte=instant).order_by(
            "-effective_from", "-published_at"
        )


class PolicyVersion(models.Model):
    """One publication of a set of parts. Going back to earlier parts is a new row with the same hash.

    ``parts`` maps a part's name (``order.cedar``) to its text; ``hash`` is the SHA-256 over them
    (`policy.cedar.version_hash`), and reading a row whose parts do not have it is refused.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hash = models.CharField(max_length=64)
    parts = models.JSONField()
    state = models.CharField(max_length=20, choices=choices(VersionState))
    effective_from = models.DateTimeField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    entry = models.UUIDField(help_text="the entry of the publication")

    objects = PolicyVersionQuerySet.as_manager()

    class Meta:
        ordering = ("-effective_from", "-published_at")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in VersionState]), name="policy_version_state_known"
            ),
            models.CheckConstraint(
                condition=Q(hash__regex=r"^[0-9a-f]{64}$"), name="policy_version_hash_is_sha256"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["effective_from"])]

    class Privacy:
        public = ("id", "hash", "parts", "state", "effective_from", "published_at", "entry")
        personnel = ("published_by",)

    def __str__(self) -> str:
        return self.hash[:12]
