"""Grants and permits, the epoch, what is owed, and what two persons approve."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from policy.models.basis import Basis
from policy.models.people import Person, choices
from policy.models.sessions import Session
from policy.querysets import GrantQuerySet, ObligationQuerySet
from policy.vocabulary import GrantState, ObligationKind, OffenceClass, Purpose
from rtcc.ids import uuid7

# Acts are added with the code that does them; a column that listed them would need a migration each time.
ACTION_WORD = r"^[a-z][a-z_]{2,38}[a-z]$"


class Grant(models.Model):
    """One person, one basis, one purpose, a fixed list of cameras, from an instant to another."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="grants")
    basis = models.ForeignKey(Basis, on_delete=models.PROTECT, related_name="grants")
    purpose = models.CharField(max_length=40, choices=choices(Purpose))
    offence_class = models.CharField(max_length=40, choices=choices(OffenceClass), blank=True)
    exigent = models.BooleanField(default=False)
    reason = models.TextField(
        blank=True, help_text="one sentence; it explains, it does not stand in for the basis"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    history_from = models.DateTimeField(help_text="recorded footage from before this instant is not reached")
    state = models.CharField(max_length=20, choices=choices(GrantState))
    renewals = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=200, blank=True)
    entry = models.UUIDField(help_text="the entry that opened it")

    objects = GrantQuerySet.as_manager()

    class Meta:
        ordering = ("-starts_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in GrantState]), name="grant_state_known"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="grant_ends_after_start"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) & ~Q(state="ended")
                | Q(ended_at__isnull=False, state="ended"),
                name="grant_ended_at_when_ended",
            ),
        ]

    class Privacy:
        closed_while_active = (
            "basis", "purpose", "offence_class", "exigent", "reason", "starts_at", "ends_at", "history_from",
            "state", "renewals", "ended_at", "ended_why",
        )  # fmt: skip
        personnel = ("person",)
        public = ("id", "entry")


class GrantCamera(models.Model):
    """A camera of a grant; fixed at opening."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="cameras")
    camera = models.UUIDField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["grant", "camera"], name="grant_camera_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["camera"])]

    class Privacy:
        closed_while_active = ("id", "grant", "camera")


class Permit(models.Model):
    """What guard answered to one act: the only thing that vault and relay hand bytes out for.

    The row is written in the transaction of its entry; whoever can read it knows that the entry
    stands. ``covers`` is a list of ``{"kind", "id"}`` with ``"from"``/``"to"`` where footage is meant.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    action = models.CharField(max_length=40, help_text="a word of `policy.vocabulary.Action`")
    actor = models.CharField(max_length=80, help_text="person id, or system:<process>")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    session = models.ForeignKey(
        Session, on_delete=models.PROTECT, null=True, related_name="+", help_text="ends when this does"
    )
    basis = models.ForeignKey(Basis, on_delete=models.PROTECT, null=True, related_name="+")
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, null=True, related_name="permits")
    purpose = models.CharField(max_length=40, choices=choices(Purpose), blank=True)
    covers = models.JSONField()
    obligations = models.JSONField(default=list)
    rules = models.JSONField(default=list)
    policy = models.CharField(max_length=64, help_text="hash of the policy version that decided")
    epoch = models.BigIntegerField()
    person_epoch = models.BigIntegerField(default=0)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    again_at = models.DateTimeField(
        null=True, help_text="decided again from here on: terms close by the clock, without an act"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=300, blank=True)
    entry = models.UUIDField()

    class Meta:
        ordering = ("-issued_at",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(action__regex=ACTION_WORD), name="permit_action_is_a_word"),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("issued_at")), name="permit_expires_after_issue"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["actor", "issued_at"]),
            GinIndex(fields=["covers"], name="permit_covers"),
        ]

    class Privacy:
        closed_while_active = (
            "action", "basis", "grant", "purpose", "covers", "obligations", "rules", "policy", "issued_at",
            "expires_at", "again_at", "ended_at", "ended_why",
        )  # fmt: skip
        personnel = ("actor", "person")
        security = ("session", "epoch", "person_epoch")
        public = ("id", "entry")


