"""What entries of the registry say of a camera or an agreement."""

from __future__ import annotations

from typing import Any

from cameras.models import Agreement, Camera, Placement
from rtcc import clock


def of_camera(camera: Camera, *, detail: dict[str, Any] | None = None) -> dict[str, Any]:
    """Fields that name one camera as it is now; ``detail`` holds what belongs to the event alone."""
    placement = Placement.objects.filter(camera=camera).valid_at(clock.now()).select_related("area").first()
    return {
        "object_kind": "camera",
        "object_id": str(camera.id),
        "cameras": [str(camera.id)],
        "camera_names": [camera.name],
        "owner": str(camera.owner_id),
        "owner_name": camera.owner.name,
        "zone": placement.area.code if placement and placement.area else None,
        "detail": {"code": camera.code, "retention": camera.retention_class, **(detail or {})},
    }


def of_agreement(agreement: Agreement, detail: dict[str, Any]) -> dict[str, Any]:
    """Fields that name one agreement."""
    return {
        "agreement": str(agreement.id),
        "owner": str(agreement.owner_id),
        "owner_name": agreement.owner.name,
        "detail": {"code": agreement.code, **detail},
    }
