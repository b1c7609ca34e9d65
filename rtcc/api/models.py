"""Tokens of programs, and what was answered to requests that may be sent again."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from policy.models import Person, Session
from rtcc.api.querysets import TokenQuerySet
from rtcc.ids import uuid7


class Token(models.Model):
    """A key by which a program acts in the name of one person, for the acts of its scopes alone.

    Only the SHA-256 of the token is kept; it holds 256 random bits, so a slow hash would add nothing. While
    it is used a session of its own stands (`session`), which every entry names, and which ends like others.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80, help_text="what it is for, in its person's words")
    token_sha256 = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40))
    mfa = models.BooleanField(help_text="it was made in a session with a second factor")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, null=True, related_name="+")
    memory = models.JSONField(default=dict, help_text="permits that its questions go on under")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    entry = models.UUIDField()
    revoked_entry = models.UUIDField(null=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ("-issued_at",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("issued_at")), name="token_expires_after"),
            models.CheckConstraint(condition=~Q(scopes=[]), name="token_for_something"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True, revoked_entry__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False, revoked_entry__isnull=False),
                name="token_revoked_at_by_and_entry",
            ),
        ]

    class Privacy:
        personnel = ("person", "name", "issued_at", "expires_at", "used_at", "revoked_at", "revoked_by")
        security = ("token_sha256", "scopes", "mfa", "session", "memory")
        public = ("id", "entry", "revoked_entry")


class Sent(models.Model):
    """One POST with an Idempotency-Key, and what was answered to it. Kept for a day."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=200)
    request_sha256 = models.CharField(max_length=64, help_text="of method, address and body")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, help_text="empty: its end was not seen yet")
    content_type = models.CharField(max_length=100, blank=True)
    body = models.BinaryField(default=b"")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "key"], name="sent_key_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["at"], name="sent_at")]

    class Privacy:
        personnel = ("person",)
        closed_while_active = ("id", "key", "request_sha256", "at", "status", "content_type", "body")
