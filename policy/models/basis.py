"""Basis: why somebody acts."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from policy.models.people import Organisation, Person, choices
from policy.querysets import BasisQuerySet
from policy.vocabulary import BasisKind, Verification
from rtcc.ids import uuid7


class Basis(models.Model):
    """An incident, a case, a planned event, a request...: what grants, keeps and entries refer to.

    A text never stands in for it. Verification is by somebody else than the one who uses it, or by
    the dispatch system that gave the number; what is not known is ``unknown``.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=20, choices=choices(BasisKind))
    agency = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="bases")
    number = models.CharField(
        max_length=60, blank=True, help_text="CAD or case number; empty while it follows"
    )
    title = models.CharField(max_length=200)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    verification = models.CharField(
        max_length=20, choices=choices(Verification), default=Verification.UNKNOWN
    )
    verified_by = models.CharField(max_length=80, blank=True, help_text="person id, or system:<process>")
    verified_at = models.DateTimeField(null=True, blank=True)

    objects = BasisQuerySet.as_manager()

    class Meta:
        ordering = ("-opened_at",)
        verbose_name_plural = "bases"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=[k.value for k in BasisKind]), name="basis_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(verification__in=[v.value for v in Verification]), name="basis_verification_known"
            ),
            models.CheckConstraint(
                condition=Q(verified_at__isnull=True, verified_by="")
                | Q(verified_at__isnull=False) & ~Q(verified_by=""),
                name="basis_verified_at_and_by",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("opened_at")),
                name="basis_closes_after_open",
            ),
            models.UniqueConstraint(
                fields=["agency", "kind", "number"], condition=~Q(number=""), name="basis_number_once"
            ),
        ]

    class Privacy:
        closed_while_active = ("title", "number", "kind", "agency", "opened_at", "closed_at")
        personnel = ("opened_by", "verified_by", "verified_at", "verification")
        public = ("id",)

    def __str__(self) -> str:
        return self.number or "number follows"
