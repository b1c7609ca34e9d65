"""Verify a basis: somebody else than its opener says that the number is real."""

from __future__ import annotations

from uuid import UUID

from policy import epoch
from policy.guard import guard
from policy.models import Basis, Grant, Person
from policy.vocabulary import Action, GrantState, Kind, Ref, Verification
from rtcc import clock
from rtcc.errors import BadInput


def verify_basis(*, by: Person, basis: UUID, number: str, stands: bool) -> Basis:
    """Mark the basis verified (with its number) or refused; pending grants follow at their next renewal."""
    if stands and not number.strip():
        raise BadInput("Give the number that you checked.", field="number")
    with guard(Action.VERIFY_BASIS, by=by, on=Ref(Kind.BASIS, basis), basis=basis) as permit:
        row: Basis = Basis.objects.select_for_update().get(id=basis)
        row.number = number.strip() or row.number
        row.verification = Verification.VERIFIED if stands else Verification.REFUSED
        row.verified_at, row.verified_by = clock.now(), str(by.id)
        row.save(update_fields=["number", "verification", "verified_at", "verified_by"])
        if stands:
            Grant.objects.on_basis(basis).standing_at(clock.now()).update(state=GrantState.VERIFIED)
        permit.enter(basis_number=row.number, basis_verification=row.verification)
        epoch.bump()
    return row
