"""Pictures that were sent to officers, and each time one was opened."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from policy.models import Basis, Permit, Person
from rtcc.bulletins.querysets import BulletinQuerySet
from rtcc.bulletins.words import Answer, Shape
from rtcc.ids import uuid7


class Bulletin(models.Model):
    """One picture for one person: its link, what became of it, and how it ends.

    The link's token is never stored, only its SHA-256. ``asset`` is what the vault keeps of a still or clip,
    with the mark burned in; a live picture leaves nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sending = models.UUIDField(help_text="shared by all that one act of sending made")
    shape = models.CharField(max_length=10, choices=[(each.value, each.value) for each in Shape])
    sender = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="bulletins_sent")
    recipient = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="bulletins")
    basis = models.ForeignKey(Basis, on_delete=models.PROTECT, related_name="+")
    permit = models.OneToOneField(Permit, on_delete=models.PROTECT, related_name="+")
    camera = models.UUIDField()
    starts_at = models.DateTimeField(help_text="of the footage that is shown")
    ends_at = models.DateTimeField(help_text="of the footage that is shown")
    token_sha256 = models.CharField(max_length=64, unique=True)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    entry = models.UUIDField()
    asset = models.UUIDField(null=True, blank=True)
    length = models.PositiveIntegerField(default=0, help_text="bytes of the asset")
    tries = models.PositiveSmallIntegerField(default=0)
    trying_until = models.DateTimeField(null=True, blank=True)
    fault = models.CharField(max_length=300, blank=True, help_text="why no picture could be made")
    opened_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(
        max_length=12, blank=True, choices=[(each.value, each.value) for each in Answer]
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_entry = models.UUIDField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_entry = models.UUIDField(null=True, blank=True)

    objects = BulletinQuerySet.as_manager()

    class Meta:
        ordering = ("-sent_at",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="bulletin_ends_after_start"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True, answered_entry__isnull=True)
                | ~Q(answer="") & Q(answered_at__isnull=False, answered_entry__isnull=False),
                name="bulletin_answer_has_entry",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_entry__isnull=True)
                | Q(revoked_at__isnull=False, revoked_entry__isnull=False),
                name="bulletin_revocation_has_entry",
            ),
            models.CheckConstraint(
                condition=Q(shape="live", asset__isnull=True) | ~Q(shape="live"),
                name="bulletin_live_leaves_nothing",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["recipient", "-sent_at"]),
            models.Index(fields=["sender", "-sent_at"]),
        ]

    class Privacy:
        personnel = ("sender", "recipient", "permit")
        closed_while_active = (
            "sending", "shape", "basis", "camera", "starts_at", "ends_at", "sent_at", "expires_at", "asset",
            "length", "tries", "trying_until", "fault", "opened_at", "answer", "answered_at", "revoked_at",
        )  # fmt: skip
        security = ("token_sha256",)
        public = ("id", "entry", "answered_entry", "revoked_entry")


class Opening(models.Model):
    """One tap: the recipient's own permit, which ends when the bulletin does."""

    permit = models.OneToOneField(Permit, on_delete=models.PROTECT, primary_key=True, related_name="+")
    bulletin = models.ForeignKey(Bulletin, on_delete=models.PROTECT, related_name="openings")
    opened_at = models.DateTimeField()
    entry = models.UUIDField()

    class Meta:
        ordering = ("opened_at",)

    class Privacy:
        personnel = ("permit",)
        closed_while_active = ("bulletin", "opened_at")
        public = ("entry",)
