"""By which entries cameras came into the register: before them, the system knew of no such camera."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from audit import disclosures
from audit.models import Touch
from audit.vocabulary import Event, Tier


def registrations(cameras: Collection[UUID]) -> dict[UUID, UUID]:
    """The entry of each camera's registration, by the log alone. Each camera is registered once."""
    if not cameras:
        return {}
    rows = Touch.objects.filter(event=Event.CAMERA_REGISTERED).values_list("entry", flat=True)
    said = disclosures.read(sorted(set(rows)), Tier.PSEUDONYMOUS)
    wanted = {str(camera): camera for camera in cameras}
    return {
        wanted[fields["object_id"]]: entry
        for entry, fields in said.items()
        if fields.get("object_id") in wanted and fields.get("outcome") == "permit"
    }
