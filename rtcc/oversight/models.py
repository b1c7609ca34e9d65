"""Verifications of the log that somebody asked for: how far each is, and what it found."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from rtcc.ids import uuid7
from rtcc.oversight.querysets import VerificationQuerySet
from rtcc.oversight.vocabulary import RunState


class Verification(models.Model):
    """One run over the whole log. A worker that holds the lease carries it on; after the lease has run out
    another one begins it again.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="empty: time",
    )
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=[(state.value, state.value) for state in RunState])
    done = models.BigIntegerField(default=0, help_text="leaves read so far")
    total = models.BigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    verifies = models.BooleanField(null=True, help_text="empty: not known yet")
    size = models.BigIntegerField(null=True, help_text="leaves of the tree that was verified")
    result = models.JSONField(null=True, help_text="audit.verify.Verification as JSON")
    entry = models.UUIDField()
    finished_entry = models.UUIDField(null=True)

    objects = VerificationQuerySet.as_manager()

    class Meta:
        ordering = ("-asked_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in RunState]), name="verification_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state="done", finished_at__isnull=False, finished_entry__isnull=False,
                            verifies__isnull=False)
                | ~Q(state="done") & Q(finished_entry__isnull=True, verifies__isnull=True),
                name="verification_done_has_entry",
            ),
        ]  # fmt: skip

    class Privacy:
        public = ("id", "asked_at", "state", "done", "total", "finished_at", "verifies", "size", "entry",
                  "finished_entry")  # fmt: skip
        pseudonymous = ("result",)
        personnel = ("asked_by",)
        security = ("attempts", "leased_until")

    def __str__(self) -> str:
        return f"verification of {self.asked_at:%Y-%m-%d %H:%M}"
