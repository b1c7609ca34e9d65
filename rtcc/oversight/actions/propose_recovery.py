"""Propose that entries which a restore lost be brought back from the published log."""

from __future__ import annotations

from audit.recovery import Loss, find_loss
from policy.actions.propose import propose
from policy.facts import LOG
from policy.models import Person, Proposal
from policy.vocabulary import Action


def words_of(loss: Loss) -> dict[str, int]:
    """What two persons say yes to: which leaves come back."""
    return {"start": loss.start, "end": loss.end}


def propose_recovery(*, by: Person, reason: str) -> Proposal:
    """Ask for a second person. Raises Conflict where nothing is lost, BadInput, Denied."""
    return propose(by=by, action=Action.RECOVER_LOG, on=LOG, words=words_of(find_loss()), reason=reason)
