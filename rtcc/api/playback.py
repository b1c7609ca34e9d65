"""Playing back for programs: open, list what there is, read bytes by ranges, close."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from evidence.actions.close_playback import close_playback
from evidence.actions.open_playback import MOST_CAMERAS, open_playback
from evidence.models import Playback
from evidence.playback import account
from evidence.playback.timeline import cameras_of
from evidence.vault.door import open_footage
from policy import scopes
from policy.models import Grant, Person
from policy.permits import Permit, PermitEnded
from policy.resume import resume
from policy.vocabulary import Action, Purpose
from rtcc.api.fields import Interval
from rtcc.api.filters import PlaybackFilter
from rtcc.api.footage import FileBytes, files_of
from rtcc.api.lists import Listed, one
from rtcc.errors import BadInput
from rtcc.ranges import headers_of

MOST_AT_ONCE = timedelta(hours=1)
MEDIA = "video/mp4"


class PlaybackOut(serializers.ModelSerializer[Playback]):
    """One playback: which footage it reaches, and until when."""

    cameras = serializers.SerializerMethodField()
    expires_at = serializers.DateTimeField(source="permit.expires_at")

    class Meta:
        model = Playback
        fields = ("id", "cameras", "opened_at", "expires_at", "ended_at", "ended_why", "entry", "ended_entry")

    def get_fields(self) -> dict[str, Any]:
        return {
            **super().get_fields(),
            "from": serializers.DateTimeField(source="starts_at", read_only=True),
            "to": serializers.DateTimeField(source="ends_at", read_only=True),
        }

    def get_cameras(self, playback: Playback) -> list[UUID]:
        return list(cameras_of(playback))


class PlaybackIn(Interval):
    """What opens a playback, under one of one's own grants."""

    grant = serializers.UUIDField()
    cameras = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MOST_CAMERAS)


class PlaybackOpened(serializers.Serializer[Any]):
    """The playback, and what it does not reach: per camera, why."""

    playback = PlaybackOut()
    refused = serializers.DictField(child=serializers.CharField())


class PieceOut(serializers.Serializer[Any]):
    """One fragment, and where it stands in the file's bytes."""

    offset = serializers.IntegerField()
    length = serializers.IntegerField()
    key = serializers.BooleanField(help_text="it begins with a key frame")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            **super().get_fields(),
            "from": serializers.DateTimeField(),
            "to": serializers.DateTimeField(),
        }


class FileOut(PieceOut):
    """The part of one recorded file that the playback reaches, as one sequence of bytes."""

    offset = None  # type: ignore[assignment]
    key = None  # type: ignore[assignment]
    file = serializers.UUIDField()
    init_length = serializers.IntegerField(help_text="bytes before the first fragment (ftyp and moov)")
    growing = serializers.BooleanField(help_text="it is being written; its length grows")
    url = serializers.CharField(help_text="its bytes, by Range")
    pieces = PieceOut(many=True)


class FilesOut(serializers.Serializer[Any]):
    """What there is of one camera in the interval."""

    files = FileOut(many=True)


class Playbacks(Listed):
    """GET lists one's own playbacks, the newest first; POST opens one."""

    serializer_class = PlaybackOut
    filterset_class = PlaybackFilter

    def rows_of(self, person: Person) -> QuerySet[Any]:
        rows: QuerySet[Any] = Playback.objects.of_person(person.id).select_related("permit")
        return rows

    @extend_schema(request=PlaybackIn, responses={201: PlaybackOpened})
    def post(self, request: Request) -> Response:
        given = PlaybackIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked, person = given.validated_data, cast(Person, request.user)
        grant = one(Grant.objects.of_person(person.id), id=asked["grant"])
        playback, refused = open_playback(
            by=person,
            basis=grant.basis_id,
            cameras=asked["cameras"],
            starts_at=asked["from"],
            ends_at=asked["to"],
            purpose=Purpose(grant.purpose),
            reason=grant.reason,
        )
        said = {"playback": playback, "refused": {str(camera): why for camera, why in refused.items()}}
        return Response(PlaybackOpened(said).data, status=status.HTTP_201_CREATED)


def _own(request: Request, playback: UUID) -> Playback:
    """The person's own playback. Raises NotFound; Denied for a token that was not made for playing back."""
    person = cast(Person, request.user)
    scopes.require(Action.PLAYBACK, person)
    rows = Playback.objects.of_person(person.id).select_related("permit__grant")
    return cast(Playback, one(rows, id=playback))


def _standing(request: Request, row: Playback) -> Permit:
    """Its permit as it stands now. A permit that has ended ends the playback, with its entry."""
    try:
        if row.ended_at is not None:
            raise PermitEnded(row.ended_why)
        found = resume(row.permit_id, by=cast(Person, request.user))
    except PermitEnded as ended:
        account.end(row.id, ended.sentence)
        raise
    account.look_alive(row.id)
    return found


class OnePlayback(APIView):
    """One playback. Asking keeps it open: one that nobody asks for half a minute ends."""

    @extend_schema(responses=PlaybackOut)
    def get(self, request: Request, playback: UUID) -> Response:
        row = _own(request, playback)
        if row.ended_at is None:
            account.look_alive(row.id)
        return Response(PlaybackOut(row).data)


class ClosePlayback(APIView):
    """Stop playing back. What was sent is entered."""

    @extend_schema(request=None, responses=PlaybackOut)
    def post(self, request: Request, playback: UUID) -> Response:
        row = _own(request, playback)
        close_playback(by=cast(Person, request.user), playback=playback)
        row.refresh_from_db()
        return Response(PlaybackOut(row).data)


class PlaybackFiles(APIView):
    """The recorded files with footage in an interval of a playback; at most an hour at a time."""

    @extend_schema(operation_id="playbacks_files_list", parameters=[Interval], responses=FilesOut)
    def get(self, request: Request, playback: UUID, camera: UUID) -> Response:
        row = _own(request, playback)
        permit = _standing(request, row)
        given = Interval(data=request.query_params)
        given.is_valid(raise_exception=True)
        starts_at, ends_at = given.validated_data["from"], given.validated_data["to"]
        if ends_at - starts_at > MOST_AT_ONCE:
            raise BadInput("Ask for at most an hour at a time.", field="to")
        silent = account.StreamAccount(row.id, camera)
        with open_footage(permit, camera, row.starts_at, row.ends_at, silent) as view:
            found = files_of(view, starts_at, ends_at)
        files = [each.as_json(_url(row, camera, each.file.asset.id)) for each in found]
        return Response({"files": files})


def _url(row: Playback, camera: UUID, file: UUID) -> str:
    return reverse("api:playback-bytes", args=[row.id, camera, file])


class PlaybackBytes(APIView):
    """Bytes of one recorded file: whole, or one range of them. Every byte is entered before it is sent."""

    @extend_schema(
        parameters=[
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="such as bytes=0-65535")
        ],
        responses={
            (200, MEDIA): OpenApiResponse(OpenApiTypes.BINARY, description="all of it"),
            (206, MEDIA): OpenApiResponse(OpenApiTypes.BINARY, description="the range"),
        },
    )
    def get(self, request: Request, playback: UUID, camera: UUID, file: UUID) -> HttpResponseBase:
        row = _own(request, playback)
        answer = FileBytes(_standing(request, row), row, camera)
        answer.open(file, request.headers.get("Range", ""))
        return StreamingHttpResponse(
            answer.body(),
            content_type=MEDIA,
            status=status.HTTP_206_PARTIAL_CONTENT if answer.range else status.HTTP_200_OK,
            headers=headers_of(answer.range, answer.length),
        )
