"""Assets that are no segment: stills, clips, derivatives, packages, uploads; each with an end of its own."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from evidence.querysets import AssetQuerySet, AssetReadingQuerySet
from evidence.vault.assetfile import AssetSeal
from evidence.vault.descriptor import AssetDescriptor, Period
from evidence.vault.names import KeyName, Location
from policy.models import Basis, Organisation, Permit, Person
from rtcc.ids import uuid7


class AssetKind(StrEnum):
    """What an asset is. ``<kind>_keep`` is the parameter of its end."""

    STILL = "still"
    CLIP = "clip"
    DERIVATIVE = "derivative"
    PACKAGE = "package"
    UPLOAD = "upload"


class Asset(models.Model):
    """One asset, whole and sealed. Nothing of it changes later but its tombstone and its wrapped key.

    ``custody`` is the camera that it shows, or its own id where it shows none or several: who keeps and who
    destroys lock it, so a keep on a camera's time also keeps its stills and clips of that time. Its key is
    wrapped by a period key of its own in the key store, so that destroying it needs to wait for nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=20, choices=[(k.value, k.value) for k in AssetKind])
    source = models.CharField(max_length=64, help_text="camera id, or what made it: small letters, digits, -")
    custody = models.UUIDField(help_text="the camera that it shows, or its own id")
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+")
    basis = models.ForeignKey(Basis, on_delete=models.PROTECT, null=True, related_name="assets")
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    starts_at = models.DateTimeField(help_text="of what it shows")
    ends_at = models.DateTimeField(help_text="of what it shows")
    name = models.CharField(max_length=200, help_text="file name for people")
    media_type = models.CharField(max_length=100)
    parents = models.JSONField(default=list, help_text="what it was made from: kind:id")
    destroy_after = models.DateTimeField()
    destroy_rule = models.CharField(max_length=80, help_text="id of the parameter row that set it")
    plain_bytes = models.BigIntegerField()
    plain_sha256 = models.BinaryField()
    ciphertext_bytes = models.BigIntegerField()
    ciphertext_sha256 = models.BinaryField()
    commitment = models.BinaryField()
    period_starts_at = models.DateTimeField(help_text="of the key period")
    period_s = models.IntegerField()
    wrapped_key = models.BinaryField(null=True, help_text="null once it is destroyed")
    seal_sha256 = models.BinaryField(help_text="stated by its entry")
    entry = models.UUIDField()
    tombstone = models.UUIDField(null=True, help_text="the disposition that destroys it")

    objects = AssetQuerySet.as_manager()

    class Meta:
        ordering = ("-made_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=[k.value for k in AssetKind]), name="asset_kind_known"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="asset_ends_after_start"),
            models.CheckConstraint(
                condition=Q(wrapped_key__isnull=False) | Q(tombstone__isnull=False),
                name="asset_keyless_has_tombstone",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["custody", "starts_at"], name="asset_custody_time"),
            models.Index(
                fields=["destroy_after"], condition=Q(tombstone__isnull=True), name="asset_standing_due"
            ),
        ]

    class Privacy:
        closed_while_active = (
            "kind", "source", "custody", "owner", "basis", "made_at", "starts_at", "ends_at", "name",
            "media_type", "parents", "destroy_after", "destroy_rule", "plain_bytes", "plain_sha256",
            "ciphertext_bytes", "period_starts_at", "period_s", "tombstone",
        )  # fmt: skip
        personnel = ("made_by",)
        public = ("id", "ciphertext_sha256", "commitment", "seal_sha256", "entry")
        security = ("wrapped_key",)

    @property
    def camera(self) -> UUID | None:
        """The camera that it shows, if it shows one."""
        return self.custody if self.custody != self.id else None

    @property
    def day(self) -> date:
        """The UTC day under which it is stored."""
        return self.asset.day

    @property
    def asset(self) -> AssetDescriptor:
        """What the vault was told about it before its first byte."""
        period = Period(self.period_starts_at, self.period_s)
        return AssetDescriptor(self.kind, self.id, self.source, self.starts_at, 0, period)

    @property
    def location(self) -> Location:
        return Location.of(self.asset)

    @property
    def key_name(self) -> KeyName:
        """The period key above it, which is above nothing else."""
        return KeyName.of(str(self.id), self.asset.period)

    @property
    def seal(self) -> AssetSeal:
        """The row as the vault's own type; untouched, it hashes to ``seal_sha256``."""
        return AssetSeal(
            asset=self.asset,
            ends_at=self.ends_at,
            media_type=self.media_type,
            name=self.name,
            parents=tuple(self.parents),
            plain_bytes=self.plain_bytes,
            plain_sha256=bytes(self.plain_sha256),
            ciphertext_bytes=self.ciphertext_bytes,
            ciphertext_sha256=bytes(self.ciphertext_sha256),
            commitment=bytes(self.commitment),
        )


class AssetWriting(models.Model):
    """An asset that is being written. Who stopped saying so was killed: file and key are swept."""

    id = models.UUIDField(primary_key=True)
    location = models.CharField(max_length=120)
    period_starts_at = models.DateTimeField()
    period_s = models.IntegerField()
    alive_at = models.DateTimeField()

    class Privacy:
        security = ("id", "location", "period_starts_at", "period_s", "alive_at")

    @property
    def key_name(self) -> KeyName:
        return KeyName.of(str(self.id), Period(self.period_starts_at, self.period_s))


class AssetReading(models.Model):
    """One handing-out of one asset. ``reserved`` is raised and committed before bytes go; it is more than
    ``sent`` only where a process died in between.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="readings")
    permit = models.ForeignKey(Permit, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="last bytes")
    reserved = models.BigIntegerField(default=0, help_text="bytes promised to the account before they go")
    sent = models.BigIntegerField(default=0, help_text="bytes sent")
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=300, blank=True)
    entry = models.UUIDField(help_text="the act that opened it")
    ended_entry = models.UUIDField(null=True)

    objects = AssetReadingQuerySet.as_manager()

    class Meta:
        ordering = ("-opened_at",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(sent__lte=F("reserved")), name="reading_sent_within_reserved"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_entry__isnull=True)
                | Q(ended_at__isnull=False, ended_entry__isnull=False),
                name="reading_end_has_entry",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["seen_at"], condition=Q(ended_at__isnull=True), name="reading_open_seen"),
        ]

    class Privacy:
        closed_while_active = ("asset", "opened_at", "seen_at", "reserved", "sent", "ended_at", "ended_why")
        personnel = ("permit",)
        public = ("id", "entry", "ended_entry")
