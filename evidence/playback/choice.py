"""What the page that opens a playback offers: standing grants with their cameras and how far back they go; to
records officers the open requests of their agency.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict

from cameras.models import Camera
from cameras.places import places
from evidence.models import Playback
from policy.models import Basis, Grant, Membership, Person
from policy.vocabulary import BasisKind, Role
from rtcc import clock
from rtcc.config import config

LOOK_BACK = timedelta(minutes=2)
MOST_REQUESTS = 50


def choice(person: Person, asked: QueryDict) -> dict[str, Any]:
    """Grants with their cameras; ``camera`` and ``grant`` of the address are chosen already."""
    now = clock.now()
    rows = Grant.objects.of_person(person.id).standing_at(now).select_related("basis")
    grants = list(rows.prefetch_related("cameras").order_by("-starts_at")[:20])
    ids = {row.camera for grant in grants for row in grant.cameras.all()}
    names: dict[UUID, str] = dict(Camera.objects.filter(id__in=ids).values_list("id", "name"))
    return {
        "grants": [
            {
                "id": grant.id,
                "label": f"{grant.basis.number or 'number follows'} {grant.basis.title}".strip(),
                "reaches_to": grant.history_from,
                "ends_at": grant.ends_at,
                "cameras": sorted((names[row.camera], row.camera) for row in grant.cameras.all()),
                "chosen": str(grant.id) == asked.get("grant", ""),
            }
            for grant in grants
        ],
        **_of_requests(person, asked),
        "camera": asked.get("camera", ""),
        "suggested": now - LOOK_BACK,
        "sessions": Playback.objects.open().of_person(person.id).order_by("-opened_at")[:10],
    }


def requests_of(person: Person) -> QuerySet[Basis]:
    """Open requests of the agencies in which the person is a records officer."""
    officer_at = Membership.objects.of_person(person.id).valid_at(clock.now())
    agencies = officer_at.filter(role=Role.RECORDS_OFFICER).values_list("organisation_id", flat=True)
    found: QuerySet[Basis] = Basis.objects.open_at(clock.now()).filter(
        kind=BasisKind.REQUEST, agency_id__in=list(agencies)
    )
    return found


def _of_requests(person: Person, asked: QueryDict) -> dict[str, Any]:
    """Requests to choose from; ``basis``, ``camera``, ``from`` and ``to`` may be chosen in the address."""
    rows = list(requests_of(person).order_by("-opened_at")[:MOST_REQUESTS])
    return {
        "requests": [{"row": row, "chosen": str(row.id) == asked.get("basis", "")} for row in rows],
        "places": places() if rows else [],
        "cameras_chosen": asked.getlist("camera"),
        "from_chosen": asked.get("from", ""),
        "to_chosen": asked.get("to", ""),
        "tiles": config.map_tiles,
    }
