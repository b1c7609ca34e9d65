"""Requests for footage: the list by due date, taking one in, working on it, and confirming its hold."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request as ApiRequest
from rest_framework.response import Response
from rest_framework.views import APIView

from evidence.records import absence, cards
from evidence.records.absence import FindingKind
from evidence.records.actions.confirm_hold import Narrower, confirm_hold
from evidence.records.actions.open_request import Asking, open_request
from evidence.records.actions.work_request import Said, work_request
from evidence.records.forms import USUAL_RADIUS_M, zones
from evidence.records.looking import Reader, Which, look, read_one
from evidence.records.models import Request, Step
from evidence.records.place import LEAST_RADIUS_M, MOST_CORNERS, MOST_RADIUS_M, Place, circle, drawn
from evidence.records.states import NOT_BY_HAND
from evidence.records.vocabulary import (
    HOLD_SAYS,
    LAWS,
    Act,
    Channel,
    CloseReason,
    HoldState,
    RequestKind,
    State,
)
from evidence.retention.keeping import MOST_CAMERAS
from policy.models import Person
from rtcc import clock
from rtcc.api.fields import Instant, Interval
from rtcc.api.filters import RequestFilter
from rtcc.api.lists import Listed
from rtcc.config import config
from rtcc.errors import BadInput

WORDS = 1000


class RequestOut(serializers.ModelSerializer[Request]):
    """A request as the list has it: without who asks."""

    id = serializers.UUIDField(source="basis_id", help_text="of the request, and of its basis")
    number = serializers.CharField()
    kind = serializers.ChoiceField(choices=[kind.value for kind in RequestKind])
    channel = serializers.ChoiceField(choices=[channel.value for channel in Channel])
    state = serializers.ChoiceField(choices=[state.value for state in State])
    state_says = serializers.CharField()
    answer_by = serializers.DateTimeField(
        source="told_until", help_text="the due date, or what a letter of delay promised"
    )
    overdue = serializers.SerializerMethodField()
    hold = serializers.UUIDField(source="hold_id", allow_null=True, help_text="the keep that is its hold")
    hold_state = serializers.ChoiceField(choices=[state.value for state in HoldState])
    hold_says = serializers.SerializerMethodField()

    class Meta:
        model = Request
        fields = ("id", "number", "kind", "channel", "law", "place", "zone", "received_at", "due_at",
                  "delay_until", "answer_by", "overdue", "state", "state_says", "hold", "hold_state",
                  "hold_says", "confirm_by", "confirmed_at", "camera_hours", "fee_cents", "closed_at",
                  "close_reason", "entry")  # fmt: skip

    def get_fields(self) -> dict[str, Any]:
        return {
            **super().get_fields(),
            "from": serializers.DateTimeField(source="starts_at", read_only=True),
            "to": serializers.DateTimeField(source="ends_at", read_only=True),
        }

    camera_hours = serializers.FloatField()
    close_reason = serializers.CharField(allow_blank=True)

    def get_overdue(self, row: Request) -> bool:
        return row.overdue_at(clock.now())

    def get_hold_says(self, row: Request) -> str:
        return HOLD_SAYS[row.hold_state()]


class StepOut(serializers.ModelSerializer[Step]):
    """One act on a request, with its entry."""

    act = serializers.ChoiceField(choices=[act.value for act in Act])
    by = serializers.CharField(source="by.display_name", default="", help_text="empty: the desk itself")

    class Meta:
        model = Step
        fields = ("id", "act", "state_before", "state_after", "at", "by", "note", "entry")


class FindingOut(serializers.Serializer[Any]):
    """What is known of some of the time asked for, of one camera, with the entries that prove it."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in FindingKind])
    sentence = serializers.CharField()
    camera = serializers.UUIDField(allow_null=True)
    name = serializers.CharField(allow_blank=True)
    entries = serializers.ListField(child=serializers.UUIDField())
    disposition = serializers.UUIDField(allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            **super().get_fields(),
            "from": serializers.DateTimeField(source="starts_at"),
            "to": serializers.DateTimeField(source="ends_at"),
        }


class RequesterOut(serializers.ModelSerializer[Request]):
    """Who asks."""

    class Meta:
        model = Request
        fields = ("requester", "organisation", "contact", "wanted")


class RequestWhole(serializers.Serializer[Any]):
    """One request: who asks, what there is of it, what was done, and what can be done now."""

    request = RequestOut()
    asked = RequesterOut()
    area = serializers.JSONField(help_text="GeoJSON Polygon (RFC 7946)")
    findings = FindingOut(many=True)
    steps = StepOut(many=True)
    acts = serializers.ListField(
        child=serializers.ChoiceField(choices=[act.value for act in Act]),
        help_text="that your roles may do now, the usual one first",
    )
    waits = serializers.CharField(allow_blank=True, help_text="whom it waits for, if not for you")
    can_confirm = serializers.BooleanField(help_text="its hold waits for your yes")


