"""What waits for people: proposals with each yes given, and what one owes. To be read: no token says yes."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cameras.looking import look
from policy.models import Obligation, Person, Proposal
from policy.vocabulary import ObligationKind
from rtcc import clock
from rtcc.api.exports import ApprovalOut
from rtcc.api.filters import ObligationFilter
from rtcc.api.lists import Listed
from rtcc.board import waiting
from rtcc.errors import NotFound


class ProposalOut(serializers.ModelSerializer[Proposal]):
    """An act that waits for a second person, and who agreed so far."""

    proposed_by = serializers.CharField(source="proposed_by.display_name", default="")
    approvals = ApprovalOut(many=True)
    declined_why = serializers.CharField(source="decline.why", default="", help_text="empty: nobody said no")

    class Meta:
        model = Proposal
        fields = ("id", "action", "payload_sha256", "needs", "proposed_by", "proposed_at", "expires_at",
                  "executed_at", "approvals", "declined_why", "entry")  # fmt: skip


class ProposalWhole(serializers.Serializer[Any]):
    """One proposal in plain words, as its page has it."""

    proposal = ProposalOut(source="row")
    asks = serializers.CharField(source="words.asks")
    on = serializers.CharField(source="words.on", allow_blank=True)
    lines = serializers.SerializerMethodField(help_text="each frozen word: its name, and what it says")
    can_approve = serializers.BooleanField(help_text="always false for a token")
    can_decline = serializers.BooleanField(help_text="always false for a token")

    @extend_schema_field({"type": "array", "items": {"type": "array", "items": {"type": "string"}}})
    def get_lines(self, seen: waiting.Waiting) -> list[list[str]]:
        return [list(line) for line in seen.words.lines]


class Proposals(Listed):
    """Proposals that one made and that are open. In a signed-in browser also those that wait for one's yes
    or no, which no token gives.
    """

    serializer_class = ProposalOut

    def rows_of(self, person: Person) -> QuerySet[Any]:
        return waiting.loaded([each.row.id for each in waiting.waiting(person)])


class OneProposal(APIView):
    """One proposal: open, run out, declined or carried out."""

    @extend_schema(responses=ProposalWhole)
    def get(self, request: Request, proposal: UUID) -> Response:
        look(request)
        row = waiting.find(proposal)
        seen = waiting.known(row, cast(Person, request.user)) if row else None
        if seen is None:
            raise NotFound()
        return Response(ProposalWhole(seen).data)


class ObligationOut(serializers.ModelSerializer[Obligation]):
    """The written justification of an exigent access that one owes, or wrote."""

    basis = serializers.UUIDField(source="grant.basis_id", default=None, allow_null=True)
    basis_number = serializers.CharField(source="grant.basis.number", default="", allow_blank=True)
    grant = serializers.UUIDField(source="grant_id", allow_null=True)
    overdue = serializers.SerializerMethodField()

    class Meta:
        model = Obligation
        fields = ("id", "what", "rule", "grant", "basis", "basis_number", "due_at", "overdue",
                  "discharged_at", "entry")  # fmt: skip

    def get_overdue(self, row: Obligation) -> bool:
        return row.discharged_at is None and row.due_at < clock.now()


class Obligations(Listed):
    """Justifications that one owes oneself, and those one wrote, the newest first. `open` narrows it to
    what is still owed.
    """

    serializer_class = ObligationOut
    filterset_class = ObligationFilter

    def rows_of(self, person: Person) -> QuerySet[Any]:
        rows: QuerySet[Any] = Obligation.objects.owed_by(person.id).filter(kind=ObligationKind.JUSTIFY)
        return rows.select_related("grant__basis")
