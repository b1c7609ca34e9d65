"""The agency asks an owner for footage of one of its cameras."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from cameras.models import Camera
from policy.guard import guard
from policy.models import Person
from policy.vocabulary import Action, Kind, OwnerClass, Purpose, Ref
from rtcc import clock
from rtcc.errors import BadInput, NotFound
from rtcc.partners.models import Ask
from rtcc.partners.vocabulary import AskState


def ask_footage(
    *,
    by: Person,
    basis: UUID,
    purpose: Purpose,
    camera: UUID,
    starts_at: datetime,
    ends_at: datetime,
    note: str,
) -> Ask:
    """Ask the owner of a camera for its own footage of [starts_at, ends_at). Raises BadInput, or Denied."""
    with guard(
        Action.ASK_FOOTAGE,
        by=by,
        on=Ref(Kind.CAMERA, camera),
        basis=basis,
        purpose=purpose,
        footage=(starts_at, ends_at),
        reason=note,
    ) as permit:
        row = Camera.objects.select_related("owner").filter(id=camera).first()
        if row is None:
            raise NotFound
        if row.owner_class is not OwnerClass.PARTNER:
            raise BadInput("This is a camera of the city: search its footage instead.", field="camera")
        now = clock.now()
        if ends_at <= starts_at:
            raise BadInput("The end lies before the beginning.", field="ends_at")
        if starts_at >= now:
            raise BadInput("Nobody has footage of what is still to come.", field="starts_at")
        ask = Ask.objects.create(
            owner=row.owner, camera=row, basis_id=basis, starts_at=starts_at, ends_at=ends_at,
            purpose=purpose, note=note.strip()[:500], asked_by=by, asked_at=now, state=AskState.OPEN,
            entry=permit.entry_id,
        )  # fmt: skip
        permit.enter(detail={"ask": str(ask.id)}, camera_names=[row.name], owner_name=row.owner.name)
    return ask
