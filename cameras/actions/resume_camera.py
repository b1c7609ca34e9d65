"""The owner lets a paused camera go on."""

from __future__ import annotations

from uuid import UUID

from cameras.entries import of_camera
from cameras.models import Camera
from cameras.writing import find_camera
from policy import epoch
from policy.guard import guard
from policy.models import Person
from policy.vocabulary import Action, Kind, Ref
from rtcc.errors import Conflict


def resume_camera(*, by: Person, camera: UUID, why: str = "") -> Camera:
    """End the pause of a camera now. Raises Conflict where it is not paused, or Denied."""
    with guard(Action.RESUME_CAMERA, by=by, on=Ref(Kind.CAMERA, camera), reason=why) as permit:
        row = find_camera(camera)
        if row.paused_at is None:
            raise Conflict("This camera is not paused.")
        since = row.paused_at
        row.paused_at, row.paused_by, row.paused_why = None, None, ""
        row.save(update_fields=["paused_at", "paused_by", "paused_why"])
        permit.enter(**of_camera(row, detail={"recording": row.recording, "paused_since": since.isoformat()}))
        epoch.bump()
    return row
