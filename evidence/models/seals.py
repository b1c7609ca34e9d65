"""Minute seals: each minute one entry of the log roots all segments that no entry has rooted yet."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from rtcc.ids import uuid7


class MinuteSeal(models.Model):
    """What one minute entry commits to. Its leaf list is a file beside the tiles, named by the minute."""

    minute = models.DateTimeField(primary_key=True)
    id = models.UUIDField(default=uuid7, unique=True, editable=False)
    root = models.BinaryField(help_text="RFC 6962 tree over the leaf list's lines, 32 bytes")
    segments = models.IntegerField()
    expected = models.IntegerField(
        help_text="cameras that register, pause and retire entries say are recorded"
    )
    recorded = models.IntegerField(help_text="of these, with footage in the minute")
    in_gap = models.IntegerField(help_text="of these, with an explained gap in the minute")
    entry = models.UUIDField()

    class Meta:
        ordering = ("minute",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(segments__gte=0), name="minute_seal_counts"),
        ]

    class Privacy:
        public = ("minute", "id", "root", "segments", "expected", "recorded", "in_gap", "entry")
