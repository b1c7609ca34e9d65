"""What the pages of the registry are given. Questions go to querysets; nothing here changes anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.urls import reverse

from cameras.cards import MODE_SAYS, card_of, place_of
from cameras.facts import in_force
from cameras.models import Agreement, Camera, Placement, Stream
from cameras.offers import offers
from cameras.querysets import CameraQuerySet
from cameras.vocabulary import StreamRole
from cameras.writing import read_terms
from policy.facts import SYSTEM
from policy.models import Person
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.config import config

_ON_CAMERA = (Action.CHANGE_CAMERA, Action.TEST_STREAM, Action.PAUSE_CAMERA, Action.RESUME_CAMERA)


def list_page(
    person: Person, query: str
) -> tuple[CameraQuerySet, Callable[[Iterable[Camera]], dict[str, Any]]]:
    """The cameras that match, and a function that turns those of one page into the page's context."""
    at = clock.now()
    may = offers(person, SYSTEM, (Action.REGISTER_CAMERA,))
    rows = Camera.objects.all().matching(query).with_terms(at).order_by("retired_at", "code")

    def context(cameras: Iterable[Camera]) -> dict[str, Any]:
        cards = [card_of(camera, at) for camera in cameras]
        places = [place_of(card) | {"url": reverse("cameras:detail", args=[card.code])} for card in cards]
        return {"cameras": cards, "places": places, "tiles": config.map_tiles, "can_register": bool(may)}

    return rows, context


def camera_page(person: Person, camera: UUID) -> dict[str, Any]:
    """Context of one camera's page."""
    at = clock.now()
    row = Camera.objects.with_terms(at).get(id=camera)
    may = offers(person, Ref(Kind.CAMERA, camera), _ON_CAMERA, restricts=True)
    paused, retired = row.paused_at is not None, row.retired_at is not None
    card = card_of(row, at)
    return {
        "camera": card,
        "places": [place_of(card)],
        "tiles": config.map_tiles,
        "row": row,
        "health": getattr(row, "health", None),
        "streams": list(row.streams.all()),
        "placements": list(Placement.objects.of_camera(camera).select_related("site", "area")),
        "can_change": Action.CHANGE_CAMERA in may and not retired,
        "can_test": Action.TEST_STREAM in may and not retired and not paused,
        "can_pause": Action.PAUSE_CAMERA in may and not paused and not retired,
        "can_resume": Action.RESUME_CAMERA in may and paused,
        "tested": None,
    }


def agreement_page(person: Person, agreement: Agreement) -> dict[str, Any]:
    """Context of one agreement's page. A partner is offered the change too: narrowing is theirs."""
    at = clock.now()
    ref = Ref(Kind.AGREEMENT, agreement.id)
    terms = read_terms(agreement, at)
    return {
        "agreement": agreement,
        "terms": terms,
        "said": {
            "mode": MODE_SAYS[terms.mode],
            "hours": terms.as_json()["hours"],
            "purposes": [purpose.replace("_", " ") for purpose in sorted(terms.purposes)],
        },
        "cameras": list(Camera.objects.filter(id__in=terms.cameras)),
        "in_force": in_force(agreement, at),
        "can_change": bool(offers(person, ref, (Action.CHANGE_AGREEMENT,), restricts=True)),
        "only_narrow": not offers(person, ref, (Action.CHANGE_AGREEMENT,), restricts=False),
    }


def initial_of_move(camera: Camera) -> dict[str, Any]:
    """The placement that holds, as the form shows it; the drawn field of view has no numbers to show."""
    placement = (
        Placement.objects.of_camera(camera.id).valid_at(clock.now()).select_related("site", "area").first()
    )
    if placement is None:
        return {}
    names = ("lon", "lat", "bearing_deg", "marking", "sensitivity", "purpose")
    codes = {"site": placement.site.code, "area": placement.area.code if placement.area else ""}
    return {name: getattr(placement, name) for name in names} | codes


def initial_of_stream(camera: Camera) -> dict[str, Any]:
    """Address and paths; never the credentials."""
    paths = {stream.role: stream.path for stream in Stream.objects.filter(camera=camera)}
    path, live = paths.get(StreamRole.RECORD, ""), paths.get(StreamRole.LIVE, "")
    device = camera.device
    return {
        "host": device.host,
        "port": device.port,
        "maker": device.maker,
        "path": path,
        "live_path": live if live != path else "",
    }


def initial_of_terms(agreement: Agreement) -> dict[str, Any]:
    """The terms as the form shows them."""
    terms = read_terms(agreement, clock.now())
    said = terms.as_json()
    designated = Camera.objects.filter(id__in=terms.cameras)
    return said | {
        "hours": "\n".join(said["hours"]),
        "cameras": [camera.code for camera in designated],
        "ends_at": terms.ends_at,
        "review_on": terms.review_on,
    }
