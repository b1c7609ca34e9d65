"""The requester takes a request back, by the code of its receipt alone. Nobody is signed in, or named."""

from __future__ import annotations

from contextvars import copy_context
from uuid import UUID

from evidence.records.actions.open_request import DESK
from evidence.records.actions.work_request import Said, enter_step, write_step
from evidence.records.models import Request
from evidence.records.states import after
from evidence.records.vocabulary import Act, State
from policy.actors import NOWHERE, whereabouts
from policy.guard import guard
from policy.vocabulary import Action, Kind, Purpose, Ref
from rtcc.errors import Conflict, NotFound

NOTE = "Withdrawn by whoever holds the receipt."


def withdraw_request(*, request: UUID) -> Request:
    """Withdraw, whatever desk it lies on; a second time changes nothing. What is made under it is stopped,
    and its hold waits for two persons, as when staff write a withdrawal down. Raises Conflict once it is
    answered.
    """

    def unseen() -> Request:
        whereabouts.set(NOWHERE)
        return _withdraw(request)

    return copy_context().run(unseen)


def _withdraw(request: UUID) -> Request:
    known: Request | None = Request.objects.filter(basis_id=request).first()
    if known is None:
        raise NotFound()
    if known.state == State.WITHDRAWN:
        return known
    with guard(
        Action.OPEN_REQUEST, by=DESK, on=Ref(Kind.REQUEST, request), purpose=Purpose.SYSTEM_DUTY, reason=NOTE
    ) as permit:
        row: Request = Request.objects.select_related("basis", "hold").get(basis_id=request)
        before = State(row.state)
        if before is State.WITHDRAWN:
            raise Conflict("This request was withdrawn a moment ago; nothing was added. Load the page again.")
        row.state = after(before, Act.WITHDRAW)
        said = Said(note=NOTE)
        row.save()
        enter_step(permit, row, write_step(row, None, Act.WITHDRAW, before, said, {}, permit))
    return row
