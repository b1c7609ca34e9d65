"""How a camera is doing just now. Not a state that acts change: recorder and probe write it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from cameras.models.devices import Camera
from cameras.vocabulary import HealthState
from policy.models.people import choices


class CameraHealth(models.Model):
    """One row per camera, overwritten by the recorder; history is in the gaps of the catalogue."""

    camera = models.OneToOneField(Camera, on_delete=models.PROTECT, primary_key=True, related_name="health")
    state = models.CharField(max_length=10, choices=choices(HealthState), default=HealthState.UNKNOWN)
    since = models.DateTimeField(help_text="when it entered this state")
    checked_at = models.DateTimeField()
    last_picture_at = models.DateTimeField(null=True, blank=True)
    frame_rate = models.FloatField(null=True, blank=True, help_text="frames per second, last minute")
    kbit_per_s = models.FloatField(null=True, blank=True, help_text="last minute")
    clock_offset_ms = models.FloatField(null=True, blank=True, help_text="camera clock minus recorder clock")
    sentence = models.CharField(max_length=300, blank=True, help_text="what is wrong, in plain words")

    class Meta:
        ordering = ("camera",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in HealthState]), name="health_state_known"
            ),
        ]

    class Privacy:
        closed_while_active = ("camera", "state", "since", "checked_at", "last_picture_at", "frame_rate",
                               "kbit_per_s", "clock_offset_ms", "sentence")  # fmt: skip
