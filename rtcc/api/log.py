"""The log for programs: entries as far as their reader may know them, receipts, and what rules would say."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit import receipts, search
from audit.encoding import instant_text
from policy import scopes
from policy.decide import Allow
from policy.dry_run import dry_run
from policy.facts import Question
from policy.models import Person
from policy.vocabulary import Action, Kind, OffenceClass, Purpose, Ref
from rtcc.api.fields import Instant
from rtcc.api.paging import MOST, PAGE
from rtcc.errors import BadInput, Conflict
from rtcc.oversight.actions.read_entry import read_entry
from rtcc.oversight.looking import look
from rtcc.oversight.question import FILTERS, HISTORY, WHAT, Asked
from rtcc.oversight.reading import Proof, Proved, read
from rtcc.oversight.tiers import Reader

_CHOICES = {
    "what": [*WHAT],
    "history": [*HISTORY],
    "purpose": [purpose.value for purpose in Purpose],
}


class EntriesIn(serializers.Serializer[Any]):
    """The filters of the access report."""

    cursor = serializers.UUIDField(required=False, help_text="from `next` of the page before")
    limit = serializers.IntegerField(required=False, min_value=1, max_value=MOST, default=PAGE)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        found: dict[str, serializers.Field[Any, Any, Any, Any]] = super().get_fields()
        for name in FILTERS:
            if name in _CHOICES:
                found[name] = serializers.ChoiceField(choices=_CHOICES[name], required=False)
            elif name.endswith(("_from", "_to")):
                found[name] = Instant(required=False)
            else:
                found[name] = serializers.CharField(required=False, max_length=2000)
        return found


class EntryOut(serializers.Serializer[Any]):
    """One entry: the fields that this reader's tier may know, and how it stands against the signed tree."""

    id = serializers.UUIDField()
    leaf = serializers.IntegerField(allow_null=True, help_text="its index in the log")
    received_at = serializers.DateTimeField(allow_null=True)
    proof = serializers.ChoiceField(choices=[proof.value for proof in Proof])
    faults = serializers.ListField(child=serializers.CharField())
    fields_said = serializers.DictField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        found = super().get_fields()
        found["fields"] = found.pop("fields_said")
        return found


class EntriesOut(serializers.Serializer[Any]):
    """A page of entries, the newest first."""

    next = serializers.CharField(allow_null=True, help_text="the page after this one")
    results = EntryOut(many=True)


def _said(row: Proved, seen: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(row.entry),
        "leaf": row.leaf,
        "received_at": instant_text(row.received_at) if row.received_at else None,
        "proof": row.proof,
        "faults": row.faults,
        "fields": seen,
    }


class Entries(APIView):
    """Entries of the log, the newest first. What was asked is entered once in a quarter of an hour."""

    @extend_schema(operation_id="entries_list", parameters=[EntriesIn], responses=EntriesOut)
    def get(self, request: Request) -> Response:
        given = EntriesIn(data=request.query_params)
        given.is_valid(raise_exception=True)
        said = given.validated_data
        limit, before = said.pop("limit"), said.pop("cursor", None)
        words = {name: value if isinstance(value, str) else value.isoformat() for name, value in said.items()}
        asked = Asked.of(words | ({"before": str(before)} if before else {}))
        # Not given is every act: programs collect entries, and do not only look at who watched.
        asked = Asked({"what": "acts", **asked.filters}, asked.before)
        question = {"api": "entries", **asked.canonical()}
        reader, _ = look(request, question)
        found = search.entries(asked.search(reader, limit=limit + 1))
        known = read(found[:limit])
        rows = [known[key] for key in found[:limit] if key in known]
        results = [_said(row, seen) for row in rows if (seen := reader.sees(row.said))]
        following = None
        if len(found) > limit:
            query = request.query_params.copy()
            query["cursor"] = str(found[limit - 1])
            following = f"{request.build_absolute_uri(request.path)}?{query.urlencode()}"
        return Response({"next": following, "results": results})


