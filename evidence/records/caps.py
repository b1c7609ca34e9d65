"""How much one request may hold without a supervisor: else one form could defeat every retention ceiling."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Sum

from evidence.records import calendar
from evidence.records.models import Request
from evidence.records.vocabulary import Channel
from evidence.retention.keeping import Span
from policy import publish

_HOUR_S = 3600
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Requester:
    """Who asks, as the caps tell them apart: pseudonyms of the network address and of the contact."""

    address: str = ""
    contact: str = ""


@dataclass(frozen=True)
class Cap:
    """What a hold needs: nothing, or a supervisor by an instant, because of a parameter's row."""

    confirm_by: datetime | None = None
    rule: str = ""


def camera_seconds(spans: Iterable[Span]) -> int:
    return round(sum((span.ends_at - span.starts_at).total_seconds() for span in spans))


def cap_of(seconds: int, channel: Channel, requester: Requester, zone: ZoneInfo, now: datetime) -> Cap:
    """Whether a hold of that many camera-seconds needs a supervisor, and until when."""
    parameters = publish.active().parameters
    rule = ""
    if seconds > parameters.count("provisional_hold_camera_hours", now) * _HOUR_S:
        rule = "provisional_hold_camera_hours"
    elif channel is Channel.PUBLIC:
        today = Request.objects.of_requester_since(requester.address, requester.contact, now - _DAY)
        before = today.aggregate(all=Sum("camera_seconds"))["all"] or 0
        if before + seconds > parameters.count("provisional_hold_camera_hours_a_day", now) * _HOUR_S:
            rule = "provisional_hold_camera_hours_a_day"
    if not rule:
        return Cap()
    days = parameters.count("provisional_hold_confirm_business_days", now)
    return Cap(calendar.due_after(now, days, zone), parameters.row(rule, now).id)
