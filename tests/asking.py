"""Requests as stories make them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client

from evidence.records import tokens
from evidence.records.actions.open_request import Asking, open_public_request, open_request
from evidence.records.actions.work_request import Said, work_request
from evidence.records.models import Request, Step
from evidence.records.place import Place, circle
from evidence.records.vocabulary import Act, RequestKind, State
from rtcc.config import config
from tests.city import NOON, camera, person

# cam07 keeps ten minutes; five minutes of half an hour ago.
BEGINS = NOON - timedelta(minutes=30)
ENDS = NOON - timedelta(minutes=25)
NAME = "<script>alert('Pat')</script>"


def corner(code: str = "cam07", radius_m: int = 20) -> Place:
    """The place around a camera as it stands now."""
    placement = camera(code).placements.get()
    return circle(camera(code).name, (placement.lon, placement.lat), radius_m)


def asking(**change: Any) -> Asking:
    said: dict[str, Any] = {
        "kind": RequestKind.MEDIA,
        "law": "RSMo 610.023",
        "requester": NAME,
        "contact": "pat@example.org",
        "place": corner(),
        "starts_at": BEGINS,
        "ends_at": ENDS,
        "zone": config.city_zone,
    }
    return Asking(**(said | change))


def ask(by: str = "grace.tamayo", **change: Any) -> Request:
    return open_request(by=person(by), asking=asking(**change))


def ask_publicly(address: str = "192.0.2.1", **change: Any) -> Request:
    return open_public_request(asking=asking(**change), address=address)


def do(row: Request, act: Act, by: str = "grace.tamayo", **said: Any) -> Step:
    return work_request(by=person(by), request=row.basis_id, act=act, said=Said(**said))


def fresh(row: Request) -> Request:
    found: Request = Request.objects.for_list().get(basis_id=row.basis_id)
    return found


def search(row: Request) -> None:
    """From the door to the search."""
    for act in (Act.ACKNOWLEDGE, Act.ASSIGN, Act.SEARCH):
        do(row, act)


def state(row: Request) -> State:
    return State(fresh(row).state)


def words(**change: str) -> dict[str, str]:
    """The public form, filled in as a person does it."""
    local = [at.astimezone(config.city_zone).strftime("%Y-%m-%dT%H:%M") for at in (BEGINS, ENDS)]
    return {
        "requester": NAME,
        "contact": "pat@example.org",
        "kind": "media",
        "near": "cam07",
        "radius_m": "20",
        "starts_at": local[0],
        "ends_at": local[1],
        "wanted": "a grey car",
        "code": tokens.new_code(),
        **change,
    }


def visitor() -> Client:
    return Client(HTTP_HOST="localhost", REMOTE_ADDR="192.0.2.1")


def client(username: str) -> Client:
    found = Client(HTTP_HOST="localhost", REMOTE_ADDR="127.0.0.1")
    found.force_login(person(username), backend="policy.accounts.backend.Backend")
    return found
