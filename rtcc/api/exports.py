"""Exports: asking for one, the second person's yes, how far it is, stopping it, and its package."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cameras.looking import look
from evidence.exports import cards
from evidence.exports.actions.approve_export import approve_export
from evidence.exports.actions.propose_export import propose_export
from evidence.exports.actions.stop_export import stop_export
from evidence.exports.draw import MOST_SPANS, cameras_of, interval_of
from evidence.exports.handing import hand_out
from evidence.exports.models import Export
from evidence.exports.states import ExportState
from evidence.retention.keeping import Span
from policy import scopes
from policy.models import Approval, Person
from policy.vocabulary import Action, Recipient
from rtcc.api.fields import Interval
from rtcc.api.filters import ExportFilter
from rtcc.api.lists import Listed
from rtcc.errors import NotFound

MEDIA = "application/zip"
_STATES = [state.value for state in ExportState]
_RECIPIENTS = [recipient.value for recipient in Recipient]


class ExportOut(serializers.ModelSerializer[Export]):
    """An export and how far it is. It is ready where `state` is; ask again every few seconds until then."""

    basis_number = serializers.CharField(source="basis.number")
    state = serializers.ChoiceField(choices=_STATES)
    state_says = serializers.CharField()
    sentence = serializers.CharField(allow_blank=True, help_text="why it was refused, stopped or failed")
    recipient_class = serializers.ChoiceField(choices=_RECIPIENTS)
    asked_by = serializers.CharField(source="asked_by.display_name")
    approve_by = serializers.DateTimeField(source="proposal.expires_at")
    proposed_entry = serializers.UUIDField(source="proposal.entry")
    cameras = serializers.SerializerMethodField()
    percent = serializers.IntegerField(help_text="0 to 100, of its work")
    package_bytes = serializers.IntegerField(source="asset.plain_bytes", default=None, allow_null=True)

    class Meta:
        model = Export
        fields = ("id", "basis", "basis_number", "purpose", "state", "state_says", "sentence", "cameras",
                  "recipient_class", "recipient", "standard", "reason", "asked_by", "asked_at", "approve_by",
                  "step", "done", "total", "percent", "finished_at", "package_bytes", "drawn_sha256",
                  "manifest_sha256", "proposed_entry", "entry", "manifest_entry",
                  "finished_entry")  # fmt: skip

    def get_fields(self) -> dict[str, Any]:
        return {
            **super().get_fields(),
            "from": serializers.SerializerMethodField(method_name="first"),
            "to": serializers.SerializerMethodField(method_name="last"),
        }

    def get_cameras(self, row: Export) -> list[UUID]:
        return cameras_of(row.drawn)

    @extend_schema_field(OpenApiTypes.DATETIME)
    def first(self, row: Export) -> str | None:
        return serializers.DateTimeField().to_representation(interval_of(row.drawn)[0])

    @extend_schema_field(OpenApiTypes.DATETIME)
    def last(self, row: Export) -> str | None:
        return serializers.DateTimeField().to_representation(interval_of(row.drawn)[1])


class ApprovalOut(serializers.ModelSerializer[Approval]):
    """One person's yes."""

    by = serializers.CharField(source="person.display_name")

    class Meta:
        model = Approval
        fields = ("by", "at", "entry")


class ExportWhole(serializers.Serializer[Any]):
    """One export, who agreed, and what you may do with it now."""

    export = ExportOut()
    approvals = ApprovalOut(many=True)
    can_approve = serializers.BooleanField()
    can_stop = serializers.BooleanField()
    can_download = serializers.BooleanField()


class SpanIn(Interval):
    """Footage of one camera."""

    camera = serializers.UUIDField()


class ExportIn(serializers.Serializer[Any]):
    """What asks for an export: for which open request or case, which footage, to whom and why."""

    basis = serializers.UUIDField(help_text="an open request or case of your agency")
    spans = serializers.ListField(child=SpanIn(), min_length=1, max_length=MOST_SPANS)
    recipient_class = serializers.ChoiceField(choices=_RECIPIENTS)
    recipient = serializers.CharField(max_length=200, help_text="person and office")
    standard = serializers.CharField(max_length=200, help_text="the law, rule or order it goes by")
    reason = serializers.CharField(max_length=500)


class Exports(Listed):
    """GET lists exports of one's own agency, the newest first (all, for oversight); POST asks for one. A
    second person has 24 hours to approve it.
    """

    serializer_class = ExportOut
    filterset_class = ExportFilter

    def rows_of(self, person: Person) -> QuerySet[Any]:
        rows: QuerySet[Any] = cards.known_to(person).for_list()
        return rows

    @extend_schema(request=ExportIn, responses={201: ExportOut})
    def post(self, request: Request) -> Response:
        person = cast(Person, request.user)
        cards.known_to(person)
        scopes.require(Action.EXPORT, person)
        given = ExportIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        if asked["basis"] not in {row.id for row in cards.bases_for(person)}:
            raise NotFound("There is no open request or case with this id for which you may ask for exports.")
        row = propose_export(
            by=person,
            basis=asked["basis"],
            spans=[Span(each["camera"], each["from"], each["to"]) for each in asked["spans"]],
            recipient_class=Recipient(asked["recipient_class"]),
            recipient=asked["recipient"],
            standard=asked["standard"],
            reason=asked["reason"],
        )
        return Response(ExportOut(cards.find(person, row.id)).data, status=status.HTTP_201_CREATED)


class OneExport(APIView):
    """One export, with its progress."""

    @extend_schema(responses=ExportWhole)
    def get(self, request: Request, export: UUID) -> Response:
        person = look(request)
        row = cards.find(person, export)
        return Response(ExportWhole({"export": row, **cards.page(row, person)}).data)


class ApproveExport(APIView):
    """The second person's yes, in a signed-in browser: no API token gives it. The package is made then."""

    @extend_schema(request=None, responses=ExportOut)
    def post(self, request: Request, export: UUID) -> Response:
        person = cast(Person, request.user)
        approve_export(by=person, export=export)
        return Response(ExportOut(Export.objects.for_list().get(id=export)).data)


class StopExport(APIView):
    """Stop it: by whoever asked for it, or may approve it. Nothing is handed out."""

    @extend_schema(request=None, responses=ExportOut)
    def post(self, request: Request, export: UUID) -> Response:
        person = cast(Person, request.user)
        row = cards.find(person, export)
        scopes.require(Action.EXPORT if row.asked_by_id == person.id else Action.APPROVE, person)
        stop_export(by=person, export=export)
        return Response(ExportOut(cards.find(person, export)).data)


class ExportPackage(APIView):
    """The package (ZIP). Its bytes are entered as they are sent. A download that broke off goes on by Range,
    with the ETag of the first answer as If-Range.
    """

    @extend_schema(
        parameters=[
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="such as bytes=1048576-"),
            OpenApiParameter("If-Range", str, OpenApiParameter.HEADER, description="the ETag of the package"),
        ],
        responses={
            (200, MEDIA): OpenApiResponse(OpenApiTypes.BINARY, description="all of it"),
            (206, MEDIA): OpenApiResponse(OpenApiTypes.BINARY, description="the range"),
        },
    )
    def get(self, request: Request, export: UUID) -> HttpResponseBase:
        person = cast(Person, request.user)
        scopes.require(Action.OPEN_ASSET, person)
        return hand_out(request._request, person, cards.find(person, export))