class RequestIn(Interval):
    """What takes a request in: where (a point, or corners), when, who asks and under which law."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in RequestKind])
    requester = serializers.CharField(max_length=200)
    organisation = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    contact = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    wanted = serializers.CharField(max_length=WORDS, required=False, allow_blank=True, default="")
    law = serializers.CharField(
        max_length=200, required=False, allow_blank=True, default="", help_text="empty: the kind's usual one"
    )
    place = serializers.CharField(max_length=200, help_text="in words")
    lon = serializers.FloatField(min_value=-180, max_value=180, required=False, allow_null=True)
    lat = serializers.FloatField(min_value=-90, max_value=90, required=False, allow_null=True)
    radius_m = serializers.IntegerField(
        min_value=LEAST_RADIUS_M, max_value=MOST_RADIUS_M, required=False, default=USUAL_RADIUS_M
    )
    corners = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2),
        required=False,
        min_length=3,
        max_length=MOST_CORNERS,
        help_text="[longitude, latitude] of each, in the place of a point",
    )
    zone = serializers.CharField(
        max_length=60, required=False, help_text="time zone of the place; without it, the city's"
    )


class StepIn(serializers.Serializer[Any]):
    """One act on a request, and what is said with it. Which of it is needed, the act says."""

    act = serializers.ChoiceField(choices=[act.value for act in Act if act not in NOT_BY_HAND])
    note = serializers.CharField(max_length=WORDS, required=False, allow_blank=True, default="")
    seen = serializers.ChoiceField(
        choices=[state.value for state in State],
        required=False,
        help_text="the state as you read it: in any other the act is not done",
    )
    reason = serializers.ChoiceField(
        choices=[reason.value for reason in CloseReason], required=False, help_text="why it is closed"
    )
    until = Instant(required=False, help_text="of a delay: when the record will be there")
    staff_minutes = serializers.IntegerField(
        min_value=0, max_value=60_000, required=False, help_text="of an estimate of the fee"
    )


class Enough(Interval):
    """What is enough of a hold."""

    cameras = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MOST_CAMERAS)


class ConfirmIn(serializers.Serializer[Any]):
    """Why so much is needed; or, with `narrower`, what is enough of it."""

    note = serializers.CharField(max_length=500)
    narrower = Enough(required=False)


class Requests(Listed):
    """GET lists requests of one's own agency by due date (all, for oversight); POST takes one in, and holds
    its footage before it answers.
    """

    serializer_class = RequestOut
    filterset_class = RequestFilter
    ordering = "place_in_line"
    reader: Reader

    def look(self, request: ApiRequest) -> None:
        self.reader = look(cast(Any, request))

    def rows_of(self, person: Person) -> QuerySet[Any]:
        which = self.request.query_params.get("which", "")
        chosen = Which(which) if which in set(Which) else Which.OPEN
        rows: QuerySet[Any] = self.reader.chosen(chosen).in_line()
        return rows

    @extend_schema(request=RequestIn, responses={201: RequestOut})
    def post(self, request: ApiRequest) -> Response:
        given = RequestIn(data=request.data)
        given.is_valid(raise_exception=True)
        row = open_request(by=cast(Person, request.user), asking=_asking(given.validated_data))
        return Response(RequestOut(_fresh(row.basis_id)).data, status=status.HTTP_201_CREATED)


def _fresh(basis: UUID) -> Request:
    row: Request = Request.objects.for_list().get(basis_id=basis)
    return row


def _asking(said: dict[str, Any]) -> Asking:
    zone = said.get("zone") or config.city_zone.key
    if zone not in zones():
        raise BadInput(f"Choose the time zone of a place: {', '.join(zones())}.", field="zone")
    kind = RequestKind(said["kind"])
    return Asking(
        kind=kind,
        law=said["law"] or LAWS[kind],
        requester=said["requester"],
        organisation=said["organisation"],
        contact=said["contact"],
        wanted=said["wanted"],
        place=_place(said),
        starts_at=said["from"],
        ends_at=said["to"],
        zone=ZoneInfo(zone),
    )


def _place(said: dict[str, Any]) -> Place:
    lon, lat, corners = said.get("lon"), said.get("lat"), said.get("corners")
    if corners:
        return drawn(said["place"], ";".join(f"{corner[0]!r},{corner[1]!r}" for corner in corners))
    if lon is None or lat is None:
        raise BadInput(
            "Say where: lon and lat of a point, or corners.", field="lat" if lat is None else "lon"
        )
    return circle(said["place"], (lon, lat), said["radius_m"])


class OneRequest(APIView):
    """One request. Reading it is entered, as on its page."""

    @extend_schema(responses=RequestWhole)
    def get(self, request: ApiRequest, basis: UUID) -> Response:
        reader, row = read_one(cast(Any, request), basis)
        page = cards.request_page(row, reader)
        offered = [each for each in (page["next"], *page["others"]) if each is not None]
        whole = {
            "request": row,
            "asked": row,
            "area": row.area,
            "findings": [asdict(each) for each in absence.findings(row)],
            "steps": page["steps"],
            "acts": [each.act for each in offered],
            "waits": page["waits"],
            "can_confirm": page["can_confirm"],
        }
        return Response(RequestWhole(whole).data)


class StepRequest(APIView):
    """Do one act on a request, such as to acknowledge or to close it."""

    @extend_schema(request=StepIn, responses={201: StepOut})
    def post(self, request: ApiRequest, basis: UUID) -> Response:
        given = StepIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        step = work_request(
            by=cast(Person, request.user),
            request=basis,
            act=Act(asked["act"]),
            said=Said(
                note=asked["note"],
                seen=State(asked["seen"]) if "seen" in asked else None,
                reason=CloseReason(asked["reason"]) if "reason" in asked else None,
                until=asked.get("until"),
                staff_minutes=asked.get("staff_minutes"),
            ),
        )
        return Response(StepOut(step).data, status=status.HTTP_201_CREATED)


class ConfirmHold(APIView):
    """A supervisor confirms the hold of a request, or places a narrower one beside it."""

    @extend_schema(request=ConfirmIn, responses=RequestOut)
    def post(self, request: ApiRequest, basis: UUID) -> Response:
        given = ConfirmIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        enough = asked.get("narrower")
        narrower = Narrower(frozenset(enough["cameras"]), enough["from"], enough["to"]) if enough else None
        reader, _ = read_one(cast(Any, request), basis)
        confirm_hold(by=reader.person, request=basis, note=asked["note"], narrower=narrower)
        return Response(RequestOut(_fresh(basis)).data)
