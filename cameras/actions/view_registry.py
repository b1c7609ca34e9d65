"""Looking at the register of cameras: one question, however many of its pages are turned."""

from __future__ import annotations

from uuid import UUID

from policy import permits, publish
from policy.facts import SYSTEM
from policy.guard import guard
from policy.models import Person
from policy.permits import Permit, PermitEnded
from policy.resume import resume
from policy.vocabulary import Action
from rtcc import clock


def view_registry(*, by: Person, going_on: UUID | None) -> Permit:
    """The permit to look; an earlier page's while its time lasts, with no further entry. Raises Denied."""
    if going_on is not None:
        row = permits.find(going_on)
        window = publish.active().parameters.duration("act_window", clock.now())
        if row is not None and row.action == Action.VIEW_REGISTRY and clock.now() - row.issued_at < window:
            try:
                return resume(going_on, by=by)
            except PermitEnded:
                pass  # Then it is a question of its own, below.
    with guard(Action.VIEW_REGISTRY, by=by, on=SYSTEM) as permit:
        pass
    return permit
