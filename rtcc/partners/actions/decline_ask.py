"""An owner says no to what it was asked for."""

from __future__ import annotations

from uuid import UUID

from audit.vocabulary import Event
from policy.guard import guard
from policy.models import Person
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.errors import BadInput, Conflict, NotFound
from rtcc.partners.models import Ask
from rtcc.partners.vocabulary import AskState, AskWants


def decline_ask(*, by: Person, ask: UUID, why: str) -> Ask:
    """Say no, with a reason. Raises Conflict where it was answered already, or Denied."""
    with guard(
        Action.UPLOAD_FOOTAGE, by=by, on=Ref(Kind.UPLOAD, ask), reason=why, event=Event.FOOTAGE_DECLINED
    ) as permit:
        row: Ask | None = Ask.objects.filter(id=ask).first()
        if row is None:
            raise NotFound
        if row.wants != AskWants.FILE:
            raise Conflict("You are asked for a yes or no here, not for a file.")
        if row.state != AskState.OPEN:
            raise Conflict("This was answered already.")
        if not why.strip():
            raise BadInput("Say in a few words why.", field="why")
        row.state, row.answered_at, row.answered_by = AskState.DECLINED, clock.now(), by
        row.declined_why, row.answered_entry = why.strip()[:500], permit.entry_id
        row.save(update_fields=["state", "answered_at", "answered_by", "declined_why", "answered_entry"])
    return row
