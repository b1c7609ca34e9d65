"""Playback sessions: what recorded footage was asked for, and what was in fact sent."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from evidence.querysets import PlaybackQuerySet
from policy.models import Permit
from rtcc.ids import uuid7


class Playback(models.Model):
    """One person's playback of one interval, on the cameras that its permit covers."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="playbacks")
    permit = models.OneToOneField(Permit, on_delete=models.PROTECT, related_name="playback")
    starts_at = models.DateTimeField(help_text="of the footage asked for")
    ends_at = models.DateTimeField(help_text="of the footage asked for")
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="last request")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=300, blank=True)
    entry = models.UUIDField()
    ended_entry = models.UUIDField(null=True, blank=True)

    objects = PlaybackQuerySet.as_manager()

    class Meta:
        ordering = ("-opened_at",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="playback_ends_after_start"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_entry__isnull=True)
                | Q(ended_at__isnull=False, ended_entry__isnull=False),
                name="playback_end_has_entry",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["seen_at"], condition=Q(ended_at__isnull=True), name="playback_open_seen"),
        ]

    class Privacy:
        personnel = ("person", "permit")
        closed_while_active = ("starts_at", "ends_at", "opened_at", "seen_at", "ended_at", "ended_why")
        public = ("id", "entry", "ended_entry")


class Played(models.Model):
    """What one playback was sent of one camera. ``reserved`` is raised and committed before bytes go; it is
    more than ``sent`` only where a process died in between."""

    playback = models.ForeignKey(Playback, on_delete=models.PROTECT, related_name="played")
    camera = models.UUIDField()
    reserved = models.BigIntegerField(default=0, help_text="bytes promised to the account before they go")
    sent = models.BigIntegerField(default=0, help_text="bytes sent")
    spans = models.JSONField(default=list, help_text="footage sent: [[from, to], ...], merged, ISO 8601 UTC")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["playback", "camera"], name="played_camera_once"),
            models.CheckConstraint(condition=Q(sent__lte=F("reserved")), name="played_sent_within_reserved"),
        ]

    class Privacy:
        closed_while_active = ("id", "playback", "camera", "reserved", "sent", "spans")
