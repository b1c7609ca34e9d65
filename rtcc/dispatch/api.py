"""Incidents for programs (a dispatch system): list and open, through the same act as the page."""

from __future__ import annotations

from typing import Any, cast

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from policy.models import Person
from rtcc import clock
from rtcc.dispatch.actions.open_incident import open_incident
from rtcc.dispatch.models import Incident
from rtcc.dispatch.views import agencies_of

MOST = 200


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


class Incidents(APIView):
    """GET lists the open incidents of one's own agency; POST opens one."""

    serializer_class = IncidentOut

    def get(self, request: Request) -> Response:
        person = cast(Person, request.user)
        rows = Incident.objects.of_agencies(agencies_of(person)).open_at(clock.now()).for_list()[:MOST]
        return Response({"incidents": IncidentOut(rows, many=True).data})

    def post(self, request: Request) -> Response:
        given = IncidentIn(data=request.data)
        given.is_valid(raise_exception=True)
        incident = open_incident(by=cast(Person, request.user), **given.validated_data)
        return Response(IncidentOut(incident).data, status=status.HTTP_201_CREATED)
