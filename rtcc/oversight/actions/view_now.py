"""Looking at who watches what just now: one question, however often the board is refreshed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from policy import permits, publish
from policy.facts import SYSTEM
from policy.guard import guard
from policy.models import Membership, Person
from policy.permits import PermitEnded
from policy.resume import resume
from policy.vocabulary import Action, Purpose, Role
from rtcc import clock

_KEY = "now_permit"


def view_now(*, by: Person, session: Any) -> frozenset[Action]:
    """Permit the board to its reader, with one entry in each quarter of an hour; which acts it offers.
    Raises Denied.
    """
    known = session.get(_KEY)
    if known is None or not _goes_on(UUID(known), by):
        with guard(Action.VIEW_REPORT, by=by, on=SYSTEM, purpose=Purpose.AUDIT_REVIEW) as permit:
            permit.enter(act=str(permit.id), detail={"question": {"page": "who watches what now"}})
        session[_KEY] = str(permit.id)
    roles = Membership.objects.of_person(by.id).valid_at(clock.now()).values_list("role", flat=True)
    return frozenset({Action.END_GRANT}) if Role.SUPERVISOR in set(roles) else frozenset()


def _goes_on(permit: UUID, by: Person) -> bool:
    row = permits.find(permit)
    window = publish.active().parameters.duration("act_window", clock.now())
    if row is None or clock.now() - row.issued_at >= window:
        return False
    try:
        resume(permit, by=by)
    except PermitEnded:
        return False
    return True
