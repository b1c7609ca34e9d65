"""Agreements: on which terms a partner lends cameras (governance, section 2, MOU fields)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from cameras.hours import Window
from cameras.models.devices import Camera
from cameras.models.placements import ends_after_start, one_at_a_time
from cameras.querysets import AgreementQuerySet, IntervalQuerySet
from policy.models import Organisation, Person
from policy.models.people import choices
from policy.vocabulary import Mode, Purpose
from rtcc.ids import uuid7


class Agreement(models.Model):
    """The owner says which cameras, when, for what and with what notice; this may only add limits."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(unique=True, max_length=40)
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="agreements")
    agency = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="the agency that may watch under it",
    )
    cameras: Any = models.ManyToManyField(Camera, through="Designation", related_name="agreements")
    mode = models.CharField(max_length=20, choices=choices(Mode))
    purposes = ArrayField(models.CharField(max_length=40, choices=choices(Purpose)), default=list, blank=True)
    notify_owner = models.BooleanField(default=True, help_text="tell the owner of each access")
    viewers = models.CharField(
        max_length=200, blank=True, help_text="who may view, in words; empty: as policy says"
    )
    agency_copies_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="how long the agency keeps its copies; empty: as policy says"
    )
    onward_sharing = models.BooleanField(default=False)
    records_handling = models.CharField(max_length=300, blank=True)
    number_told = models.BooleanField(
        default=False, help_text="tell the owner the number of the incident or case too"
    )
    same_rules = models.BooleanField(default=True, help_text="the department's rules bind this partner too")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    review_on = models.DateField(help_text="when both sides look at it again")
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = AgreementQuerySet.as_manager()

    class Meta:
        ordering = ("code",)
        constraints: ClassVar = [
            ends_after_start("agreement_ends_after_start"),
            models.CheckConstraint(
                condition=Q(mode__in=[m.value for m in Mode]), name="agreement_mode_known"
            ),
            models.CheckConstraint(
                condition=Q(purposes__contained_by=[p.value for p in Purpose]),
                name="agreement_purposes_known",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="agreement_revoked_at_and_by",
            ),
        ]

    class Privacy:
        public = ("id", "code", "owner", "agency", "cameras", "mode", "purposes", "notify_owner", "viewers",
                  "agency_copies_days", "onward_sharing", "records_handling", "number_told", "same_rules",
                  "starts_at", "ends_at", "review_on", "revoked_at")  # fmt: skip
        personnel = ("revoked_by",)

    def __str__(self) -> str:
        return self.code


class Designation(models.Model):
    """A camera that the owner has put under an agreement; under one at a time."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="designations")
    camera = models.ForeignKey(
        Camera, on_delete=models.PROTECT, to_field="number", related_name="designations"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    objects = IntervalQuerySet.as_manager()

    class Meta:
        ordering = ("starts_at",)
        constraints: ClassVar = [
            one_at_a_time("designation_one_at_a_time"),
            ends_after_start("designation_ends_after_start"),
        ]

    class Privacy:
        public = ("id", "agreement", "camera", "starts_at", "ends_at")


class AgreementHours(models.Model):
    """One opening of a conditional agreement, on the clock of the camera's site.

    ``closes`` at or before ``opens`` is on the next day; equal times are a full day.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(help_text="the day it opens: 0 Monday to 6 Sunday")
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        ordering = ("weekday", "opens")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="hours_weekday_in_week"),
            models.UniqueConstraint(F("agreement"), F("weekday"), F("opens"), name="hours_open_once"),
        ]

    class Privacy:
        public = ("id", "agreement", "weekday", "opens", "closes")

    @property
    def window(self) -> Window:
        return Window(self.weekday, self.opens, self.closes)


class LentHours(models.Model):
    """One opening in which the owner lends just now, within the agreed hours. None at all: all agreed hours.

    The agreement stays what both sides agreed; this is the owner's alone, so that what it takes away today it
    gives again tomorrow without asking.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="lent_hours")
    weekday = models.PositiveSmallIntegerField(help_text="the day it opens: 0 Monday to 6 Sunday")
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        ordering = ("weekday", "opens")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="lent_hours_weekday_in_week"),
            models.UniqueConstraint(F("agreement"), F("weekday"), F("opens"), name="lent_hours_open_once"),
        ]

    class Privacy:
        public = ("id", "agreement", "weekday", "opens", "closes")

    @property
    def window(self) -> Window:
        return Window(self.weekday, self.opens, self.closes)
