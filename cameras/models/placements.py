"""Where a camera stands and what it can see, from an instant until another."""

from __future__ import annotations

from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, IntegerRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value

from cameras.models.devices import Camera
from cameras.querysets import IntervalQuerySet, PlacementQuerySet
from cameras.vocabulary import Sensitivity
from policy.models.people import choices
from rtcc.ids import uuid7


def check_time_zone(name: str) -> None:
    """Refuse a name that is not in the time zone database."""
    if name not in available_timezones():
        raise ValidationError(f"{name!r} is not a time zone of the IANA database, such as America/Chicago.")


def one_at_a_time(name: str, camera: str = "camera") -> ExclusionConstraint:
    """No two rows of one camera whose intervals [starts_at, ends_at) share an instant."""
    number: Any = Func(
        F(camera), F(camera), Value("[]"), function="int4range", output_field=IntegerRangeField()
    )
    interval: Any = Func(
        F("starts_at"), F("ends_at"), Value("[)"), function="tstzrange", output_field=DateTimeRangeField()
    )
    return ExclusionConstraint(
        name=name, expressions=[(number, RangeOperators.OVERLAPS), (interval, RangeOperators.OVERLAPS)]
    )


def ends_after_start(name: str) -> models.CheckConstraint:
    """An interval is open, or ends after it begins."""
    return models.CheckConstraint(
        condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")), name=name
    )


def on_earth(name: str) -> models.CheckConstraint:
    """Longitude and latitude in WGS 84 degrees."""
    return models.CheckConstraint(
        condition=Q(lon__gte=-180, lon__lte=180, lat__gte=-90, lat__lte=90), name=name
    )


class Site(models.Model):
    """A place with its own local time: hours of an agreement are read on its clock."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(unique=True, max_length=40)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=60, validators=[check_time_zone])
    lon = models.FloatField()
    lat = models.FloatField()

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [on_earth("site_on_earth")]

    class Privacy:
        public = ("id", "code", "name", "time_zone", "lon", "lat")

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Area(models.Model):
    """A named part of the city: counts and object permissions speak of it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(unique=True, max_length=40)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ("name",)
        permissions: ClassVar = [("know_area", "May know of the cameras of this area")]

    class Privacy:
        public = ("id", "code", "name")

    def __str__(self) -> str:
        return self.name


class Placement(models.Model):
    """A camera at a point, looking somewhere, for a written purpose.

    ``camera_id`` is the camera's *number*, so that the database itself can refuse two placements at
    once (see `Camera.number`); ask by ``camera__id`` for the UUID.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    camera = models.ForeignKey(Camera, on_delete=models.PROTECT, to_field="number", related_name="placements")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    lon = models.FloatField()
    lat = models.FloatField()
    bearing_deg = models.FloatField(
        null=True, blank=True, help_text="clockwise from true north; empty: not known"
    )
    field_of_view = models.JSONField(
        null=True, blank=True, help_text="GeoJSON Polygon, RFC 7946; empty: not known"
    )
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="placements")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="placements", null=True, blank=True)
    sensitivity = ArrayField(
        models.CharField(max_length=20, choices=choices(Sensitivity)), default=list, blank=True
    )
    marking = models.CharField(
        max_length=200, blank=True, help_text="how people on the street can see that it is there"
    )
    purpose = models.TextField(help_text="why it stands here")

    objects = PlacementQuerySet.as_manager()

    class Meta:
        ordering = ("-starts_at",)
        constraints: ClassVar = [
            one_at_a_time("placement_one_at_a_time"),
            ends_after_start("placement_ends_after_start"),
            on_earth("placement_on_earth"),
            models.CheckConstraint(
                condition=Q(bearing_deg__isnull=True) | Q(bearing_deg__gte=0, bearing_deg__lt=360),
                name="placement_bearing_in_circle",
            ),
            models.CheckConstraint(condition=~Q(purpose=""), name="placement_purpose_written"),
            models.CheckConstraint(
                condition=Q(sensitivity__contained_by=[s.value for s in Sensitivity]),
                name="placement_sensitivity_known",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["lat", "lon"], name="placement_point")]

    class Privacy:
        public = ("id", "camera", "starts_at", "ends_at", "lon", "lat", "bearing_deg", "field_of_view",
                  "site", "area", "sensitivity", "marking", "purpose")  # fmt: skip

    def __str__(self) -> str:
        return f"{self.camera_id} at {self.lat:.5f}, {self.lon:.5f}"


class Mask(models.Model):
    """A part of the picture that may not be seen, from an instant until another."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    camera = models.ForeignKey(Camera, on_delete=models.PROTECT, to_field="number", related_name="masks")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    polygon = models.JSONField(
        help_text="[[x, y], ...] as shares of width and height, 0 to 1, from the upper left"
    )
    reason = models.CharField(max_length=200)

    objects = IntervalQuerySet.as_manager()

    class Meta:
        ordering = ("-starts_at",)
        constraints: ClassVar = [ends_after_start("mask_ends_after_start")]

    class Privacy:
        public = ("id", "camera", "starts_at", "ends_at", "polygon", "reason")


class Pose(models.Model):
    """Where a camera that turns was looking, from an instant until another."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    camera = models.ForeignKey(Camera, on_delete=models.PROTECT, to_field="number", related_name="poses")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    pan_deg = models.FloatField(help_text="clockwise from true north")
    tilt_deg = models.FloatField(help_text="below the horizon is negative")
    zoom = models.FloatField(help_text="times the widest view")

    objects = IntervalQuerySet.as_manager()

    class Meta:
        ordering = ("-starts_at",)
        constraints: ClassVar = [
            one_at_a_time("pose_one_at_a_time"),
            ends_after_start("pose_ends_after_start"),
        ]

    class Privacy:
        closed_while_active = ("id", "camera", "starts_at", "ends_at", "pan_deg", "tilt_deg", "zoom")
