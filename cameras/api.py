"""The registry for programs: list, read and register, through the same acts as the pages."""

from __future__ import annotations

from typing import Any, cast

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cameras.actions.register_camera import register_camera
from cameras.cards import as_json, card_of
from cameras.forms import CameraForm
from cameras.looking import look
from cameras.models import Camera
from cameras.writing import find_camera_by_code
from policy.models import Person
from rtcc import clock
from rtcc.errors import BadInput

MOST = 500


class CameraOut(serializers.Serializer[Any]):
    """A camera as `cameras.cards` shows it."""

    id = serializers.UUIDField()
    code = serializers.SlugField()
    name = serializers.CharField()
    owner = serializers.CharField()
    owner_class = serializers.CharField()
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


def _shown(cameras: Any) -> list[dict[str, Any]]:
    at = clock.now()
    return [as_json(card_of(camera, at)) for camera in cameras]


class Cameras(APIView):
    """GET lists cameras (`q` searches); POST registers one, with the fields of the form."""

    serializer_class = CameraOut

    def get(self, request: Request) -> Response:
        look(request)
        words = request.query_params.get("q", "")[:100]
        rows = Camera.objects.all().matching(words).with_terms(clock.now()).order_by("code")[:MOST]
        return Response({"cameras": _shown(rows)})

    def post(self, request: Request) -> Response:
        if not isinstance(request.data, dict):
            raise BadInput("Send one JSON object.")
        form = CameraForm({"port": 554, "recording": "always", "retention_class": "standard", **request.data})
        if not form.is_valid():
            return Response({"title": "Some fields cannot be used.", "fields": form.errors}, status=400)
        camera = register_camera(by=cast(Person, request.user), details=form.details())
        rows = Camera.objects.with_terms(clock.now()).by_code(camera.code)
        return Response(_shown(rows)[0], status=status.HTTP_201_CREATED)


class OneCamera(APIView):
    """GET reads one camera."""

    serializer_class = CameraOut

    def get(self, request: Request, code: str) -> Response:
        look(request)
        camera = find_camera_by_code(code)
        return Response(_shown(Camera.objects.with_terms(clock.now()).by_code(camera.code))[0])
