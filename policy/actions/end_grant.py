"""End a grant before its time."""

from __future__ import annotations

from uuid import UUID

from policy import grants
from policy.guard import guard
from policy.models import Grant, Person
from policy.vocabulary import Action, Kind, Ref


def end_grant(*, by: Person, grant: UUID, why: str) -> None:
    """End it and everything that is watched under it. Its holder or a supervisor may."""
    row = Grant.objects.filter(id=grant).first()
    with guard(
        Action.END_GRANT, by=by, on=Ref(Kind.GRANT, grant), basis=row.basis_id if row else None, reason=why
    ) as permit:
        permit.enter(grant=str(grant))
        grants.end(Grant.objects.get(id=grant), why)
