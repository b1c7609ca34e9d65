"""Say no to what somebody proposed, or take back one's own proposal."""

from __future__ import annotations

from uuid import UUID

from policy import proposals
from policy.guard import guard
from policy.models import Person, Proposal
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.board.models import Decline
from rtcc.errors import BadInput


def decline(*, by: Person, proposal: UUID, why: str) -> Decline:
    """One person's no, which ends the proposal. Raises Denied, BadInput without a reason, Conflict where it
    ran out, was carried out or was declined before.
    """
    why = why.strip()[:300]
    if not why:
        raise BadInput("Say in a few words why not.", field="why")
    known = proposals.find(proposal)
    with guard(Action.DECLINE, by=by, on=Ref(Kind.PROPOSAL, proposal), reason=why) as permit:
        row = Proposal.objects.select_for_update(of=("self",)).get(id=proposal)
        proposals.check_open(row)
        now = clock.now()
        proposals.cut_short(row)
        said = Decline.objects.create(proposal=row, person=by, at=now, why=why, entry=permit.entry_id)
        permit.enter(
            parent=str(known.entry),
            detail={"proposal": str(row.id), "sha256": row.payload_sha256, "action": row.action},
        )
    return said
