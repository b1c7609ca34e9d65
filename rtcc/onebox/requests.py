"""Requests of the demo (`demo/requests.toml`), lived through the acts themselves with a set clock."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from cameras.models import Camera
from evidence.records.actions.open_request import Asking, open_public_request, open_request
from evidence.records.actions.work_request import Said, work_request
from evidence.records.models import Request
from evidence.records.place import circle
from evidence.records.vocabulary import LAWS, Act, CloseReason, RequestKind
from policy.models import Person
from rtcc import clock
from rtcc.config import config
from rtcc.onebox.seed import data

_AROUND_M = 60


def live_requests() -> Counter[str]:
    """Live them once, in a city that has their cameras; how many were made."""
    done: Counter[str] = Counter()
    if Request.objects.exists():
        return done
    now = clock.now().replace(second=0, microsecond=0)
    for row in data("requests")["request"]:
        camera = Camera.objects.by_code(row["camera"]).first()
        if camera is None:
            continue  # A smaller demo city.
        _live(row, camera, now)
        done["request"] += 1
    return done


def _live(row: dict[str, Any], camera: Camera, now: datetime) -> None:
    at = now - timedelta(hours=row["hours_ago"])
    with clock.set_to(at):
        asking = _asking(row, camera, now)
        if row["channel"] == "public":
            request = open_public_request(asking=asking, address="")
        else:
            request = open_request(by=_person(row["by"]), asking=asking)
    for who, act, minutes, words in row["steps"]:
        at += timedelta(minutes=minutes)
        said = Said(reason=CloseReason(words)) if act == Act.CLOSE else Said(note=words)
        with clock.set_to(at):
            work_request(by=_person(who), request=request.basis_id, act=Act(act), said=said)


def _asking(row: dict[str, Any], camera: Camera, now: datetime) -> Asking:
    starts_at = now - timedelta(hours=row["from_hours_ago"])
    placement = camera.placements.order_by("-starts_at").get()
    kind = RequestKind(row["kind"])
    return Asking(
        kind=kind,
        law=LAWS[kind],
        requester=row["requester"],
        contact=row["contact"],
        wanted=row["wanted"],
        place=circle(camera.name, (placement.lon, placement.lat), _AROUND_M),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=row["minutes"]),
        zone=config.city_zone,
    )


def _person(username: str) -> Person:
    found: Person = Person.objects.get(username=username)
    return found
