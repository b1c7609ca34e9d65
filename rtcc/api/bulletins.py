"""Pictures for officers: to whom one can be sent, sending, what became of it, and taking it back."""

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
from policy.models import Grant, Person
from rtcc import clock
from rtcc.api.fields import Instant
from rtcc.api.filters import BulletinFilter
from rtcc.api.lists import Listed, one
from rtcc.bulletins.actions.revoke_picture import revoke_picture
from rtcc.bulletins.actions.send_picture import Picture
from rtcc.bulletins.links import address
from rtcc.bulletins.models import Bulletin
from rtcc.bulletins.recipients import MOST, recipients
from rtcc.bulletins.sending import send_and_make
from rtcc.bulletins.showing import seen_by, state_of
from rtcc.bulletins.words import Answer, Shape

_SHAPES = [shape.value for shape in Shape]


class BulletinOut(serializers.ModelSerializer[Bulletin]):
    """A picture that was sent to one officer, and what became of it."""

    shape = serializers.ChoiceField(choices=_SHAPES)
    sender_name = serializers.CharField(source="sender.display_name")
    recipient_name = serializers.CharField(source="recipient.display_name")
    basis_number = serializers.CharField(source="basis.number", allow_blank=True)
    state_says = serializers.SerializerMethodField()
    answer = serializers.ChoiceField(choices=[each.value for each in Answer], allow_blank=True)
    fault = serializers.CharField(allow_blank=True, help_text="why no picture could be made")

    class Meta:
        model = Bulletin
        fields = ("id", "sending", "shape", "camera", "basis", "basis_number", "sender", "sender_name",
                  "recipient", "recipient_name", "sent_at", "expires_at", "state_says", "fault", "opened_at",
                  "answer", "answered_at", "revoked_at", "entry", "answered_entry",
                  "revoked_entry")  # fmt: skip

    def get_state_says(self, row: Bulletin) -> str:
        return state_of(row, clock.now())[0]


class SentOut(serializers.Serializer[Any]):
    """One picture that was just sent. Its link stands here alone: what is stored of it is a hash."""

    bulletin = BulletinOut()
    link = serializers.CharField(help_text="opens for its recipient alone, signed in")


class SentAll(serializers.Serializer[Any]):
    """All that one sending made, one for each officer."""

    sent = SentOut(many=True)


class SendIn(serializers.Serializer[Any]):
    """What sends a picture under one of one's own grants: to officers by id, or to all units there."""

    grant = serializers.UUIDField()
    camera = serializers.UUIDField()
    shape = serializers.ChoiceField(choices=_SHAPES)
    at = Instant(required=False, help_text="of the footage; without it, this moment")
    seconds = serializers.IntegerField(
        min_value=0, max_value=60, required=False, default=0, help_text="of a clip, which ends then"
    )
    to = serializers.ListField(child=serializers.UUIDField(), required=False, default=list, max_length=MOST)
    all_units = serializers.BooleanField(required=False, default=False)


class Bulletins(Listed):
    """GET lists the pictures that one sent, the newest first (for a supervisor those of the agency).

    POST sends one. A still is made before the answer, a clip soon after it.
    """

    serializer_class = BulletinOut
    filterset_class = BulletinFilter

    def rows_of(self, person: Person) -> QuerySet[Any]:
        rows: QuerySet[Any] = seen_by(person)
        return rows

    @extend_schema(request=SendIn, responses={201: SentAll})
    def post(self, request: Request) -> Response:
        given = SendIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        sent = send_and_make(
            by=cast(Person, request.user),
            grant=asked["grant"],
            picture=Picture(Shape(asked["shape"]), asked["camera"], asked["seconds"]),
            to=asked["to"],
            all_units=asked["all_units"],
            at_s=asked["at"].timestamp() if "at" in asked else 0.0,
        )
        rows = Bulletin.objects.for_list().in_bulk([each.bulletin.id for each in sent])
        said = [{"bulletin": rows[each.bulletin.id], "link": address(each.token)} for each in sent]
        return Response(SentAll({"sent": said}).data, status=status.HTTP_201_CREATED)


class RevokeBulletin(APIView):
    """Take one picture back: nothing of it is handed out any more."""

    @extend_schema(request=None, responses=BulletinOut)
    def post(self, request: Request, bulletin: UUID) -> Response:
        revoke_picture(by=cast(Person, request.user), bulletin=bulletin)
        return Response(BulletinOut(Bulletin.objects.for_list().get(id=bulletin)).data)


class RecipientOut(serializers.Serializer[Any]):
    """An officer to whom a picture can be sent."""

    id = serializers.UUIDField(source="person.id")
    name = serializers.CharField(source="person.display_name")
    unit = serializers.CharField(allow_blank=True, help_text="on this incident")
    patrol = serializers.CharField(allow_blank=True, help_text="where they work otherwise")


class RecipientsOut(serializers.Serializer[Any]):
    """All of them, those on the incident first."""

    recipients = RecipientOut(many=True)


class Recipients(APIView):
    """To whom pictures can be sent under one of one's own grants."""

    @extend_schema(operation_id="grants_recipients_list", responses=RecipientsOut)
    def get(self, request: Request, grant: UUID) -> Response:
        person = look(request)
        held = one(Grant.objects.of_person(person.id).select_related("basis"), id=grant)
        return Response(RecipientsOut({"recipients": recipients(held.basis)}).data)
