"""Custody: one row per camera, which keeping and destroying lock, so that exactly one of them wins."""

from __future__ import annotations

from django.db import models


class Custody(models.Model):
    """The lock of one camera's footage. Who locks several takes them in the order of their ids."""

    camera = models.UUIDField(primary_key=True)

    class Meta:
        ordering = ("camera",)

    class Privacy:
        closed_while_active = ("camera",)
