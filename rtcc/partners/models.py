"""What the partner desk keeps: notices, what the agency asked for, and the files handed in."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from cameras.models import Agreement, Camera
from policy.models import Basis, Organisation
from policy.models.people import choices
from policy.vocabulary import Purpose
from rtcc.ids import uuid7
from rtcc.partners.querysets import AskQuerySet, NoticeQuerySet
from rtcc.partners.vocabulary import AskState, AskWants, ClockReading


class Notice(models.Model):
    """An owner is told of one access to one camera, as the agreement says.

    The row follows from the entry of the access, which it names, and is written after it; reading is an act.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    camera = models.ForeignKey(Camera, on_delete=models.PROTECT, related_name="+")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="+")
    access = models.UUIDField(help_text="entry that opened the access")
    at = models.DateTimeField(help_text="when the access was opened")
    what = models.CharField(max_length=40, help_text="event of that entry")
    read_at = models.DateTimeField(null=True)
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    read_entry = models.UUIDField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ("-at",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["access", "camera"], name="notice_once_a_camera"),
            models.CheckConstraint(
                condition=Q(read_at__isnull=True, read_by__isnull=True, read_entry__isnull=True)
                | Q(read_at__isnull=False, read_by__isnull=False, read_entry__isnull=False),
                name="notice_read_at_by_and_entry",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["owner"], condition=Q(read_at__isnull=True), name="notice_unread"),
        ]

    class Privacy:
        closed_while_active = ("owner", "camera", "agreement", "at", "what", "read_at")
        personnel = ("read_by",)
        public = ("id", "access", "read_entry")


class Ask(models.Model):
    """The agency asks an owner for footage of one of its cameras, or to let it watch; and the owner's answer.

    While the state is `given` and `until` has not passed, the row is the owner's yes that rules read
    (`rtcc.partners.consents`): on this basis, for this purpose, to pictures from `starts_at` on.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    camera = models.ForeignKey(Camera, on_delete=models.PROTECT, related_name="+")
    basis = models.ForeignKey(Basis, on_delete=models.PROTECT, related_name="asks")
    wants = models.CharField(max_length=20, choices=choices(AskWants), default=AskWants.FILE)
    purpose = models.CharField(max_length=40, choices=choices(Purpose), blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    note = models.CharField(max_length=500, help_text="what is looked for, in words for the owner")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=[(each.value, each.value) for each in AskState])
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    declined_why = models.CharField(max_length=500, blank=True)
    until = models.DateTimeField(null=True, help_text="how long the owner's yes stands")
    taken_back_at = models.DateTimeField(null=True)
    taken_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    entry = models.UUIDField()
    answered_entry = models.UUIDField(null=True)
    taken_back_entry = models.UUIDField(null=True)

    objects = AskQuerySet.as_manager()

    class Meta:
        ordering = ("-asked_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=[each.value for each in AskState]), name="ask_state_known"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="ask_ends_after_start"),
            models.CheckConstraint(
                condition=Q(state="open", answered_at__isnull=True, answered_entry__isnull=True)
                | ~Q(state="open") & Q(answered_at__isnull=False, answered_entry__isnull=False),
                name="ask_answered_has_entry",
            ),
            models.CheckConstraint(
                condition=Q(wants__in=[each.value for each in AskWants]), name="ask_wants_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["given", "taken_back"], wants="watch", until__isnull=False)
                | ~Q(state__in=["given", "taken_back"]) & Q(until__isnull=True),
                name="ask_yes_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(
                    state="taken_back",
                    taken_back_at__isnull=False,
                    taken_back_by__isnull=False,
                    taken_back_entry__isnull=False,
                )
                | ~Q(state="taken_back")
                & Q(taken_back_at__isnull=True, taken_back_by__isnull=True, taken_back_entry__isnull=True),
                name="ask_taken_back_has_entry",
            ),
        ]

    class Privacy:
        closed_while_active = (
            "owner", "camera", "basis", "starts_at", "ends_at", "note", "asked_at", "state", "answered_at",
            "declined_why", "wants", "purpose", "until", "taken_back_at",
        )  # fmt: skip
        personnel = ("asked_by", "answered_by", "taken_back_by")
        public = ("id", "entry", "answered_entry", "taken_back_entry")


class Upload(models.Model):
    """One file that an owner handed in for an ask: what was claimed of it, and what was measured."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    ask = models.ForeignKey(Ask, on_delete=models.PROTECT, related_name="uploads")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    name = models.CharField(max_length=200, help_text="as the owner's machine calls it")
    bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    media_type = models.CharField(max_length=100, help_text="measured")
    codec = models.CharField(max_length=30, help_text="measured")
    width = models.PositiveIntegerField(help_text="measured, pixels")
    height = models.PositiveIntegerField(help_text="measured, pixels")
    duration_s = models.FloatField(help_text="measured, seconds")
    claimed_starts_at = models.DateTimeField(help_text="when the first picture was taken, as the owner says")
    measured_starts_at = models.DateTimeField(
        null=True, help_text="as the file itself states; empty: it does not"
    )
    clock = models.CharField(max_length=20, choices=[(each.value, each.value) for each in ClockReading])
    asset = models.UUIDField(unique=True)
    entry = models.UUIDField()

    class Meta:
        ordering = ("-at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(clock__in=[each.value for each in ClockReading]), name="upload_clock_known"
            ),
        ]

    class Privacy:
        closed_while_active = (
            "ask", "at", "name", "bytes", "sha256", "media_type", "codec", "width", "height", "duration_s",
            "claimed_starts_at", "measured_starts_at", "clock", "asset",
        )  # fmt: skip
        personnel = ("by",)
        public = ("id", "entry")
