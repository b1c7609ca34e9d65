"""Throw the kill switch: nobody watches, exports or shares."""

from __future__ import annotations

from policy import epoch
from policy.facts import SYSTEM
from policy.guard import guard
from policy.models import KillSwitch, Person
from policy.vocabulary import Action
from rtcc import clock
from rtcc.errors import BadInput, Conflict


def throw_kill_switch(*, by: Person, reason: str) -> KillSwitch:
    """Stop everything at once; it takes one person. Raises BadInput, Conflict while it is on, Denied."""
    if not reason.strip():
        raise BadInput("Say in a sentence why.", field="reason")
    with guard(Action.KILL_SWITCH, by=by, on=SYSTEM, reason=reason, restricts=True) as permit:
        if KillSwitch.objects.filter(lifted_at__isnull=True).exists():
            raise Conflict("The kill switch is on already; nothing was changed.")
        thrown = KillSwitch.objects.create(
            reason=reason.strip(), set_at=clock.now(), set_by=by, entry=permit.entry_id
        )
        permit.enter(detail={"kill_switch": str(thrown.id), "on": True})
        epoch.bump()
    return thrown
