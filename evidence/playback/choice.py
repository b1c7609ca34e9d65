"""What the page that opens a playback offers: standing grants, their cameras, and how far back they go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import QueryDict

from cameras.models import Camera
from evidence.models import Playback
from policy.models import Grant, Person
from rtcc import clock

LOOK_BACK = timedelta(minutes=2)


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
        "camera": asked.get("camera", ""),
        "suggested": now - LOOK_BACK,
        "sessions": Playback.objects.open().of_person(person.id).order_by("-opened_at")[:10],
    }
