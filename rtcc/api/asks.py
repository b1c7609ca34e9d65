"""What the agency asks of owners, and an owner's own stops: no, a yes taken back, a camera paused.

An owner's yes takes a person at the page; no token gives it.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from typing import Any, ClassVar, cast
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cameras.actions.pause_camera import pause_camera
from cameras.actions.resume_camera import resume_camera
from cameras.models import Camera
from policy.models import Membership, Person
from policy.vocabulary import OrganisationClass, Purpose
from rtcc import clock
from rtcc.api.cameras import CameraOut
from rtcc.api.fields import Instant
from rtcc.api.filters import AskFilter
from rtcc.api.lists import Listed, one
from rtcc.errors import BadInput
from rtcc.oversight.tiers import reader_of
from rtcc.partners.actions.answer_ask import say_no, take_back
from rtcc.partners.actions.ask_footage import ask_footage
from rtcc.partners.actions.ask_to_watch import ask_to_watch
from rtcc.partners.actions.decline_ask import decline_ask
from rtcc.partners.models import Ask
from rtcc.partners.vocabulary import AskState, AskWants

WORDS = 500


class AskOut(serializers.ModelSerializer[Ask]):
    """One question to an owner, and its answer."""

    owner_name = serializers.CharField(source="owner.name")
    camera_code = serializers.CharField(source="camera.code")
    wants = serializers.ChoiceField(choices=[each.value for each in AskWants])
    purpose = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(choices=[each.value for each in AskState])
    files = serializers.SerializerMethodField(help_text="how many the owner handed in")

    class Meta:
        model = Ask
        fields = ("id", "owner", "owner_name", "camera", "camera_code", "wants", "purpose", "starts_at",
                  "ends_at", "note", "asked_at", "state", "answered_at", "declined_why", "until",
                  "taken_back_at", "files", "entry", "answered_entry", "taken_back_entry")  # fmt: skip

    def get_files(self, row: Ask) -> int:
        return len(row.uploads.all())


class AskIn(serializers.Serializer[Any]):
    """What asks an owner to let a camera be watched that is lent on request, or for a file."""

    wants = serializers.ChoiceField(
        choices=[each.value for each in AskWants],
        default=AskWants.WATCH.value,
        help_text="watch: a yes to watching the camera; file: the owner's own recording",
    )
    basis = serializers.UUIDField()
    camera = serializers.UUIDField()
    purpose = serializers.ChoiceField(choices=[each.value for each in Purpose])
    note = serializers.CharField(max_length=WORDS, help_text="what is looked for, in words for the owner")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            **super().get_fields(),
            "from": Instant(
                required=False, help_text="pictures from then on; without it, from now on. A file needs it"
            ),
            "to": Instant(help_text="live until then, or the end of the recording"),
        }


class WhyIn(serializers.Serializer[Any]):
    """A reason."""

    why = serializers.CharField(max_length=WORDS, required=False, allow_blank=True, default="")


def asks_of(person: Person) -> QuerySet[Any]:
    """What a person may know of: an owner what it is asked, anybody else what their agency asks."""
    rows: QuerySet[Any] = Ask.objects.for_list()
    owners = reader_of(person).owners
    if owners is not None:
        return rows.filter(owner_id__in=owners)
    agencies = Membership.objects.of_person(person.id).valid_at(clock.now())
    agencies = agencies.filter(organisation__kind=OrganisationClass.AGENCY)
    return rows.filter(basis__agency_id__in=agencies.values("organisation_id"))


def _why(request: Request) -> str:
    given = WhyIn(data=request.data)
    given.is_valid(raise_exception=True)
    return str(given.validated_data["why"])


class Asks(Listed):
    """GET lists what owners are asked, the newest first: an owner sees its own, others those of their agency.

    POST asks an owner to let a camera be watched, or for a file.
    """

    serializer_class = AskOut
    filterset_class = AskFilter

    def rows_of(self, person: Person) -> QuerySet[Any]:
        return asks_of(person)

    @extend_schema(request=AskIn, responses={201: AskOut})
    def post(self, request: Request) -> Response:
        given = AskIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        if asked["wants"] == AskWants.FILE and "from" not in asked:
            raise BadInput("Say from when the recording is asked for.", field="from")
        row = (ask_footage if asked["wants"] == AskWants.FILE else ask_to_watch)(
            by=cast(Person, request.user),
            basis=asked["basis"],
            purpose=Purpose(asked["purpose"]),
            camera=asked["camera"],
            starts_at=asked.get("from", clock.now()),
            ends_at=asked["to"],
            note=asked["note"],
        )
        return Response(AskOut(row).data, status=status.HTTP_201_CREATED)


class DeclineAsk(APIView):
    """The owner says no: to watching, or to handing a file in (then `why` is needed)."""

    @extend_schema(request=WhyIn, responses=AskOut)
    def post(self, request: Request, ask: UUID) -> Response:
        person = cast(Person, request.user)
        row = one(asks_of(person), id=ask)
        act = say_no if row.wants == AskWants.WATCH else decline_ask
        act(by=person, ask=ask, why=_why(request))
        return Response(AskOut(one(asks_of(person), id=ask)).data)


class TakeBackYes(APIView):
    """The owner takes a yes back: what is open under it ends within two seconds."""

    @extend_schema(request=None, responses=AskOut)
    def post(self, request: Request, ask: UUID) -> Response:
        person = cast(Person, request.user)
        take_back(by=person, ask=one(asks_of(person), id=ask).id)
        return Response(AskOut(one(asks_of(person), id=ask)).data)


class _OwnersCamera(APIView, ABC):
    """An act of an owner on one of its cameras; `do` is the act."""

    do: ClassVar[Callable[..., Camera]]

    @extend_schema(request=WhyIn, responses=CameraOut)
    def post(self, request: Request, code: str) -> Response:
        row = one(Camera.objects.active().by_code(code))
        type(self).do(by=cast(Person, request.user), camera=row.id, why=_why(request))
        return Response(CameraOut(Camera.objects.with_terms(clock.now()).get(id=row.id)).data)


class PauseCamera(_OwnersCamera):
    """The owner pauses a camera: its pictures stop within two seconds, and nothing is recorded."""

    do = staticmethod(pause_camera)


class ResumeCamera(_OwnersCamera):
    """The owner lets a camera go on that it had paused."""

    do = staticmethod(resume_camera)
