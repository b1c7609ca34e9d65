"""Gaps: time in which a camera was expected and there is no footage, with the reason."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from evidence.querysets import GapQuerySet
from evidence.recorder.states import GapReason
from rtcc.ids import uuid7


class Gap(models.Model):
    """One gap of one camera. ``ends_at`` is null while it lasts."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    camera = models.UUIDField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    reason = models.CharField(
        max_length=30, choices=[(r.value, r.value.replace("_", " ")) for r in GapReason]
    )
    detail = models.CharField(max_length=300, blank=True, help_text="one plain sentence, without secrets")

    objects = GapQuerySet.as_manager()

    class Meta:
        ordering = ("starts_at",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["camera", "starts_at", "reason"], name="gap_once"),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
                name="gap_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(reason__in=[r.value for r in GapReason]), name="gap_reason_known"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["camera", "starts_at"], name="gap_camera_time")]

    class Privacy:
        closed_while_active = ("id", "camera", "starts_at", "ends_at", "reason", "detail")
