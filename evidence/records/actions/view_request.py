"""Reading requests: one question for each request (or for the list), however often its page is turned."""

from __future__ import annotations

from uuid import UUID

from policy import permits, publish
from policy.guard import guard
from policy.models import Person
from policy.permits import Permit, PermitEnded
from policy.resume import resume
from policy.vocabulary import Action, Ref
from rtcc import clock


def view_request(*, by: Person, on: Ref, going_on: UUID | None) -> Permit:
    """The permit to read; an earlier page's while its time lasts, with no further entry. Raises Denied."""
    row = permits.find(going_on) if going_on is not None else None
    window = publish.active().parameters.duration("act_window", clock.now())
    if (
        row is not None
        and row.action == Action.VIEW_REQUEST
        and row.covers[0]["id"] == str(on.id)
        and clock.now() - row.issued_at < window
    ):
        try:
            return resume(row.id, by=by)
        except PermitEnded:
            pass  # Then it is a question of its own, below.
    with guard(Action.VIEW_REQUEST, by=by, on=on, basis=None if on.id.int == 0 else on.id) as permit:
        pass
    return permit
