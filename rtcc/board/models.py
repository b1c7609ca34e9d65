"""What a supervisor says to others: a no to a proposal, and the review of a justification."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from policy.models import Obligation, Person, Proposal
from rtcc.ids import uuid7


class Decline(models.Model):
    """One no ends a proposal: whoever still wants it proposes it again. The proposal's own time is cut short
    in the same act, so that nothing can be carried out on it; this row says by whom and why.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="decline")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    why = models.CharField(max_length=300)
    entry = models.UUIDField()

    class Meta:
        ordering = ("-at",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=~models.Q(why=""), name="decline_says_why"),
        ]

    class Privacy:
        closed_while_active = ("proposal", "at", "why")
        personnel = ("person",)
        public = ("id", "entry")

    def __str__(self) -> str:
        return f"no to {self.proposal_id}"


class Review(models.Model):
    """A supervisor has read the justification of an exigent access, and says whether it is accepted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    obligation = models.OneToOneField(Obligation, on_delete=models.PROTECT, related_name="review")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    accepted = models.BooleanField()
    says = models.CharField(max_length=500)
    entry = models.UUIDField()

    class Meta:
        ordering = ("-at",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=~models.Q(says=""), name="review_says_why"),
        ]

    class Privacy:
        closed_while_active = ("obligation", "at", "accepted", "says")
        personnel = ("person",)
        public = ("id", "entry")

    def __str__(self) -> str:
        return f"review of {self.obligation_id}"
