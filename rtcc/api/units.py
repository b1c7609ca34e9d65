"""Units on an incident."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cameras.looking import look
from policy.models import Person
from rtcc import clock
from rtcc.dispatch.actions.assign_unit import LONGEST_CALL_SIGN, assign_unit, clear_unit
from rtcc.dispatch.models import Assignment, Incident
from rtcc.dispatch.views import agencies_of
from rtcc.errors import NotFound


class UnitIn(serializers.Serializer[Any]):
    """What puts a unit on an incident."""

    unit = serializers.CharField(max_length=LONGEST_CALL_SIGN, help_text="call sign, such as 4-12")
    officer = serializers.UUIDField(help_text="the officer in it, of the agency of the incident")


class UnitOut(serializers.ModelSerializer[Assignment]):
    """A unit on an incident."""

    officer = serializers.UUIDField(source="person_id")

    class Meta:
        model = Assignment
        fields = ("id", "unit", "officer", "starts_at", "ends_at", "entry")


class Units(APIView):
    """GET lists the units that are on an incident of one's own agency; POST puts one on it."""

    @extend_schema(responses=UnitOut(many=True), operation_id="incident_units")
    def get(self, request: Request, basis: UUID) -> Response:
        _own(request, basis)
        look(request)
        rows = Assignment.objects.on_basis(basis).valid_at(clock.now())
        return Response(UnitOut(rows, many=True).data)

    @extend_schema(request=UnitIn, responses={201: UnitOut})
    def post(self, request: Request, basis: UUID) -> Response:
        person = _own(request, basis)
        given = UnitIn(data=request.data)
        given.is_valid(raise_exception=True)
        row = assign_unit(by=person, basis=basis, **given.validated_data)
        return Response(UnitOut(row).data, status=status.HTTP_201_CREATED)


class ClearUnit(APIView):
    """Take a unit off an incident."""

    @extend_schema(request=None, responses=UnitOut)
    def post(self, request: Request, basis: UUID, assignment: UUID) -> Response:
        row = clear_unit(by=_own(request, basis), basis=basis, assignment=assignment)
        return Response(UnitOut(row).data)


def _own(request: Request, basis: UUID) -> Person:
    """Who asks, where the incident is of an agency that they work for. Raises NotFound."""
    person = cast(Person, request.user)
    if not Incident.objects.of_agencies(agencies_of(person)).filter(basis_id=basis).exists():
        raise NotFound
    return person
