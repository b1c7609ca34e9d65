"""A supervisor reads the written justification of an exigent access, and says whether it is accepted."""

from __future__ import annotations

from uuid import UUID

from policy.guard import guard
from policy.models import Obligation, Person
from policy.vocabulary import Action, Kind, ObligationKind, Ref
from rtcc import clock
from rtcc.board.models import Review
from rtcc.errors import BadInput, Conflict, NotFound

MOST_LETTERS = 500


def review_exigent(*, by: Person, obligation: UUID, accepted: bool, says: str) -> Review:
    """Once for each justification, by somebody else of at least the same rank. Raises Denied, BadInput
    without a sentence, Conflict where nothing is written yet or it was reviewed before.
    """
    says = " ".join(says.split())[:MOST_LETTERS]
    if not says:
        raise BadInput("Say in a sentence why it is accepted, or why not.", field="says")
    owed = (
        Obligation.objects.select_related("grant").filter(id=obligation, kind=ObligationKind.JUSTIFY).first()
    )
    if owed is None or owed.grant is None:
        raise NotFound
    with guard(
        Action.REVIEW_EXIGENT,
        by=by,
        on=Ref(Kind.GRANT, owed.grant.id),
        basis=owed.grant.basis_id,
        reason=says,
    ) as permit:
        row = Obligation.objects.select_for_update(of=("self",)).get(id=obligation)
        if row.discharged_at is None:
            raise Conflict("The justification is not written yet.")
        if Review.objects.filter(obligation=row).exists():
            raise Conflict("It was reviewed already; nothing was changed.")
        review = Review.objects.create(
            obligation=row, person=by, at=clock.now(), accepted=accepted, says=says, entry=permit.entry_id
        )
        permit.enter(
            grant=str(owed.grant.id),
            detail={
                "obligation": str(row.id), "entry": str(row.entry), "accepted": accepted,
                "whose": str(row.person_id),
            },
        )  # fmt: skip
    return review
