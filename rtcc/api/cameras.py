"""Cameras, where they stand, how they are doing, and what was recorded of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cameras.actions.register_camera import register_camera
from cameras.cards import as_json, card_of
from cameras.forms import CameraForm
from cameras.looking import look
from cameras.models import Camera, Placement
from cameras.vocabulary import HealthState, Recording, RetentionClass, Sensitivity
from cameras.writing import find_camera_by_code
from evidence.catalogue.coverage import SpanKind, coverage, share
from policy.models import Person
from policy.vocabulary import OwnerClass
from rtcc import clock
from rtcc.api.fields import Interval
from rtcc.api.filters import CameraFilter, HealthFilter, PlacementFilter
from rtcc.api.lists import Listed
from rtcc.errors import BadInput

LONGEST_COVERAGE = timedelta(days=31)
_DEFAULTS = {
    "port": 554,
    "recording": Recording.ALWAYS.value,
    "retention_class": RetentionClass.STANDARD.value,
}


class CameraOut(serializers.Serializer[Any]):
    """A camera as `cameras.cards` shows it."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()
    owner = serializers.CharField()
    owner_class = serializers.ChoiceField(choices=[word.value for word in OwnerClass])
    state = serializers.CharField()
    state_says = serializers.CharField()
    recording = serializers.CharField()
    retention = serializers.CharField()
    terms = serializers.CharField()
    open_now = serializers.BooleanField()
    hours = serializers.ListField(child=serializers.CharField())
    purposes = serializers.ListField(child=serializers.CharField())
    agreement = serializers.CharField()
    site = serializers.CharField()
    area = serializers.CharField()
    lon = serializers.FloatField(allow_null=True)
    lat = serializers.FloatField(allow_null=True)
    bearing_deg = serializers.FloatField(allow_null=True)
    field_of_view = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))
    marking = serializers.CharField()
    purpose = serializers.CharField()
    masked = serializers.BooleanField()

    class Meta:
        model = Camera

    def to_representation(self, camera: Camera) -> dict[str, Any]:
        return as_json(card_of(camera, clock.now()))


class CameraIn(serializers.Serializer[Any]):
    """What registers a camera: the fields of the form, which judges them."""

    code = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=120)
    host = serializers.CharField(max_length=255)
    port = serializers.IntegerField(min_value=1, max_value=65535, required=False)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise BadInput("Send one JSON object.")
        return dict(data)


class Cameras(Listed):
    """GET lists cameras (`q` searches); POST registers one."""

    serializer_class = CameraOut
    filterset_class = CameraFilter
    ordering = "code"

    def rows_of(self, person: Person) -> QuerySet[Any]:
        rows: QuerySet[Any] = Camera.objects.with_terms(clock.now())
        return rows

    @extend_schema(request=CameraIn, responses={201: CameraOut})
    def post(self, request: Request) -> Response:
        given = CameraIn(data=request.data)
        given.is_valid(raise_exception=True)
        form = CameraForm(_DEFAULTS | given.validated_data)
        if not form.is_valid():
            raise serializers.ValidationError(
                {name: [str(one) for one in wrong] for name, wrong in form.errors.items()}
            )
        camera = register_camera(by=cast(Person, request.user), details=form.details())
        return Response(_one(camera.code), status=status.HTTP_201_CREATED)


class OneCamera(APIView):
    """One camera."""

    @extend_schema(responses=CameraOut)
    def get(self, request: Request, code: str) -> Response:
        look(request)
        return Response(_one(find_camera_by_code(code).code))


def _one(code: str) -> Any:
    return CameraOut(Camera.objects.with_terms(clock.now()).by_code(code).get()).data


class PlacementOut(serializers.ModelSerializer[Placement]):
    """Where a camera stood, from an instant until another."""

    camera = serializers.CharField(source="camera.code")
    site = serializers.CharField(source="site.name")
    time_zone = serializers.CharField(source="site.time_zone")
    area = serializers.CharField(source="area.name", default="")
    field_of_view = serializers.JSONField(help_text="GeoJSON Polygon (RFC 7946), or null")
    sensitivity = serializers.ListField(
        child=serializers.ChoiceField(choices=[word.value for word in Sensitivity])
    )

    class Meta:
        model = Placement
        fields = ("id", "camera", "starts_at", "ends_at", "lon", "lat", "bearing_deg", "field_of_view",
                  "site", "time_zone", "area", "sensitivity", "marking", "purpose")  # fmt: skip


class Placements(Listed):
    """Placements of cameras, the newest first; those of the past too."""

    serializer_class = PlacementOut
    filterset_class = PlacementFilter

    def rows_of(self, person: Person) -> QuerySet[Any]:
        rows: QuerySet[Any] = Placement.objects.select_related("camera", "site", "area")
        return rows


class HealthOut(serializers.Serializer[Any]):
    """How a camera is doing, as the recorder last wrote it."""

    camera = serializers.CharField(source="code")
    state = serializers.ChoiceField(choices=[word.value for word in HealthState], source="health.state")
    since = serializers.DateTimeField(source="health.since")
    checked_at = serializers.DateTimeField(source="health.checked_at")
    last_picture_at = serializers.DateTimeField(source="health.last_picture_at", allow_null=True)
    frame_rate = serializers.FloatField(source="health.frame_rate", allow_null=True)
    kbit_per_s = serializers.FloatField(source="health.kbit_per_s", allow_null=True)
    clock_offset_ms = serializers.FloatField(source="health.clock_offset_ms", allow_null=True)
    sentence = serializers.CharField(source="health.sentence")

    class Meta:
        model = Camera


class Health(Listed):
    """How cameras are doing just now; one that no recorder has asked yet is not in the list."""

    serializer_class = HealthOut
    filterset_class = HealthFilter
    ordering = "code"

    def rows_of(self, person: Person) -> QuerySet[Any]:
        rows: QuerySet[Any] = Camera.objects.filter(health__isnull=False).select_related("health")
        return rows


class SpanOut(serializers.Serializer[Any]):
    """One stretch of time."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in SpanKind])
    reason = serializers.CharField(allow_blank=True)
    sentence = serializers.CharField(allow_blank=True)
    disposition = serializers.UUIDField(allow_null=True, help_text="the record of its destruction")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            "from": serializers.DateTimeField(source="starts_at"),
            "to": serializers.DateTimeField(source="ends_at"),
            **super().get_fields(),
        }


class CoverageOut(serializers.Serializer[Any]):
    """What there is of one camera in an interval. What no span covers was not recorded."""

    camera = serializers.CharField()
    share = serializers.FloatField(help_text="0 to 1: recorded, also where it was destroyed since")
    spans = SpanOut(many=True)


class CoverageIn(Interval):
    """Which camera, and when."""

    camera = serializers.CharField(max_length=60, help_text="its code")


class Coverage(APIView):
    """What was recorded, in gap or destroyed; at most 31 days at a time."""

    @extend_schema(parameters=[CoverageIn], responses=CoverageOut)
    def get(self, request: Request) -> Response:
        look(request)
        given = CoverageIn(data=request.query_params)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        if asked["to"] - asked["from"] > LONGEST_COVERAGE:
            raise BadInput("At most 31 days at a time.", field="to")
        camera = find_camera_by_code(asked["camera"])
        spans = coverage(camera.id, asked["from"], asked["to"])
        said = {"camera": camera.code, "share": share(spans, asked["from"], asked["to"]), "spans": spans}
        return Response(CoverageOut(said).data)
