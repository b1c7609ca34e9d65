"""Incidents: what a call tells the room. The reason to act is the incident's basis."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from policy.models import Basis, Person
from rtcc.dispatch.querysets import AssignmentQuerySet, IncidentQuerySet
from rtcc.ids import uuid7


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


class Assignment(models.Model):
    """A unit on an incident, and the officer in it. Dispatch assigns units; the room only reads them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="assignments")
    unit = models.CharField(max_length=20, help_text="call sign of the unit, such as 4-12")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="assignments")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    entry = models.UUIDField()

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ("unit",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["incident", "person"], condition=Q(ends_at__isnull=True), name="assignment_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=models.F("starts_at")),
                name="assignment_ends_after_start",
            ),
        ]

    class Privacy:
        closed_while_active = ("incident", "unit", "starts_at", "ends_at")
        personnel = ("person",)
        public = ("id", "entry")
