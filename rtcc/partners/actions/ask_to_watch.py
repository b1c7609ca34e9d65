"""The agency asks an owner to let it watch a camera that is lent on request."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from audit.vocabulary import Event
from cameras.facts import in_force
from cameras.models import Camera
from policy.guard import guard
from policy.models import Person
from policy.vocabulary import Action, Kind, Mode, OwnerClass, Purpose, Ref
from rtcc import clock
from rtcc.errors import BadInput, Conflict, NotFound
from rtcc.partners.models import Ask
from rtcc.partners.vocabulary import AskState, AskWants


def ask_to_watch(
    *,
    by: Person,
    basis: UUID,
    purpose: Purpose,
    camera: UUID,
    starts_at: datetime,
    ends_at: datetime,
    note: str,
) -> Ask:
    """Ask for a yes to pictures of a camera from ``starts_at`` on (past or now), live until ``ends_at``.

    Raises BadInput, Conflict where the owner is asked already or has said yes, or Denied.
    """
    with guard(
        Action.ASK_FOOTAGE,
        by=by,
        on=Ref(Kind.CAMERA, camera),
        basis=basis,
        purpose=purpose,
        footage=(starts_at, ends_at) if starts_at < ends_at else None,
        reason=note,
        event=Event.CONSENT_ASKED,
    ) as permit:
        now = clock.now()
        row = Camera.objects.select_related("owner").with_terms(now).filter(id=camera).first()
        if row is None:
            raise NotFound
        _check(row, purpose, now)
        if ends_at <= max(starts_at, now):
            raise BadInput(
                "A yes begins with the live picture: ask until an instant to come.", field="ends_at"
            )
        asked = Ask.objects.of_basis(basis).filter(camera=row, purpose=purpose, wants=AskWants.WATCH)
        if asked.open().exists():
            raise Conflict("The owner is asked for this camera already. Wait for the answer.")
        if asked.standing_at(now).exists():
            raise Conflict("The owner has said yes to this camera already.")
        ask: Ask = Ask.objects.create(
            owner=row.owner, camera=row, basis_id=basis, wants=AskWants.WATCH, purpose=purpose,
            starts_at=min(starts_at, now), ends_at=ends_at, note=note.strip()[:500], asked_by=by,
            asked_at=now, state=AskState.OPEN, entry=permit.entry_id,
        )  # fmt: skip
        permit.enter(
            detail={"ask": str(ask.id), "wants": str(AskWants.WATCH), "until": ends_at.isoformat()},
            camera_names=[row.name], owner_name=row.owner.name,
        )  # fmt: skip
    return ask


def _check(row: Camera, purpose: Purpose, now: datetime) -> None:
    """Whether a yes would open the camera for this purpose at all. Raises BadInput."""
    if row.owner_class is not OwnerClass.PARTNER:
        raise BadInput("This is a camera of the city: no owner is asked.", field="camera")
    designation = next(iter(row.designations_now), None)
    agreement = designation.agreement if designation else None
    if agreement is None or agreement.mode != Mode.ON_REQUEST or not in_force(agreement, now):
        raise BadInput("This camera is not lent on request: a yes would not open it.", field="camera")
    if purpose not in agreement.purposes:
        raise BadInput("The agreement of this camera does not accept that purpose.", field="purpose")
