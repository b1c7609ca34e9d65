"""Exigent access from the wall: an incident whose number follows, and one camera at once."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from cameras.models import Camera
from policy.models import Obligation, Person
from policy.vocabulary import ObligationKind, OffenceClass, Purpose
from rtcc import clock
from rtcc.dispatch.actions.open_incident import open_incident
from rtcc.errors import BadInput, NotFound
from rtcc.live.actions.open_viewing import open_viewing
from rtcc.live.wall import opened_json

MOST_URGENT = 1
# What an access because of each class is for.
PURPOSE: dict[OffenceClass, Purpose] = {
    OffenceClass.VIOLENT_FELONY: Purpose.CRIME_IN_PROGRESS,
    OffenceClass.WEAPONS: Purpose.CRIME_IN_PROGRESS,
    OffenceClass.ROBBERY: Purpose.CRIME_IN_PROGRESS,
    OffenceClass.BURGLARY: Purpose.CRIME_IN_PROGRESS,
    OffenceClass.VEHICLE_THEFT: Purpose.CRIME_IN_PROGRESS,
    OffenceClass.MISSING_OR_ENDANGERED: Purpose.MISSING_PERSON,
    OffenceClass.TRAFFIC_INJURY: Purpose.EMERGENCY_CALL,
    OffenceClass.OTHER: Purpose.EMERGENCY_CALL,
}


@require_POST
def exigent(request: HttpRequest) -> JsonResponse:
    """Two acts, two entries: the incident at the camera's place, then the view. Where the view is refused the
    incident stays, with its words, for somebody else to take up.
    """
    person = cast(Person, request.user)
    camera, offence, reason = _asked(request)
    placement = camera.placements_now[0] if camera.placements_now else None
    if placement is None:
        raise BadInput("This camera stands nowhere just now.", field="camera")
    incident = open_incident(
        by=person,
        number="",
        kind=offence.replace("_", " "),
        title=reason,
        priority=MOST_URGENT,
        place=camera.name,
        lon=placement.lon,
        lat=placement.lat,
    )
    viewing, _ = open_viewing(
        by=person,
        basis=incident.basis_id,
        cameras=[camera.id],
        purpose=PURPOSE[offence],
        exigent=True,
        offence_class=offence,
        reason=reason,
    )
    owed = (
        Obligation.objects.open()
        .filter(grant_id=viewing.permit.grant_id, kind=ObligationKind.JUSTIFY)
        .first()
    )
    until = f" until {owed.due_at:%Y-%m-%d}" if owed else ""
    sentence = f"Opened. Write{until} why it could not wait; oversight sees that you used it."
    return JsonResponse(opened_json(viewing, person) | {"sentence": sentence, "due_url": reverse("due")})


def _asked(request: HttpRequest) -> tuple[Camera, OffenceClass, str]:
    """Camera, offence class and sentence of the form. Raises BadInput, NotFound."""
    try:
        camera_id, offence = UUID(request.POST["camera"]), OffenceClass(request.POST["offence_class"])
    except (KeyError, ValueError) as error:
        raise BadInput("Choose a camera and an offence class.") from error
    reason = " ".join(request.POST.get("reason", "").split())
    if not reason or len(reason) > 200:
        raise BadInput("Say in one sentence, of 200 letters at most, what is happening.", field="reason")
    camera = Camera.objects.active().with_terms(clock.now()).filter(id=camera_id).first()
    if camera is None:
        raise NotFound()
    return camera, offence, reason
