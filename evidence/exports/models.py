"""Exports, the media files of one that is being made, and its documents until the package holds them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from evidence.exports.querysets import ExportQuerySet
from evidence.exports.states import STATE_SAYS, ExportState
from evidence.models import Asset, Keep
from policy.models import Basis, Permit, Proposal
from policy.vocabulary import Purpose, Recipient
from rtcc import clock
from rtcc.ids import uuid7


class Export(models.Model):
    """One export. ``drawn`` is what was proposed, and its hash is what the second person approved;
    ``package`` is the id that its asset gets, so that a worker which takes over knows its own.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    basis = models.ForeignKey(Basis, on_delete=models.PROTECT, related_name="exports")
    purpose = models.CharField(max_length=40, choices=[(p.value, p.value) for p in Purpose])
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="exports")
    asked_at = models.DateTimeField()
    session = models.CharField(max_length=40, blank=True, help_text="in which it was asked for")
    mfa = models.BooleanField(default=False, help_text="whether that session had a second factor")
    recipient_class = models.CharField(max_length=30, choices=[(r.value, r.value) for r in Recipient])
    recipient = models.CharField(max_length=200)
    standard = models.CharField(max_length=200, help_text="the law or order that it goes by")
    reason = models.CharField(max_length=500)
    drawn = models.JSONField(help_text="what is exported: cameras, segments, hashes, gaps")
    drawn_sha256 = models.CharField(max_length=64)
    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="export")
    state = models.CharField(
        max_length=20, default=ExportState.PROPOSED, choices=[(s.value, s.value) for s in ExportState]
    )
    sentence = models.CharField(max_length=500, blank=True, help_text="why it was refused, stopped or failed")
    permit = models.ForeignKey(Permit, on_delete=models.PROTECT, null=True, related_name="+")
    keep = models.ForeignKey(Keep, on_delete=models.PROTECT, null=True, related_name="+")
    package = models.UUIDField(default=uuid7)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, related_name="+")
    step = models.CharField(max_length=80, blank=True, help_text="what is being done, for people")
    done = models.BigIntegerField(default=0, help_text="bytes worked through")
    total = models.BigIntegerField(default=1)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    stop_asked = models.BooleanField(default=False)
    finished_at = models.DateTimeField(null=True)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    entry = models.UUIDField(null=True, help_text="the act that began it")
    manifest_entry = models.UUIDField(null=True, help_text="states the hash of its manifest")
    finished_entry = models.UUIDField(null=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        ordering = ("-asked_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in ExportState]), name="export_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ExportState.RUNNING, ExportState.READY, ExportState.FAILED])
                | Q(entry__isnull=False, permit__isnull=False, keep__isnull=False),
                name="export_begun_has_entry",
            ),
            models.CheckConstraint(
                condition=~Q(state=ExportState.READY)
                | Q(asset__isnull=False, finished_entry__isnull=False, manifest_entry__isnull=False),
                name="export_ready_has_package",
            ),
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="export_done_within_total"),
        ]

    class Privacy:
        closed_while_active = (
            "basis", "purpose", "asked_at", "recipient_class", "recipient", "standard", "reason", "drawn",
            "proposal", "state", "sentence", "permit", "keep", "package", "asset", "step", "done", "total",
            "stop_asked", "finished_at",
        )  # fmt: skip
        personnel = ("asked_by",)
        public = ("id", "drawn_sha256", "manifest_sha256", "entry", "manifest_entry", "finished_entry")
        security = ("session", "mfa", "attempts", "leased_until")

    @property
    def runs_out_unseen(self) -> bool:
        """Nobody approved it in time."""
        return self.state == ExportState.PROPOSED and self.proposal.expires_at <= clock.now()

    @property
    def state_says(self) -> str:
        if self.runs_out_unseen:
            return "ran out: nobody approved it in time"
        return STATE_SAYS[ExportState(self.state)]

    @property
    def percent(self) -> int:
        return min(100, self.done * 100 // max(1, self.total))


class ExportPart(models.Model):
    """What the first reading of one media file found: its hash, its index box and its proofs."""

    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    moov = models.BinaryField()
    proofs = models.JSONField()

    class Meta:
        ordering = ("number",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["export", "number"], name="export_part_once"),
        ]

    class Privacy:
        closed_while_active = ("id", "export", "number", "sha256", "size", "moov", "proofs")


class ExportDocument(models.Model):
    """One document of a package, as it stands when the manifest's hash is entered."""

    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="documents")
    path = models.CharField(max_length=200)
    content = models.BinaryField()

    class Meta:
        ordering = ("path",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["export", "path"], name="export_document_once"),
        ]

    class Privacy:
        closed_while_active = ("id", "export", "path", "content")
