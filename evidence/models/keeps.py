"""Keeps: what outlives its time, why, and until when; and segment keys wrapped under a keep's own key."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from evidence.querysets import KeepIntervalQuerySet, KeepQuerySet
from evidence.retention.states import HOLDS, KeepKind
from policy.models import Basis, Organisation, Person, Proposal
from rtcc.ids import uuid7

_HOLDS = sorted(HOLDS)


class Keep(models.Model):
    """One reason to keep footage. Its intervals say which; its own key in the key store opens it later on.

    A hold has an authority and a matter, a day of review, and no end: two persons release it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=20, choices=[(k.value, k.value) for k in KeepKind])
    basis = models.ForeignKey(Basis, on_delete=models.PROTECT, null=True, related_name="keeps")
    agency = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+")
    authority = models.CharField(max_length=200, blank=True, help_text="who demands it: order, letter, law")
    matter = models.CharField(max_length=200, blank=True, help_text="case, claim or request it serves")
    reason = models.CharField(max_length=500, blank=True)
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="keeps")
    review_by = models.DateTimeField(null=True, help_text="when somebody looks whether it is still needed")
    expires_at = models.DateTimeField(null=True, help_text="empty: it never ends by itself")
    expiry_rule = models.CharField(max_length=80, blank=True, help_text="id of the parameter row that set it")
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    released_why = models.CharField(max_length=500, blank=True)
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, null=True, related_name="+")
    key_gone_at = models.DateTimeField(null=True, help_text="its key is destroyed on every replica")
    entry = models.UUIDField()
    released_entry = models.UUIDField(null=True)

    objects = KeepQuerySet.as_manager()

    class Meta:
        ordering = ("-placed_at",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=[k.value for k in KeepKind]), name="keep_kind_known"),
            models.CheckConstraint(
                condition=~Q(kind__in=_HOLDS)
                | Q(expires_at__isnull=True, review_by__isnull=False) & ~Q(authority="") & ~Q(matter=""),
                name="keep_hold_has_authority_and_no_end",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=_HOLDS)
                | Q(released_at__isnull=True)
                | Q(released_by__isnull=False, proposal__isnull=False),
                name="keep_hold_released_by_two",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=_HOLDS) | Q(expires_at__gt=F("placed_at")),
                name="keep_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, released_entry__isnull=True)
                | Q(released_at__isnull=False, released_entry__isnull=False),
                name="keep_released_at_and_entry",
            ),
            models.CheckConstraint(
                condition=Q(key_gone_at__isnull=True) | Q(released_at__isnull=False),
                name="keep_key_lives_while_it_stands",
            ),
        ]

    class Privacy:
        closed_while_active = (
            "kind", "basis", "agency", "authority", "matter", "reason", "placed_at", "review_by",
            "expires_at", "expiry_rule", "released_at", "released_why", "key_gone_at", "proposal",
        )  # fmt: skip
        personnel = ("placed_by", "released_by")
        public = ("id", "entry", "released_entry")

    @property
    def is_hold(self) -> bool:
        return KeepKind(self.kind) in HOLDS


class KeepInterval(models.Model):
    """Footage of one camera that a keep holds: [starts_at, ends_at)."""

    keep = models.ForeignKey(Keep, on_delete=models.PROTECT, related_name="intervals")
    camera = models.UUIDField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    objects = KeepIntervalQuerySet.as_manager()

    class Meta:
        ordering = ("camera", "starts_at")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="keep_interval_ends_after_start"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["camera", "starts_at"], name="keep_interval_camera_time")]

    class Privacy:
        closed_while_active = ("id", "keep", "camera", "starts_at", "ends_at")


class KeepWrap(models.Model):
    """The key of one segment, wrapped under the key of one keep, so that it outlives its period's key."""

    keep = models.ForeignKey(Keep, on_delete=models.PROTECT, related_name="wraps")
    day = models.DateField()
    segment = models.UUIDField()
    wrapped_key = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["segment", "keep"], name="keep_wrap_once"),
        ]

    class Privacy:
        closed_while_active = ("id", "keep", "day", "segment")
        security = ("wrapped_key",)
