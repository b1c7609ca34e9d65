"""What the wall's page is given: grants, cameras and tiles, in the shapes that its script reads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import reverse

from cameras.models import Camera
from policy import offers
from policy.models import Grant, Person
from policy.permits import Covered
from policy.vocabulary import Action, Kind, OffenceClass, OrganisationClass, Purpose, Ref
from rtcc import clock
from rtcc.live.models import Viewing
from rtcc.live.socket import PATH


def grant_json(grant: Grant, person: Person) -> dict[str, Any]:
    """A grant as its holder sees it; `renewable` while policy would allow it now."""
    return {
        "id": str(grant.id),
        "basis": grant.basis.number or "number follows",
        "basis_kind": grant.basis.kind,
        "title": grant.basis.title,
        "purpose": grant.purpose,
        "state": grant.state,
        "expires_at": grant.ends_at.isoformat(),
        "renewable": offers.is_offered(
            person,
            Action.RENEW_GRANT,
            Ref(Kind.GRANT, grant.id),
            basis=grant.basis_id,
            purpose=Purpose(grant.purpose),
        ),
    }


def _state(camera: Camera) -> tuple[str, str]:
    """The state of a camera as the picker says it, and a note."""
    if camera.paused_at:
        return "paused", "paused by its owner"
    designation = next(iter(camera.designations_now), None)
    if designation and designation.agreement.mode == "registry":
        return "registry", "on the map only"
    health = getattr(camera, "health", None)
    return ("down", "no pictures arrive") if health and health.state == "down" else ("up", "")


def camera_json(camera: Camera) -> dict[str, Any]:
    state, note = _state(camera)
    placement = next(iter(camera.placements_now), None)
    return {
        "id": str(camera.id),
        "code": camera.code,
        "name": camera.name,
        "site": placement.site.name if placement and placement.site else "",
        "owner": camera.owner.name,
        "owner_class": "partner" if camera.owner.kind == OrganisationClass.PARTNER else "public",
        "state": state,
        "note": note,
    }


def tiles_of(viewing: Viewing, first: int = 0) -> list[dict[str, Any]]:
    """A tile for each camera that the viewing's permit covers."""
    cameras = [Covered.from_json(body).ref for body in viewing.permit.covers]
    return [
        {
            "tile": first + number,
            "camera": str(ref.id),
            "viewing": str(viewing.id),
            "grant": str(viewing.permit.grant_id),
            "entry_id": str(viewing.entry),
            "entry_url": reverse("entry", args=[viewing.entry]),
        }
        for number, ref in enumerate(ref for ref in cameras if ref.kind is Kind.CAMERA)
    ]


def opened_json(viewing: Viewing, person: Person) -> dict[str, Any]:
    """What a page is answered that has opened one camera."""
    grant = Grant.objects.select_related("basis").get(id=viewing.permit.grant_id)
    tile = tiles_of(viewing)[0]
    return {
        "viewing": str(viewing.id),
        "entry_id": tile["entry_id"],
        "entry_url": tile["entry_url"],
        "grant": grant_json(grant, person),
    }


def wall_json(person: Person, chosen: UUID | None) -> dict[str, Any]:
    """Everything for one person's wall: their standing grants, and the tiles of their open viewings."""
    now = clock.now()
    grants = list(Grant.objects.of_person(person.id).standing_at(now).select_related("basis")[:20])
    viewings = Viewing.objects.wanted().of_person(person.id).select_related("permit").order_by("opened_at")
    tiles: list[dict[str, Any]] = []
    for viewing in viewings[:9]:
        if viewing.permit.expires_at > now:
            tiles += tiles_of(viewing, len(tiles))
    tiles = tiles[:9]
    current = chosen or (grants[0].id if grants else None)
    return {
        "socket": PATH,
        "zone": clock.city().key,
        "layout": 1 if len(tiles) <= 1 else 4 if len(tiles) <= 4 else 9,
        "urls": {
            "open": reverse("live-open"),
            "close": reverse("live-close"),
            "renew": reverse("live-renew"),
            "exigent": reverse("live-exigent"),
            "bookmark": reverse("live-bookmark"),
        },
        "grants": [grant_json(grant, person) for grant in grants],
        "grant": str(current) if current else None,
        "cameras": [
            camera_json(camera) for camera in Camera.objects.active().with_terms(now).order_by("name")[:1000]
        ],
        "tiles": tiles,
    }


OFFENCES = [{"value": each.value, "label": each.value.replace("_", " ")} for each in OffenceClass]