class Epoch(models.Model):
    """One row. It is raised by each change of what is allowed, and is always the last lock of an act."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    value = models.BigIntegerField(default=1)
    policy = models.CharField(
        max_length=64, blank=True, help_text="hash of the version in force when it was last looked at"
    )

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="epoch_one_row")]

    class Privacy:
        security = ("id", "value", "policy")


class Obligation(models.Model):
    """Something owed because an act was allowed: due at an instant, discharged by a person's act."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=30, choices=choices(ObligationKind))
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="obligations")
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, null=True, related_name="obligations")
    what = models.CharField(max_length=300)
    rule = models.CharField(max_length=80)
    due_at = models.DateTimeField()
    discharged_at = models.DateTimeField(null=True, blank=True)
    discharged_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    answer = models.TextField(blank=True)
    entry = models.UUIDField()

    objects = ObligationQuerySet.as_manager()

    class Meta:
        ordering = ("due_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=[k.value for k in ObligationKind]), name="obligation_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(discharged_at__isnull=True, discharged_by__isnull=True)
                | Q(discharged_at__isnull=False, discharged_by__isnull=False),
                name="obligation_discharged_at_and_by",
            ),
        ]

    class Privacy:
        closed_while_active = ("kind", "grant", "what", "rule", "due_at", "discharged_at", "answer")
        personnel = ("person", "discharged_by")
        public = ("id", "entry")


class Proposal(models.Model):
    """An act that needs a second person: its payload is frozen by hash when it is proposed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    action = models.CharField(max_length=40, help_text="a word of `policy.vocabulary.Action`")
    payload = models.JSONField()
    payload_sha256 = models.CharField(max_length=64)
    needs = models.PositiveSmallIntegerField(default=1, help_text="approvals by others than the proposer")
    proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="proposals")
    proposed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    executed_at = models.DateTimeField(null=True, blank=True)
    entry = models.UUIDField()

    class Meta:
        ordering = ("-proposed_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("proposed_at")), name="proposal_expires_after"
            ),
        ]

    class Privacy:
        closed_while_active = ("action", "payload", "payload_sha256", "needs", "proposed_at", "expires_at",
                               "executed_at")  # fmt: skip
        personnel = ("proposed_by",)
        public = ("id", "entry")


class Approval(models.Model):
    """One person's yes to one proposal."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="approvals")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    entry = models.UUIDField()

    class Meta:
        ordering = ("at",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["proposal", "person"], name="approval_once_a_person"),
        ]

    class Privacy:
        closed_while_active = ("proposal", "at")
        personnel = ("person",)
        public = ("id", "entry")


class KillSwitch(models.Model):
    """While a row has no ``lifted_at``, no picture is handed out by anyone."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reason = models.CharField(max_length=300)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    entry = models.UUIDField()

    class Meta:
        ordering = ("-set_at",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(lifted_at__isnull=True), name="kill_switch_one_open"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False),
                name="kill_switch_lifted_at_and_by",
            ),
        ]

    class Privacy:
        public = ("id", "reason", "set_at", "lifted_at", "entry")
        personnel = ("set_by", "lifted_by")


class DenialMinute(models.Model):
    """How often one subject was denied in one clock minute: the first 20 are entries of their own."""

    subject = models.CharField(max_length=120)
    minute = models.DateTimeField()
    seen = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject", "minute"], name="denial_minute_once"),
        ]

    class Privacy:
        security = ("id", "subject", "minute", "seen")


class DenialCount(models.Model):
    """Denials beyond the 20th, by action and rule; beat turns past minutes into ``denied.counted``."""

    subject = models.CharField(max_length=120)
    minute = models.DateTimeField()
    action = models.CharField(max_length=40)
    rule = models.CharField(max_length=80)
    count = models.PositiveIntegerField(default=0)
    entered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject", "minute", "action", "rule"], name="denial_count_once"),
        ]

    class Privacy:
        security = ("id", "subject", "minute", "action", "rule", "count", "entered_at")
