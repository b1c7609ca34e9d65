"""Write the justification that an exigent access owes."""

from __future__ import annotations

from uuid import UUID

from policy.guard import guard
from policy.models import Obligation, Person
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.errors import BadInput, Conflict

SHORTEST_WORDS = 8


def justify_exigent(*, by: Person, obligation: UUID, answer: str) -> Obligation:
    """Discharge the obligation with a written justification (at least eight words)."""
    if len(answer.split()) < SHORTEST_WORDS:
        raise BadInput(f"Say in at least {SHORTEST_WORDS} words why it could not wait.", field="answer")
    owed = Obligation.objects.select_related("grant").filter(id=obligation).first()
    if owed is None or owed.grant is None:
        raise Conflict("This obligation belongs to no grant.")
    with guard(
        Action.JUSTIFY_EXIGENT,
        by=by,
        on=Ref(Kind.GRANT, owed.grant.id),
        basis=owed.grant.basis_id,
        reason=answer,
    ) as permit:
        row: Obligation = Obligation.objects.select_for_update(of=("self",)).get(id=obligation)
        if row.discharged_at is not None:
            raise Conflict("It is discharged already; nothing was changed.")
        row.discharged_at, row.discharged_by, row.answer = clock.now(), by, answer
        row.save(update_fields=["discharged_at", "discharged_by", "answer"])
        permit.enter(grant=str(owed.grant.id), detail={"obligation": str(row.id), "entry": str(row.entry)})
    return row
