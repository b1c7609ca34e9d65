"""Who is signed in, what failed on the way in, and the links by which people get their account."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from policy.models.people import Person, choices
from policy.querysets import InvitationQuerySet, SessionQuerySet
from policy.vocabulary import Role
from rtcc.ids import uuid7


class Session(models.Model):
    """One sitting of one person, from signing in to signing out, to idleness or to its longest age.

    Django's own session only points here: once this row has ended, the cookie opens nothing, and what was
    permitted in the session is permitted no more.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="sessions")
    mfa = models.BooleanField(help_text="a second factor was given")
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="last sign of the person, not of the page")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=120, blank=True, help_text="said to the person")
    entry = models.UUIDField()
    ended_entry = models.UUIDField(null=True, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_entry__isnull=True)
                | Q(ended_at__isnull=False, ended_entry__isnull=False),
                name="session_ended_at_with_entry",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["seen_at"], condition=Q(ended_at__isnull=True), name="session_open_seen"),
        ]

    class Privacy:
        personnel = ("person", "started_at", "seen_at", "ended_at", "ended_why")
        security = ("mfa",)
        public = ("id", "entry", "ended_entry")


class FailedSignIn(models.Model):
    """A failure that counts towards a lock; gone when somebody signs in or the account is released."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person", "at"])]

    class Privacy:
        security = ("id", "person", "at")


class Invitation(models.Model):
    """A one-time link by which a person chooses a password and sets up an authenticator.

    Only the hash of what stands in the link is kept. Without a person it makes one of the first people, with
    the role that it names.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token_sha256 = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    role = models.CharField(max_length=30, choices=choices(Role), blank=True)
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    entry = models.UUIDField()

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ("-made_at",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="invitation_expires_after"),
            models.CheckConstraint(
                condition=Q(person__isnull=True, role__in=[role.value for role in Role])
                | Q(person__isnull=False, role=""),
                name="invitation_person_or_role",
            ),
        ]

    class Privacy:
        personnel = ("person", "role", "made_by", "made_at", "expires_at", "used_at")
        security = ("token_sha256",)
        public = ("id", "entry")
