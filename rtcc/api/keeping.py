"""Keeping and destroying: keeps, holds, and the records of what was destroyed."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cameras.looking import look
from evidence.actions.place_hold import place_hold
from evidence.actions.place_keep import place_keep
from evidence.models import Disposition, Keep
from evidence.retention import dispositions
from evidence.retention.states import DispositionState, KeepKind
from policy.models import Person
from rtcc.api.fields import Instant, Interval
from rtcc.api.filters import DispositionFilter, KeepFilter
from rtcc.api.lists import Listed, one
from rtcc.retention.cards import Reader

WORDS = 500
MOST_CAMERAS = 200


class HeldOut(serializers.Serializer[Any]):
    """Footage of one camera that is kept."""

    camera = serializers.UUIDField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            **super().get_fields(),
            "from": serializers.DateTimeField(source="starts_at"),
            "to": serializers.DateTimeField(source="ends_at"),
        }


class KeepOut(serializers.ModelSerializer[Keep]):
    """One reason to keep footage, and what it keeps."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in KeepKind])
    basis = serializers.UUIDField(source="basis_id", allow_null=True)
    intervals = HeldOut(many=True)

    class Meta:
        model = Keep
        fields = ("id", "kind", "basis", "authority", "matter", "reason", "placed_at", "review_by",
                  "expires_at", "released_at", "released_why", "intervals", "entry",
                  "released_entry")  # fmt: skip


class KeepIn(Interval):
    """What keeps footage of one camera, under one's grant on the basis."""

    basis = serializers.UUIDField()
    camera = serializers.UUIDField()
    reason = serializers.CharField(max_length=WORDS, required=False, allow_blank=True, default="")


class HoldIn(Interval):
    """What places a hold: it stands until two persons release it."""

    cameras = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MOST_CAMERAS)
    authority = serializers.CharField(max_length=200, help_text="who demands it: order, letter, law")
    matter = serializers.CharField(max_length=200, help_text="case, claim or request it serves")
    reason = serializers.CharField(max_length=WORDS, required=False, allow_blank=True, default="")
    basis = serializers.UUIDField(required=False, allow_null=True)
    review_by = Instant(required=False, allow_null=True)


class Keeps(Listed):
    """GET lists keeps and holds of one's own agency (all, for oversight); POST keeps footage for a basis."""

    serializer_class = KeepOut
    filterset_class = KeepFilter

    def rows_of(self, person: Person) -> QuerySet[Any]:
        rows: QuerySet[Any] = Reader.of(person).keeps().prefetch_related("intervals")
        return rows

    @extend_schema(request=KeepIn, responses={201: KeepOut})
    def post(self, request: Request) -> Response:
        given = KeepIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        keep = place_keep(
            by=cast(Person, request.user),
            basis=asked["basis"],
            camera=asked["camera"],
            starts_at=asked["from"],
            ends_at=asked["to"],
            reason=asked["reason"],
        )
        return Response(KeepOut(keep).data, status=status.HTTP_201_CREATED)


class Holds(APIView):
    """POST places a hold."""

    @extend_schema(request=HoldIn, responses={201: KeepOut})
    def post(self, request: Request) -> Response:
        given = HoldIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        keep = place_hold(
            by=cast(Person, request.user),
            cameras=asked["cameras"],
            starts_at=asked["from"],
            ends_at=asked["to"],
            authority=asked["authority"],
            matter=asked["matter"],
            reason=asked["reason"],
            basis=asked.get("basis"),
            review_by=asked.get("review_by"),
        )
        return Response(KeepOut(keep).data, status=status.HTTP_201_CREATED)


class OneKeep(APIView):
    """One keep or hold."""

    @extend_schema(responses=KeepOut)
    def get(self, request: Request, keep: UUID) -> Response:
        rows = Reader.of(look(request)).keeps().prefetch_related("intervals")
        return Response(KeepOut(one(rows, id=keep)).data)


class DispositionOut(serializers.ModelSerializer[Disposition]):
    """What was destroyed, in a list."""

    state = serializers.ChoiceField(choices=[state.value for state in DispositionState])

    class Meta:
        model = Disposition
        fields = ("id", "camera", "state", "retention_class", "rule", "policy", "starts_at", "ends_at",
                  "count", "bytes", "tombstoned_at", "proved_at", "beyond_recovery_at", "entry")  # fmt: skip


class Dispositions(Listed):
    """What was destroyed, the newest first."""

    serializer_class = DispositionOut
    filterset_class = DispositionFilter

    def rows_of(self, person: Person) -> QuerySet[Any]:
        rows: QuerySet[Any] = Disposition.objects.decided()
        return rows


class OneDisposition(APIView):
    """The record of one destruction, with the receipts of its entries."""

    @extend_schema(responses={200: {"type": "object", "required": ["type", "version", "id", "state"]}})
    def get(self, request: Request, disposition: UUID) -> Response:
        look(request)
        return Response(dispositions.as_json(one(Disposition.objects.decided(), id=disposition)))
