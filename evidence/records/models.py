"""Requests, the cameras they name, what was done to them, and the days on which nobody counts."""

from __future__ import annotations

from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q

from evidence.models import Keep
from evidence.records.querysets import RequestQuerySet
from evidence.records.states import ANSWERED
from evidence.records.vocabulary import (
    ACT_SAYS,
    CLOSE_SAYS,
    KIND_SAYS,
    STATE_SAYS,
    Act,
    Channel,
    CloseReason,
    HoldState,
    RequestKind,
    State,
)
from policy.models import Basis, Person
from policy.models.people import choices
from rtcc.ids import uuid7


class Request(models.Model):
    """One request, one-to-one with its basis (kind ``request``), whose number is the request's.

    The place is a polygon; ``lon``, ``lat`` and ``radius_m`` are kept where it was drawn as a circle. Times
    are instants; ``zone`` is the one in which they were typed. ``due_at`` never moves. The receipt's link is
    known by its hash alone. Who asked is in no entry of the log.
    """

    basis = models.OneToOneField(Basis, on_delete=models.PROTECT, primary_key=True, related_name="request")
    year = models.PositiveSmallIntegerField()
    ordinal = models.PositiveIntegerField(help_text="within the agency's year")
    form_key = models.UUIDField(unique=True, help_text="of its form: twice sent is one request")
    kind = models.CharField(max_length=30, choices=choices(RequestKind))
    channel = models.CharField(max_length=10, choices=choices(Channel))
    law = models.CharField(max_length=200, help_text="under which law it is asked")
    requester = models.CharField(max_length=200)
    organisation = models.CharField(max_length=200, blank=True)
    contact = models.CharField(max_length=200, blank=True, help_text="how the answer reaches them")
    requester_address = models.CharField(max_length=40, blank=True, help_text="its pseudonym")
    requester_key = models.CharField(max_length=40, blank=True, help_text="pseudonym of the contact")
    secret_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the receipt's link")
    wanted = models.CharField(max_length=1000, blank=True, help_text="what happened, in their own words")
    place = models.CharField(max_length=200, help_text="address or corner, as it was given")
    area = models.JSONField(help_text="GeoJSON Polygon, RFC 7946")
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    radius_m = models.PositiveIntegerField(null=True)
    zone = models.CharField(max_length=60)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    due_rule = models.CharField(max_length=80, help_text="id of the parameter row that set it")
    delay_cause = models.CharField(max_length=500, blank=True)
    delay_until = models.DateTimeField(null=True, help_text="earliest date and time, as was told")
    state = models.CharField(max_length=30, choices=choices(State))
    assigned_to = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    camera_seconds = models.BigIntegerField(help_text="cameras x time, as asked")
    hold = models.ForeignKey(Keep, on_delete=models.PROTECT, null=True, related_name="requests")
    confirm_by = models.DateTimeField(null=True, help_text="beyond the caps: by when a supervisor")
    confirm_rule = models.CharField(max_length=80, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    narrowed_to = models.ForeignKey(Keep, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_entry = models.UUIDField(null=True)
    unconfirmed_entry = models.UUIDField(null=True, help_text="the entry by which oversight is told")
    fee_cents = models.PositiveIntegerField(null=True)
    closed_at = models.DateTimeField(null=True)
    close_reason = models.CharField(max_length=40, choices=choices(CloseReason), blank=True)
    entry = models.UUIDField()

    objects = RequestQuerySet.as_manager()

    class Meta:
        ordering = ("due_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in State]), name="request_state_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[k.value for k in RequestKind]), name="request_kind_known"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="request_ends_after_start"),
            models.CheckConstraint(
                condition=Q(state=State.CLOSED, closed_at__isnull=False) & ~Q(close_reason="")
                | ~Q(state=State.CLOSED) & Q(close_reason="", closed_at__isnull=True),
                name="request_closed_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(delay_until__isnull=True, delay_cause="")
                | Q(delay_until__isnull=False) & ~Q(delay_cause=""),
                name="request_delay_has_cause_and_time",
            ),
            models.CheckConstraint(
                condition=Q(
                    confirmed_at__isnull=True, confirmed_by__isnull=True, confirmed_entry__isnull=True
                )
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False, confirmed_entry__isnull=False),
                name="request_confirmed_at_and_by",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "due_at"], name="request_state_due"),
            models.Index(fields=["received_at"], name="request_received"),
        ]

    class Privacy:
        public = ("basis", "year", "ordinal", "entry", "confirmed_entry", "unconfirmed_entry")
        closed_while_active = (
            "kind", "channel", "law", "requester", "organisation", "contact", "wanted", "place", "area",
            "lon", "lat", "radius_m", "zone", "starts_at", "ends_at", "received_at", "due_at", "due_rule",
            "delay_cause", "delay_until", "state", "camera_seconds", "hold", "confirm_by", "confirm_rule",
            "confirmed_at", "narrowed_to", "fee_cents", "closed_at", "close_reason",
        )  # fmt: skip
        personnel = ("assigned_to", "confirmed_by")
        security = ("form_key", "requester_address", "requester_key", "secret_hash")

    def __str__(self) -> str:
        return str(self.basis)

    @property
    def number(self) -> str:
        return self.basis.number

    @property
    def state_says(self) -> str:
        return STATE_SAYS[State(self.state)]

    @property
    def kind_says(self) -> str:
        return KIND_SAYS[RequestKind(self.kind)]

    @property
    def close_says(self) -> str:
        return CLOSE_SAYS[CloseReason(self.close_reason)] if self.close_reason else ""

    @property
    def clock(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def camera_hours(self) -> float:
        return self.camera_seconds / 3600

    @property
    def told_until(self) -> Any:
        """When the answer has to be there: the due date, or what a letter of delay promised."""
        return self.delay_until or self.due_at

    def overdue_at(self, instant: Any) -> bool:
        """Whether an answer is owed and its time is over. Computed: waiting for anybody stops nothing."""
        return State(self.state) not in ANSWERED and self.told_until < instant

    def hold_state(self) -> HoldState:
        """How the hold stands. ``hold`` is loaded."""
        if self.hold is None:
            return HoldState.NOTHING_TO_HOLD
        if self.confirmed_at is not None:
            return HoldState.CONFIRMED
        if self.hold.released_at is not None:
            return HoldState.RELEASED
        if self.confirm_by is None:
            return HoldState.STANDS
        return HoldState.UNCONFIRMED if self.unconfirmed_entry else HoldState.WAITS


class RequestCamera(models.Model):
    """A camera that stood at the place, or looked into it, in [starts_at, ends_at) of the time asked for."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="cameras")
    camera = models.UUIDField()
    placement = models.UUIDField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ("camera", "starts_at")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="request_camera_ends_after_start"
            ),
        ]

    class Privacy:
        closed_while_active = ("id", "request", "camera", "placement", "starts_at", "ends_at")


class Step(models.Model):
    """One act on a request: from which state to which, by whom, with its entry. Never changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="steps")
    act = models.CharField(max_length=30, choices=choices(Act))
    state_before = models.CharField(max_length=30, choices=choices(State))
    state_after = models.CharField(max_length=30, choices=choices(State))
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=1000, blank=True)
    data = models.JSONField(default=dict, help_text="what belongs to this act alone, such as findings")
    entry = models.UUIDField()

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(act__in=[a.value for a in Act]), name="step_act_known"),
        ]

    class Privacy:
        closed_while_active = ("request", "act", "state_before", "state_after", "at", "note", "data")
        personnel = ("by",)
        public = ("id", "entry")

    @property
    def says(self) -> str:
        return ACT_SAYS[Act(self.act)]

    @property
    def leads_to(self) -> str:
        return STATE_SAYS[State(self.state_after)] if self.state_after != self.state_before else ""


class Holiday(models.Model):
    """A day that is no business day. A year without a row goes by the library's days for Missouri."""

    day = models.DateField(primary_key=True)
    name = models.CharField(max_length=120)
    authority = models.CharField(max_length=200, help_text="who says so")
    entry = models.UUIDField(null=True, help_text="empty: filled in at set-up")

    class Meta:
        ordering = ("day",)

    class Privacy:
        public = ("day", "name", "authority", "entry")
