"""The owner pauses a camera: its pictures stop for everybody, and nothing is recorded."""

from __future__ import annotations

from uuid import UUID

from cameras.entries import of_camera
from cameras.models import Camera
from cameras.writing import find_camera
from policy import epoch
from policy.guard import guard
from policy.models import Person
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.errors import Conflict


def pause_camera(*, by: Person, camera: UUID, why: str = "") -> Camera:
    """Pause a camera now. Raises Conflict where it is paused or retired already, or Denied."""
    with guard(Action.PAUSE_CAMERA, by=by, on=Ref(Kind.CAMERA, camera), reason=why, restricts=True) as permit:
        row = find_camera(camera)
        if row.paused_at is not None or row.retired_at is not None:
            raise Conflict("This camera is paused or retired already.")
        row.paused_at, row.paused_by, row.paused_why = clock.now(), by, why[:200]
        row.save(update_fields=["paused_at", "paused_by", "paused_why"])
        permit.enter(**of_camera(row, detail={"recording": "never"}))
        epoch.bump()
    return row
