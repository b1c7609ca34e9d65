"""A camera is registered: from then on it is expected, and a time without its footage needs a reason."""

from __future__ import annotations

from cameras.details import CameraDetails, check_camera
from cameras.entries import of_camera
from cameras.models import Camera
from cameras.writing import add_camera
from policy.actors import Actor
from policy.facts import SYSTEM
from policy.guard import guard
from policy.vocabulary import Action, Purpose
from rtcc import clock


def register_camera(*, by: Actor, details: CameraDetails, reason: str = "") -> Camera:
    """Register one camera with its device, streams and first placement.

    Raises BadInput or Conflict naming the field, or Denied. The stream is not connected here: that is
    `test_stream`, an act of its own.
    """
    with guard(
        Action.REGISTER_CAMERA, by=by, on=SYSTEM, purpose=Purpose.MAINTENANCE, reason=reason
    ) as permit:
        check_camera(details)
        camera = add_camera(details, clock.now())
        permit.enter(**of_camera(camera, detail={"recording": details.recording}))
    return camera
