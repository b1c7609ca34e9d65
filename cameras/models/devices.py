"""Devices, their cameras (one view each) and the streams of a camera."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

from cameras.querysets import CameraQuerySet
from cameras.vocabulary import Codec, Recording, RetentionClass, StreamRole
from policy.models import Organisation, Person
from policy.models.people import choices
from policy.vocabulary import OrganisationClass, OwnerClass
from rtcc.ids import uuid7
from rtcc.keys import provider

if TYPE_CHECKING:
    from cameras.models.agreements import Designation
    from cameras.models.placements import Mask, Placement


@dataclass(frozen=True)
class Credentials:
    """What a device asks for. The password does not show in a repr, a log line or a traceback."""

    user: str
    password: str = field(repr=False)


class Device(models.Model):
    """One box with one network address: a camera, a four-sensor head, or a recorder with channels."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(unique=True, max_length=60)
    host = models.CharField(max_length=253, help_text="name or address; resolved once per connection")
    port = models.PositiveIntegerField(default=554)
    maker = models.CharField(max_length=80, blank=True)
    wrapped_credentials = models.BinaryField(null=True, editable=False)

    class Meta:
        ordering = ("code",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(port__gte=1, port__lte=65535), name="device_port_in_range"),
            models.CheckConstraint(condition=~Q(host=""), name="device_host_given"),
        ]

    class Privacy:
        public = ("id", "code", "maker")
        security = ("host", "port", "wrapped_credentials")

    def __str__(self) -> str:
        return self.code

    def keep(self, credentials: Credentials | None) -> None:
        """Encrypt credentials into this row (not saved here). They are never shown again."""
        if credentials is None:
            self.wrapped_credentials = None
            return
        text = json.dumps([credentials.user, credentials.password]).encode()
        self.wrapped_credentials = provider().wrap(text, context=self._context)

    def credentials(self) -> Credentials | None:
        """For the code that connects, and nothing else. Raises rtcc.keys.KeyFailure."""
        if self.wrapped_credentials is None:
            return None
        text = provider().unwrap(bytes(self.wrapped_credentials), context=self._context)
        user, password = json.loads(text)
        return Credentials(user, password)

    @property
    def _context(self) -> bytes:
        return b"device credentials " + self.id.bytes


class Camera(models.Model):
    """One view of a device. Moving it makes a placement, not another camera."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # An identity column (migration 0001). Ranges of it stand in exclusion constraints, because a UUID
    # has no GiST operator class without an extension that the embedded PostgreSQL does not have.
    number = models.IntegerField(unique=True, editable=False, db_default=0)
    code = models.SlugField(unique=True, max_length=40)
    name = models.CharField(max_length=120)
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="cameras")
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="cameras")
    recording = models.CharField(max_length=20, choices=choices(Recording), default=Recording.ALWAYS)
    retention_class = models.CharField(
        max_length=20, choices=choices(RetentionClass), default=RetentionClass.STANDARD
    )
    purpose = models.TextField(help_text="why this camera stands there, in plain words")
    registered_at = models.DateTimeField()
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    paused_why = models.CharField(max_length=200, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = CameraQuerySet.as_manager()

    if TYPE_CHECKING:
        # Read by `CameraQuerySet.with_terms`, and there only.
        placements_now: list[Placement]
        designations_now: list[Designation]
        masks_now: list[Mask]

    class Meta:
        ordering = ("code",)
        # Object permissions of django-guardian: facts that the policy reads, not a second way in.
        permissions: ClassVar = [
            ("know_camera", "May know of this camera and see its terms"),
            ("operate_camera", "May pause, resume and change the terms of this camera"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(number__gt=0), name="camera_number_given"),
            models.CheckConstraint(condition=~Q(purpose=""), name="camera_purpose_written"),
            models.CheckConstraint(
                condition=Q(recording__in=[r.value for r in Recording]), name="camera_recording_known"
            ),
            models.CheckConstraint(
                condition=Q(retention_class__in=[r.value for r in RetentionClass]),
                name="camera_retention_class_known",
            ),
            models.CheckConstraint(
                condition=Q(paused_at__isnull=True, paused_by__isnull=True, paused_why="")
                | Q(paused_at__isnull=False, paused_by__isnull=False),
                name="camera_paused_at_and_by",
            ),
        ]

    class Privacy:
        public = ("id", "number", "code", "name", "owner", "device", "recording", "retention_class",
                  "purpose", "registered_at", "paused_at", "paused_why", "retired_at")  # fmt: skip
        personnel = ("paused_by",)

    def __str__(self) -> str:
        return self.name

    @property
    def owner_class(self) -> OwnerClass:
        """Public where an agency owns it; everybody else lends it."""
        agency = self.owner.kind == OrganisationClass.AGENCY
        return OwnerClass.PUBLIC if agency else OwnerClass.PARTNER


class Stream(models.Model):
    """One picture that a camera offers, and what it was found to carry when it was last connected."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    camera = models.ForeignKey(Camera, on_delete=models.PROTECT, related_name="streams")
    role = models.CharField(max_length=10, choices=choices(StreamRole))
    path = models.CharField(max_length=300, help_text="path of the RTSP address, beginning with /")
    codec = models.CharField(max_length=10, choices=choices(Codec), default=Codec.UNKNOWN)
    width = models.PositiveIntegerField(null=True, blank=True, help_text="pixels")
    height = models.PositiveIntegerField(null=True, blank=True, help_text="pixels")
    frame_rate = models.FloatField(null=True, blank=True, help_text="frames per second")
    tested_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("camera", "role")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["camera", "role"], name="stream_role_once"),
            models.CheckConstraint(condition=Q(path__startswith="/"), name="stream_path_absolute"),
            models.CheckConstraint(
                condition=Q(codec__in=[c.value for c in Codec]), name="stream_codec_known"
            ),
            models.CheckConstraint(
                condition=Q(role__in=[r.value for r in StreamRole]), name="stream_role_known"
            ),
        ]

    class Privacy:
        public = ("id", "camera", "role", "codec", "width", "height", "frame_rate", "tested_at")
        security = ("path",)

    def __str__(self) -> str:
        return f"{self.camera_id} {self.role}"
