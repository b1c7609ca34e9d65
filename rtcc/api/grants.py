"""Why somebody watches: incidents, bases, and grants on them."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from policy.actions.end_grant import end_grant
from policy.actions.renew_grant import renew_grant
from policy.models import Basis, Grant, Person
from policy.vocabulary import OffenceClass, Purpose
from rtcc import clock
from rtcc.api.filters import BasisFilter, GrantFilter, IncidentFilter
from rtcc.api.lists import Listed
from rtcc.dispatch.actions.open_incident import open_incident
from rtcc.dispatch.models import Incident
from rtcc.dispatch.views import agencies_of
from rtcc.live.actions.close_viewing import close_viewing
from rtcc.live.actions.open_viewing import MOST_TILES, open_viewing

WORDS = 500


class IncidentIn(serializers.Serializer[Any]):
    """What opens an incident. Without a number it is pending: the number follows."""

    number = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    kind = serializers.CharField(max_length=80)
    title = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    priority = serializers.IntegerField(min_value=1, max_value=5)
    place = serializers.CharField(max_length=200)
    lon = serializers.FloatField(min_value=-180, max_value=180)
    lat = serializers.FloatField(min_value=-90, max_value=90)


class IncidentOut(serializers.ModelSerializer[Incident]):
    """An incident with its basis."""

    id = serializers.UUIDField(source="basis_id")
    number = serializers.CharField(source="basis.number")
    title = serializers.CharField(source="basis.title")
    verification = serializers.CharField(source="basis.verification")
    opened_at = serializers.DateTimeField(source="basis.opened_at")

    class Meta:
        model = Incident
        fields = ("id", "number", "title", "kind", "priority", "place", "lon", "lat", "verification",
                  "opened_at", "entry")  # fmt: skip


class Incidents(Listed):
    """GET lists the open incidents of one's own agency, the newest first; POST opens one."""

    serializer_class = IncidentOut
    filterset_class = IncidentFilter
    ordering = "-basis_id"

    def rows_of(self, person: Person) -> QuerySet[Any]:
        rows = Incident.objects.of_agencies(agencies_of(person)).open_at(clock.now())
        return rows.select_related("basis__agency")

    @extend_schema(request=IncidentIn, responses={201: IncidentOut})
    def post(self, request: Request) -> Response:
        given = IncidentIn(data=request.data)
        given.is_valid(raise_exception=True)
        incident = open_incident(by=cast(Person, request.user), **given.validated_data)
        return Response(IncidentOut(incident).data, status=status.HTTP_201_CREATED)


class BasisOut(serializers.ModelSerializer[Basis]):
    """An incident, a case, a request...: what acts are done for."""

    agency = serializers.CharField(source="agency.code")

    class Meta:
        model = Basis
        fields = ("id", "kind", "agency", "number", "title", "opened_at", "closed_at", "verification",
                  "verified_at")  # fmt: skip


class Bases(Listed):
    """Bases of one's own agency, the newest first."""

    serializer_class = BasisOut
    filterset_class = BasisFilter

    def rows_of(self, person: Person) -> QuerySet[Any]:
        agencies = agencies_of(person)
        rows: QuerySet[Any] = Basis.objects.filter(agency_id__in=agencies).select_related("agency")
        return rows


class GrantOut(serializers.ModelSerializer[Grant]):
    """A right to watch some cameras for a basis, for a while."""

    basis = serializers.UUIDField(source="basis_id")
    cameras = serializers.SerializerMethodField()

    class Meta:
        model = Grant
        fields = ("id", "basis", "purpose", "exigent", "offence_class", "reason", "cameras",
                  "starts_at", "ends_at", "history_from", "state", "renewals", "ended_at",
                  "ended_why", "entry")  # fmt: skip

    def get_cameras(self, grant: Grant) -> list[UUID]:
        return sorted(row.camera for row in grant.cameras.all())


class GrantIn(serializers.Serializer[Any]):
    """What opens a grant: the act of watching these cameras live on the basis, closed again at once."""

    basis = serializers.UUIDField()
    cameras = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MOST_TILES)
    purpose = serializers.ChoiceField(choices=[purpose.value for purpose in Purpose])
    exigent = serializers.BooleanField(default=False)
    offence_class = serializers.ChoiceField(
        choices=[offence.value for offence in OffenceClass], required=False, allow_null=True
    )
    reason = serializers.CharField(max_length=WORDS, required=False, allow_blank=True, default="")


class Opened(serializers.Serializer[Any]):
    """The grant, and what it does not cover: per camera, why."""

    grant = GrantOut()
    refused = serializers.DictField(child=serializers.CharField())


class Why(serializers.Serializer[Any]):
    """A few words, which stand in the entry."""

    why = serializers.CharField(max_length=200)


class Grants(Listed):
    """GET lists one's own grants, the newest first; POST opens one."""

    serializer_class = GrantOut
    filterset_class = GrantFilter

    def rows_of(self, person: Person) -> QuerySet[Any]:
        rows: QuerySet[Any] = Grant.objects.of_person(person.id).prefetch_related("cameras")
        return rows

    @extend_schema(request=GrantIn, responses={201: Opened})
    def post(self, request: Request) -> Response:
        given = GrantIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked, person = given.validated_data, cast(Person, request.user)
        offence = asked.get("offence_class")
        viewing, refused = open_viewing(
            by=person,
            basis=asked["basis"],
            cameras=asked["cameras"],
            purpose=Purpose(asked["purpose"]),
            exigent=asked["exigent"],
            offence_class=OffenceClass(offence) if offence else None,
            reason=asked["reason"],
        )
        close_viewing(by=person, viewing=viewing.id)
        said = {
            "grant": viewing.permit.grant,
            "refused": {str(camera): sentence for camera, sentence in refused.items()},
        }
        return Response(Opened(said).data, status=status.HTTP_201_CREATED)


class RenewGrant(APIView):
    """Give a grant its full time again."""

    @extend_schema(request=None, responses=GrantOut)
    def post(self, request: Request, grant: UUID) -> Response:
        return Response(GrantOut(renew_grant(by=cast(Person, request.user), grant=grant)).data)


class EndGrant(APIView):
    """End a grant, and all that goes on under it."""

    @extend_schema(request=Why, responses=GrantOut)
    def post(self, request: Request, grant: UUID) -> Response:
        given = Why(data=request.data)
        given.is_valid(raise_exception=True)
        end_grant(by=cast(Person, request.user), grant=grant, why=given.validated_data["why"])
        return Response(GrantOut(Grant.objects.get(id=grant)).data)
