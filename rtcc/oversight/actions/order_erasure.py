"""Order an erasure that a second person has approved."""

from __future__ import annotations

from uuid import UUID

from audit.erasure import Erase, announce
from audit.models import Entry
from audit.vocabulary import Event, Outcome
from policy import proposals
from policy.facts import LOG
from policy.guard import guard
from policy.models import Person
from policy.vocabulary import Action


def order_erasure(*, by: Person, proposal: UUID) -> Entry:
    """Announce the erasure; the eraser's own process deletes the rows. Raises BadInput, Conflict, Denied."""
    with guard(Action.CHANGE_ERASURE, by=by, on=LOG, proposal=proposal, event=Event.ACT_PERMITTED) as permit:
        words = proposals.spend(proposal, Action.CHANGE_ERASURE, LOG)
        what = Erase(UUID(words["entry"]), tuple(words["fields"]), words["rule"])
        announced = announce(
            [what],
            outcome=Outcome.PERMIT,
            actor=by.id,
            actor_name=by.display_name,
            action=str(Action.CHANGE_ERASURE),
            authority=words["rule"],
            parent=str(permit.entry_id),
            permit=permit.id,
        )
        permit.enter(detail={"proposal": str(proposal), "announced_by": str(announced.id)})
    return announced
