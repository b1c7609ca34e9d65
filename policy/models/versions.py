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
    (`policy.cedar.version_hash`), and reading a row whose parts do not have it is refused. ``starter`` is the
    hash of the version that was shipped with the release of that day: a later release offers its own.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hash = models.CharField(max_length=64)
    parts = models.JSONField()
    state = models.CharField(max_length=20, choices=choices(VersionState))
    effective_from = models.DateTimeField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    entry = models.UUIDField(help_text="the entry of the publication")
    starter = models.CharField(max_length=64, blank=True, help_text="hash of the version shipped then")

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
        public = ("id", "hash", "parts", "state", "effective_from", "published_at", "entry", "starter")
        personnel = ("published_by",)

    def __str__(self) -> str:
        return self.hash[:12]


class PolicyDraft(models.Model):
    """A version that somebody writes: it decides nothing. What is proposed of it is frozen by its hash."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    parts = models.JSONField()
    begun_from = models.CharField(max_length=64, help_text="hash of the version whose parts it began with")
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ("-changed_at",)

    class Privacy:
        closed_while_active = ("parts", "begun_from", "made_at", "changed_at")
        personnel = ("made_by",)
        public = ("id",)

    def __str__(self) -> str:
        return f"draft of {self.changed_at:%Y-%m-%d %H:%M}"


class PolicyMatrix(models.Model):
    """Who may do what under one version, worked out once: tens of thousands of decisions.

    ``cells`` maps the words of a cell to what it takes; a cell that nothing makes lawful is not there.
    """

    hash = models.CharField(primary_key=True, max_length=64)
    cells = models.JSONField()
    made_at = models.DateTimeField()

    class Privacy:
        public = ("hash", "cells", "made_at")

    def __str__(self) -> str:
        return self.hash[:12]
