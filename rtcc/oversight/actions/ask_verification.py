"""Ask for a verification of the whole log."""

from __future__ import annotations

from policy.actors import Actor
from policy.facts import LOG
from policy.guard import guard
from policy.models import Person
from policy.vocabulary import Action, Purpose
from rtcc import clock
from rtcc.errors import Conflict
from rtcc.oversight import verification
from rtcc.oversight.models import Verification
from rtcc.oversight.vocabulary import RunState


def ask_verification(*, by: Actor) -> Verification:
    """Write down that it is asked for; a worker takes it up at once. Raises Denied, or Conflict where one is
    under way.
    """
    purpose = Purpose.AUDIT_REVIEW if isinstance(by, Person) else Purpose.SYSTEM_DUTY
    with guard(Action.VERIFY_LOG, by=by, on=LOG, purpose=purpose) as permit:
        if Verification.objects.open().exists():
            raise Conflict("A verification is under way already; its page shows how far it is.")
        run = Verification.objects.create(
            asked_by=by if isinstance(by, Person) else None,
            asked_at=clock.now(),
            state=RunState.WAITING,
            entry=permit.entry_id,
        )
        permit.enter(detail={"verification": str(run.id)})
        permit.after(lambda: verification.send(run.id))
    return run
