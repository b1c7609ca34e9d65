"""Opening and ending grants inside an act: the rows that several acts write in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from audit.record import record
from audit.vocabulary import Event, Outcome
from policy import epoch, publish
from policy.actors import SystemActor
from policy.models import Basis, Grant, GrantCamera, Person
from policy.models import Permit as PermitRow
from policy.permits import Permit
from policy.vocabulary import GrantState, OffenceClass, Purpose, Verification
from rtcc import clock

CLERK = SystemActor("worker")


def length(basis: Basis, at: datetime, *, exigent: bool = False) -> tuple[GrantState, timedelta]:
    """A verified basis gives the long grant; a number that follows gives the short one, marked pending."""
    parameters = publish.active().parameters
    if exigent:
        return GrantState.PENDING, parameters.duration("exigent_grant", at)
    if basis.verification == Verification.VERIFIED:
        return GrantState.VERIFIED, parameters.duration("verified_grant", at)
    return GrantState.PENDING, parameters.duration("pending_grant", at)


def open_under(
    permit: Permit,
    *,
    person: Person,
    basis: Basis,
    cameras: Sequence[UUID],
    purpose: Purpose,
    exigent: bool = False,
    offence_class: OffenceClass | None = None,
    reason: str = "",
) -> Grant:
    """Open a grant in guard's block and let its permit end with it. History begins at the grant."""
    now = clock.now()
    state, span = length(basis, now, exigent=exigent)
    history = publish.active().parameters.duration("grant_history", now)
    grant = Grant.objects.create(
        person=person,
        basis=basis,
        purpose=purpose,
        exigent=exigent,
        offence_class=offence_class or "",
        reason=reason,
        starts_at=now,
        ends_at=now + span,
        history_from=max(now - history, min(basis.opened_at, now)),
        state=state,
        entry=permit.entry_id,
    )
    GrantCamera.objects.bulk_create([GrantCamera(grant=grant, camera=camera) for camera in cameras])
    permit.grant_id = grant.id
    permit.expires_at = grant.ends_at
    return grant


def end(grant: Grant, why: str) -> None:
    """End a grant and its permits in guard's block; the epoch tells every door."""
    now = clock.now()
    Grant.objects.filter(id=grant.id).update(state=GrantState.ENDED, ended_at=now, ended_why=why)
    PermitRow.objects.filter(grant_id=grant.id, ended_at__isnull=True).update(ended_at=now, ended_why=why)
    epoch.bump()


def end_run_out() -> int:
    """Enter the end of each grant whose time is over; returns how many. Can be repeated."""
    ended = 0
    for grant in list(Grant.objects.run_out_at(clock.now()).select_related("basis")[:200]):
        with transaction.atomic(durable=True):
            row = Grant.objects.select_for_update().filter(id=grant.id, ended_at__isnull=True).first()
            if row is None or row.ends_at > clock.now():
                continue
            record(
                Event.GRANT_ENDED,
                outcome=Outcome.PERMIT,
                actor=CLERK.key,
                parent=row.entry,
                grant=row.id,
                basis=row.basis_id,
                basis_number=grant.basis.number or None,
                reason="its time was over",
            )
            end(row, "The time of this grant is over.")
            ended += 1
    return ended
