"""Incidents: what a call tells the room. The reason to act is the incident's basis."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from policy.models import Basis
from rtcc.dispatch.querysets import IncidentQuerySet


class Incident(models.Model):
    """One call or event, one-to-one with its basis: type, priority and place."""

    basis = models.OneToOneField(Basis, on_delete=models.PROTECT, primary_key=True, related_name="incident")
    kind = models.CharField(max_length=80, help_text="call type in the agency's words")
    priority = models.PositiveSmallIntegerField(help_text="1 most urgent to 5")
    place = models.CharField(max_length=200, help_text="address or corner, as the caller gave it")
    lon = models.FloatField()
    lat = models.FloatField()
    entry = models.UUIDField()

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ("priority", "-basis__opened_at")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(priority__gte=1, priority__lte=5), name="incident_priority_1_to_5"
            ),
            models.CheckConstraint(
                condition=Q(lon__gte=-180, lon__lte=180, lat__gte=-90, lat__lte=90),
                name="incident_place_on_earth",
            ),
        ]

    class Privacy:
        closed_while_active = ("basis", "kind", "priority", "place", "lon", "lat")
        public = ("entry",)

    def __str__(self) -> str:
        return f"{self.basis} {self.kind}"
