"""Leases: which recorder holds which camera. Identity of recorded footage is (camera, lease epoch)."""

from __future__ import annotations

from django.db import models


class Lease(models.Model):
    """One camera's lease. ``epoch`` rises each time that somebody takes it; chains of seals run per epoch."""

    camera = models.UUIDField(primary_key=True)
    recorder = models.CharField(max_length=80)
    epoch = models.BigIntegerField(default=0)
    until = models.DateTimeField()

    class Meta:
        ordering = ("camera",)

    class Privacy:
        security = ("camera", "recorder", "epoch", "until")
