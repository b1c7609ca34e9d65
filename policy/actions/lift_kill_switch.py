"""Lift the kill switch: two persons."""

from __future__ import annotations

from uuid import UUID

from policy import epoch, proposals
from policy.facts import SYSTEM
from policy.guard import guard
from policy.models import KillSwitch, Person
from policy.vocabulary import Action
from rtcc import clock
from rtcc.errors import Conflict


def lift_kill_switch(*, by: Person, proposal: UUID) -> KillSwitch:
    """Let people watch again; somebody else has approved the proposal. Raises Conflict, Denied."""
    with guard(Action.KILL_SWITCH, by=by, on=SYSTEM, proposal=proposal) as permit:
        words = proposals.spend(proposal, Action.KILL_SWITCH, SYSTEM)
        on = KillSwitch.objects.select_for_update(of=("self",)).filter(lifted_at__isnull=True).first()
        if on is None or str(on.id) != words["lift"]:
            raise Conflict("The kill switch that this was about is not on any more.")
        on.lifted_at, on.lifted_by = clock.now(), by
        on.save(update_fields=["lifted_at", "lifted_by"])
        permit.enter(detail={"kill_switch": str(on.id), "on": False, "proposal": str(proposal)})
        epoch.bump()
    return on