class OneEntry(APIView):
    """One entry. One's own acts are read without asking; reading others' is an act that is entered."""

    @extend_schema(responses=EntryOut)
    def get(self, request: Request, entry: UUID) -> Response:
        def permitted() -> Reader:
            return look(request, {"entry": str(entry)})[0]

        person = cast(Person, request.user)
        # A person's own entries need no permission; a token reads them only where it was made for reading.
        scopes.require(Action.VIEW_REPORT, person)
        row, seen, _ = read_entry(by=person, entry=entry, permitted=permitted)
        return Response(_said(row, seen))


class Receipt(APIView):
    """The receipt of an entry (C2SP tlog-proof). It names nothing: whoever has the id may check it."""

    @extend_schema(
        responses={(200, "text/plain"): OpenApiResponse(OpenApiTypes.STR, description="a `.tlog-proof` file")}
    )
    def get(self, request: Request, entry: UUID) -> HttpResponse:
        text = receipts.receipt(entry)
        if text is None:
            raise Conflict("This entry waits for its place in the log. Try again in a few seconds.")
        return HttpResponse(text, content_type="text/plain; charset=utf-8")


class DecisionIn(serializers.Serializer[Any]):
    """What one would like to do oneself."""

    action = serializers.ChoiceField(choices=[action.value for action in Action])
    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind])
    id = serializers.UUIDField()
    basis = serializers.UUIDField(required=False, allow_null=True)
    purpose = serializers.ChoiceField(
        choices=[purpose.value for purpose in Purpose], required=False, allow_null=True
    )
    exigent = serializers.BooleanField(default=False)
    offence_class = serializers.ChoiceField(
        choices=[offence.value for offence in OffenceClass], required=False, allow_null=True
    )
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    footage_from = Instant(required=False, allow_null=True)
    footage_to = Instant(required=False, allow_null=True)


class DecisionOut(serializers.Serializer[Any]):
    """What the rules would answer just now. It permits nothing: the act itself is decided when it is done."""

    permitted = serializers.BooleanField()
    rules = serializers.ListField(child=serializers.CharField())
    obligations = serializers.ListField(child=serializers.CharField())
    rule = serializers.CharField(allow_null=True, help_text="the one that refuses")
    sentence = serializers.CharField(allow_null=True)
    citation = serializers.CharField(allow_null=True)
    way_out = serializers.CharField(allow_null=True)
    policy = serializers.CharField(help_text="hash of the policy version that answered")
    entry = serializers.UUIDField(help_text="the entry of this question")


class Decisions(APIView):
    """Which rule would answer, without a permit. The question is an entry."""

    @extend_schema(request=DecisionIn, responses=DecisionOut)
    def post(self, request: Request) -> Response:
        given = DecisionIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        first, last = asked.get("footage_from"), asked.get("footage_to")
        if (first is None) != (last is None) or (first and last and first >= last):
            raise BadInput("Give both ends of the footage, the first before the last.", field="footage_to")
        offence, purpose = asked.get("offence_class"), asked.get("purpose")
        question = Question(
            action=Action(asked["action"]),
            by=cast(Person, request.user),
            on=(Ref(Kind(asked["kind"]), asked["id"]),),
            basis=asked.get("basis"),
            purpose=Purpose(purpose) if purpose else None,
            footage=(first, last) if first and last else None,
            exigent=asked["exigent"],
            offence_class=OffenceClass(offence) if offence else None,
            reason=asked["reason"],
        )
        answer, permit, policy = dry_run(question)
        said: dict[str, Any] = {"entry": permit.entry_id, "policy": policy, "rules": list(answer.rules)}
        if isinstance(answer, Allow):
            refusal = dict.fromkeys(("rule", "sentence", "citation", "way_out"))
            owed = [str(spec.kind) for spec in answer.obligations]
            return Response({"permitted": True, "obligations": owed, **refusal, **said})
        refusal = {name: getattr(answer, name) for name in ("rule", "sentence", "citation", "way_out")}
        return Response({"permitted": False, "obligations": [], **refusal, **said})
