"""One step of a request: from its state to the next, by whoever it lies with, under an entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from evidence.records import absence, withdrawal
from evidence.records.models import Request, Step
from evidence.records.states import NOT_BY_HAND, SHUT, SPEAKING, after
from evidence.records.vocabulary import Act, CloseReason, State
from policy import epoch, publish
from policy.guard import guard
from policy.models import Basis, Person
from policy.permits import Permit
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.errors import BadInput, Conflict, NotFound

# What these say to the requester or to a court has to be written down.
SAYS_WHY = frozenset(
    {
        Act.ASK_BACK,
        Act.CLARIFY,
        Act.NAME_CUSTODIAN,
        Act.DENY,
        Act.SEND_BACK,
        Act.RELEASE_FULL,
        Act.RELEASE_PARTIAL,
        Act.WITHDRAW,
        Act.DELAY,
        Act.NOTE,
    }
    | {Act.WAIVE_FEE, Act.APPEAL, Act.LITIGATE}
)
_MOST_MINUTES = 60_000


@dataclass(frozen=True)
class Said:
    """What somebody says with an act. ``seen`` is the state that their page showed."""

    note: str = ""
    seen: State | None = None
    reason: CloseReason | None = None
    until: datetime | None = None
    staff_minutes: int | None = None


def work_request(*, by: Person, request: UUID, act: Act, said: Said) -> Step:
    """Do the act. Raises BadInput, Conflict (another was first, or it leads nowhere), NotFound, Denied."""
    if act in NOT_BY_HAND:
        raise BadInput("This is not done from here.", field="act")
    if act in SAYS_WHY and not said.note.strip():
        raise BadInput("Say in a sentence what or why.", field="note")
    action = Action.OPEN_REQUEST if act in SPEAKING else Action.WORK_REQUEST
    with guard(action, by=by, on=Ref(Kind.REQUEST, request), reason=said.note) as permit:
        row = Request.objects.select_related("basis", "hold").filter(basis_id=request).first()
        if row is None:
            raise NotFound()
        before = State(row.state)
        if said.seen is not None and said.seen is not before:
            after(before, act)  # Says so where it is not possible any more.
            raise Conflict(
                "Somebody else has worked on this request meanwhile. Load the page and look again."
            )
        row.state = after(before, act)
        data = _DO.get(act, _nothing)(row, by, said, permit)
        row.save()
        step = write_step(row, by, act, before, said, data, permit)
        enter_step(permit, row, step)
    return step


def write_step(
    row: Request, by: Person | None, act: Act, before: State, said: Said, data: dict[str, Any], permit: Permit
) -> Step:
    """Write down what was done, and end what ends with it. ``by``: nobody where the system did it."""
    step = Step.objects.create(
        request=row,
        act=act,
        state_before=before,
        state_after=row.state,
        at=clock.now(),
        by=by,
        note=said.note.strip(),
        data=data,
        entry=permit.entry_id,
    )
    is_shut, was_shut = State(row.state) in SHUT, before in SHUT
    if is_shut and not was_shut:
        _shut(row, said, permit)
    elif was_shut and not is_shut:
        Basis.objects.filter(id=row.basis_id).update(closed_at=None)
        epoch.bump()
    return step


def _shut(row: Request, said: Said, permit: Permit) -> None:
    """Nothing goes out under this basis; who makes something under it is told after the commit."""
    Basis.objects.filter(id=row.basis_id).update(closed_at=max(clock.now(), row.basis.opened_at))
    epoch.bump()
    basis, why = row.basis_id, said.note.strip() or "the request was closed"
    permit.after(lambda: withdrawal.tell(basis, why))


def enter_step(permit: Permit, row: Request, step: Step) -> None:
    """The entry says which act, from where to where; never who asked."""
    permit.basis_id = row.basis_id
    permit.enter(
        basis=row.basis_id,
        basis_kind=row.basis.kind,
        basis_number=row.basis.number,
        parent=str(row.entry),
        detail={"step": str(step.id), "act": step.act, "from": step.state_before, "to": step.state_after}
        | ({"close_reason": row.close_reason} if row.close_reason else {})
        | {name: value for name, value in step.data.items() if name != "findings"},
    )


def _nothing(row: Request, by: Person, said: Said, permit: Permit) -> dict[str, Any]:
    return {}


def _assign(row: Request, by: Person, said: Said, permit: Permit) -> dict[str, Any]:
    row.assigned_to = by
    return {}


def _find_nothing(row: Request, by: Person, said: Said, permit: Permit) -> dict[str, Any]:
    """Looked up again in the act itself: it is answered only where nothing of it is there."""
    found = absence.findings(row)
    if absence.is_there(found):
        raise Conflict("There is footage of that time. Look at the cameras below, and send it on to review.")
    return {"findings": [each.as_json() for each in found]}


def _estimate(row: Request, by: Person, said: Said, permit: Permit) -> dict[str, Any]:
    minutes = said.staff_minutes
    if minutes is None or not 0 <= minutes <= _MOST_MINUTES:
        raise BadInput("Write how many minutes of staff time it takes.", field="staff_minutes")
    row.fee_cents = fee_cents(minutes, clock.now())
    rule = publish.active().parameters.row("request_staff_cents_an_hour", clock.now()).id
    return {"staff_minutes": minutes, "fee_cents": row.fee_cents, "rule": rule}


def fee_cents(minutes: int, at: datetime) -> int:
    """The fee for staff time, in cents (RSMo 610.026.1)."""
    rate = publish.active().parameters.count("request_staff_cents_an_hour", at)
    return int((Decimal(rate) * minutes / 60).quantize(Decimal(1), ROUND_HALF_UP))


def usual_minutes(row: Request, at: datetime) -> int:
    """Staff time to begin an estimate with, from the camera-hours asked for."""
    each = publish.active().parameters.count("request_staff_minutes_a_camera_hour", at)
    return max(1, round(row.camera_seconds / 3600 * each))


def _waive(row: Request, by: Person, said: Said, permit: Permit) -> dict[str, Any]:
    waived, row.fee_cents = row.fee_cents, 0
    return {"waived_cents": waived}


def _delay(row: Request, by: Person, said: Said, permit: Permit) -> dict[str, Any]:
    """The cause, and the earliest date and time (RSMo 610.023.3). The due date stays where it is."""
    if said.until is None:
        raise BadInput("Say the earliest date and time at which the record will be there.", field="until")
    if said.until <= max(clock.now(), row.due_at):
        raise BadInput("That is no delay: it lies before the answer is due.", field="until")
    row.delay_cause, row.delay_until = said.note.strip()[:500], said.until
    return {"until": said.until.isoformat(), "due_at": row.due_at.isoformat()}


def _close(row: Request, by: Person, said: Said, permit: Permit) -> dict[str, Any]:
    if said.reason is None:
        raise BadInput("Choose why it is closed.", field="reason")
    row.close_reason, row.closed_at = said.reason, clock.now()
    return {}


_DO: Mapping[Act, Callable[[Request, Person, Said, Permit], dict[str, Any]]] = {
    Act.ASSIGN: _assign,
    Act.FIND_NOTHING: _find_nothing,
    Act.ESTIMATE_FEE: _estimate,
    Act.WAIVE_FEE: _waive,
    Act.DELAY: _delay,
    Act.CLOSE: _close,
}
