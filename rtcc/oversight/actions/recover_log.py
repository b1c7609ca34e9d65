"""Bring back what a restore lost, once a second person has approved."""

from __future__ import annotations

from uuid import UUID

from audit.models import Entry
from audit.recovery import bring_back, find_loss
from audit.vocabulary import Event, Outcome
from policy import proposals
from policy.facts import LOG
from policy.guard import guard
from policy.models import Person
from policy.vocabulary import Action
from rtcc.errors import Conflict
from rtcc.oversight.actions.propose_recovery import words_of


def recover_log(*, by: Person, proposal: UUID) -> Entry:
    """Insert the lost entries; the sequencer gives them the leaves they had. Raises Conflict, Denied."""
    with guard(Action.RECOVER_LOG, by=by, on=LOG, proposal=proposal, event=Event.ACT_PERMITTED) as permit:
        words = proposals.spend(proposal, Action.RECOVER_LOG, LOG)
        loss = find_loss()
        if words != words_of(loss):
            raise Conflict("Something else is lost now than what was approved. Propose it again.")
        entry = bring_back(
            loss,
            outcome=Outcome.PERMIT,
            actor=by.id,
            actor_name=by.display_name,
            action=str(Action.RECOVER_LOG),
            parent=str(permit.entry_id),
            permit=permit.id,
        )
        permit.enter(
            count=len(loss.bodies), detail={"proposal": str(proposal), "recovered_by": str(entry.id)}
        )
    return entry
