"""Viewing sessions: what was asked to be watched live, and what was in fact sent."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from policy.models import Permit
from rtcc.ids import uuid7
from rtcc.live.querysets import ViewingQuerySet


class Viewing(models.Model):
    """One person's live viewing of one basis: its permit, its tiles, and its byte account.

    ``reserved`` is raised and committed before bytes go, in steps; ``sent`` is exact at a clean end.
    If the process dies between, the sweeper enters ``reserved`` and says that it is not exact: bytes
    received are never more than bytes entered.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="viewings")
    permit = models.OneToOneField(Permit, on_delete=models.PROTECT, related_name="viewing")
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="last sign of life of the process that serves it")
    continued_at = models.DateTimeField(help_text="last time that an entry said it goes on")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=300, blank=True)
    process = models.CharField(
        max_length=60, blank=True, help_text="host:pid that serves its socket; empty: none"
    )
    asked_to_end = models.CharField(
        max_length=300, blank=True, help_text="why; its process stops it and enters the end"
    )
    missed_at = models.DateTimeField(
        null=True, blank=True, help_text="when the sweeper first noticed that no sign of life came"
    )
    cut_sockets = models.PositiveSmallIntegerField(
        default=0, help_text="sockets lost while pictures were on their way: counts are upper bounds"
    )
    entry = models.UUIDField()
    ended_entry = models.UUIDField(null=True, blank=True)

    objects = ViewingQuerySet.as_manager()

    class Meta:
        ordering = ("-opened_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_entry__isnull=True)
                | Q(ended_at__isnull=False, ended_entry__isnull=False),
                name="viewing_end_has_entry",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["seen_at"], condition=Q(ended_at__isnull=True), name="viewing_open_seen"),
        ]

    class Privacy:
        personnel = ("person", "permit")
        closed_while_active = ("opened_at", "seen_at", "continued_at", "ended_at", "ended_why",
                               "asked_to_end", "missed_at", "cut_sockets")  # fmt: skip
        security = ("process",)
        public = ("id", "entry", "ended_entry")


class Delivered(models.Model):
    """What one viewing was sent of one camera: bytes, and the span of picture time."""

    viewing = models.ForeignKey(Viewing, on_delete=models.PROTECT, related_name="delivered")
    camera = models.UUIDField()
    reserved = models.BigIntegerField(default=0, help_text="bytes promised to the account before they go")
    sent = models.BigIntegerField(default=0, help_text="bytes sent, as last written down")
    first_at = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["viewing", "camera"], name="delivered_camera_once"),
            models.CheckConstraint(
                condition=Q(sent__lte=F("reserved")), name="delivered_sent_within_reserved"
            ),
        ]

    class Privacy:
        closed_while_active = ("id", "viewing", "camera", "reserved", "sent", "first_at", "last_at")
