"""A camera is changed, moved or retired. Moving makes a placement; retiring ends what is expected of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cameras.details import PlacementDetails, StreamDetails, check_placement, check_stream
from cameras.entries import of_camera
from cameras.models import Camera
from cameras.vocabulary import Recording, RetentionClass
from cameras.writing import add_placement, find_camera, set_device, set_paths
from policy import epoch
from policy.actors import Actor
from policy.guard import guard
from policy.vocabulary import Action, Kind, Purpose, Ref
from rtcc import clock
from rtcc.errors import BadInput, Conflict


@dataclass(frozen=True, kw_only=True)
class CameraChange:
    """What is to be otherwise; None leaves it as it is."""

    name: str | None = None
    purpose: str | None = None
    recording: Recording | None = None
    retention_class: RetentionClass | None = None
    stream: StreamDetails | None = None
    placement: PlacementDetails | None = None
    retire: bool = False


def change_camera(*, by: Actor, camera: UUID, change: CameraChange, reason: str = "") -> Camera:
    """Change one camera. Raises BadInput naming the field, Conflict where it is retired, or Denied."""
    with guard(
        Action.CHANGE_CAMERA, by=by, on=Ref(Kind.CAMERA, camera), purpose=Purpose.MAINTENANCE, reason=reason
    ) as permit:
        row = find_camera(camera)
        if row.retired_at is not None:
            raise Conflict("This camera is retired; register a new one.")
        changed = _apply(row, change)
        permit.enter(**of_camera(row, detail={"recording": row.recording, "changed": changed}))
        epoch.bump()
    return row


def _apply(row: Camera, change: CameraChange) -> dict[str, Any]:
    """Write the change; what was before and after, for the entry (never addresses or credentials)."""
    changed: dict[str, Any] = {}
    for name in ("name", "purpose", "recording", "retention_class"):
        value = getattr(change, name)
        if value is None or value == getattr(row, name):
            continue
        if not str(value).strip():
            raise BadInput("This cannot be empty.", field=name)
        changed[name] = [str(getattr(row, name)), str(value)]
        setattr(row, name, value)
    if change.stream is not None:
        check_stream(change.stream)
        set_device(row, change.stream)
        set_paths(row, change.stream)
        changed["stream"] = "changed"
    if change.placement is not None:
        check_placement(change.placement)
        placement = add_placement(row, change.placement, clock.now())
        changed["placement"] = str(placement.id)
    if change.retire:
        row.retired_at = clock.now()
        changed["retired"] = True
    row.save()
    return changed
