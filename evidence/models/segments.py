"""Segments: about a minute of one camera, sealed. Partitioned by UTC day (SQL in migrations/0002)."""

from __future__ import annotations

import hashlib
from typing import ClassVar
from uuid import UUID

from django.db import models

from evidence.querysets import SegmentQuerySet
from evidence.vault.descriptor import AssetDescriptor, Period
from evidence.vault.names import Location
from evidence.vault.seal import Seal, SealedSegment


class Segment(models.Model):
    """One sealed segment. Nothing points here by a foreign key: assets are named by (kind, day, id).

    Hashes are 32 raw bytes. ``index`` is the packed fragment index, 12 bytes a fragment. The row holds the
    segment's key wrapped by the camera-day key, which lives in the key store and not in this database.
    """

    pk = models.CompositePrimaryKey("day", "id")
    day = models.DateField(help_text="UTC day in which it starts")
    id = models.UUIDField()
    camera = models.UUIDField()
    lease_epoch = models.BigIntegerField()
    starts_at = models.DateTimeField(help_text="recorder time")
    ends_at = models.DateTimeField(help_text="recorder time")
    clock_offset_ms = models.IntegerField(
        null=True, help_text="camera time minus recorder time; null: not known"
    )
    clock_error_ms = models.IntegerField(null=True)
    codec = models.CharField(max_length=40, help_text="RFC 6381 codec string")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    retention_class = models.CharField(max_length=30)
    destroy_after = models.DateTimeField()
    destroy_rule = models.CharField(max_length=80, help_text="id of the parameter row that set it")
    plain_bytes = models.BigIntegerField()
    ciphertext_bytes = models.BigIntegerField()
    ciphertext_sha256 = models.BinaryField()
    fragments = models.IntegerField()
    merkle_root = models.BinaryField()
    index = models.BinaryField()
    init_length = models.IntegerField(help_text="bytes of ftyp+moov at the beginning")
    previous = models.BinaryField(null=True, help_text="hash of the seal before, in this lease epoch")
    commitment = models.BinaryField()
    period_starts_at = models.DateTimeField(help_text="of the key period")
    period_s = models.IntegerField()
    wrapped_key = models.BinaryField(null=True, help_text="null once its key period was destroyed")
    recovered = models.BooleanField(default=False, help_text="finished after a crash; its end was cut")
    seal_sha256 = models.BinaryField(help_text="leaf of a minute entry")
    minute = models.DateTimeField(null=True, help_text="the minute entry that roots it")
    tombstone = models.UUIDField(null=True, help_text="the disposition that destroys it")

    objects = SegmentQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "evidence_segment"
        ordering = ("starts_at",)

    class Privacy:
        closed_while_active = (
            "day", "id", "camera", "lease_epoch", "starts_at", "ends_at", "clock_offset_ms", "clock_error_ms",
            "codec", "width", "height", "retention_class", "destroy_after", "destroy_rule", "plain_bytes",
            "ciphertext_bytes", "fragments", "init_length", "period_starts_at", "period_s", "recovered",
            "minute", "tombstone", "index",
        )  # fmt: skip
        public = ("ciphertext_sha256", "merkle_root", "previous", "commitment", "seal_sha256")
        security = ("wrapped_key",)

    KIND: ClassVar[str] = "segment"

    @property
    def custody(self) -> UUID:
        """What keeping and destroying lock."""
        return self.camera

    @property
    def asset(self) -> AssetDescriptor:
        """What the vault was told about it before its first byte."""
        return AssetDescriptor(
            kind=self.KIND,
            id=self.id,
            source=str(self.camera),
            starts_at=self.starts_at,
            lease_epoch=self.lease_epoch,
            period=Period(self.period_starts_at, self.period_s),
        )

    @property
    def location(self) -> Location:
        return Location.of(self.asset)

    @property
    def sealed(self) -> SealedSegment:
        """The row as the vault's own type; untouched, its seal hashes to ``seal_sha256``."""
        seal = Seal(
            asset=self.asset,
            ends_at=self.ends_at,
            plain_bytes=self.plain_bytes,
            ciphertext_bytes=self.ciphertext_bytes,
            ciphertext_sha256=bytes(self.ciphertext_sha256),
            fragments=self.fragments,
            merkle_root=bytes(self.merkle_root),
            index_sha256=hashlib.sha256(bytes(self.index)).digest(),
            previous=bytes(self.previous) if self.previous is not None else None,
            commitment=bytes(self.commitment),
        )
        return SealedSegment(
            seal=seal,
            wrapped_key=bytes(self.wrapped_key or b""),
            index=bytes(self.index),
            init_length=self.init_length,
        )
