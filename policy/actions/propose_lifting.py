"""Propose to lift the kill switch."""

from __future__ import annotations

from policy.actions.propose import propose
from policy.facts import SYSTEM
from policy.models import KillSwitch, Person, Proposal
from policy.vocabulary import Action
from rtcc.errors import Conflict


def propose_lifting(*, by: Person, reason: str) -> Proposal:
    """Ask for a second person, to lift the switch that is on. Raises BadInput, Conflict, Denied."""
    on = KillSwitch.objects.filter(lifted_at__isnull=True).first()
    if on is None:
        raise Conflict("The kill switch is not on.")
    words = {"lift": str(on.id), "reason": reason.strip()}
    return propose(by=by, action=Action.KILL_SWITCH, on=SYSTEM, words=words, reason=reason)
