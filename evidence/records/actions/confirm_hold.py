"""A supervisor confirms the hold of a request that is larger than anybody may place alone, or narrows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.record import Touch, record
from audit.vocabulary import Event, Outcome
from evidence.models import Keep
from evidence.records.actions.open_request import DESK
from evidence.records.models import Request, Step
from evidence.records.vocabulary import Act, HoldState
from evidence.retention import keeping
from evidence.retention.keeping import Span, Words
from evidence.retention.states import KeepKind
from policy.guard import guard
from policy.models import Obligation, Person
from policy.permits import Permit
from policy.vocabulary import Action, Kind, ObligationKind, Ref
from rtcc import clock
from rtcc.errors import BadInput, Conflict, NotFound

_WAITS = frozenset({HoldState.WAITS, HoldState.UNCONFIRMED})


@dataclass(frozen=True)
class Narrower:
    """What is left of a hold: of these cameras, in [starts_at, ends_at)."""

    cameras: frozenset[UUID]
    starts_at: datetime
    ends_at: datetime


def confirm_hold(*, by: Person, request: UUID, note: str, narrower: Narrower | None = None) -> Request:
    """Confirm it as it is, or place a narrower hold beside it.

    Narrowing releases nothing: the wider one then waits for its release by two persons, as every hold does.
    Raises BadInput, Conflict, NotFound, Denied.
    """
    if not note.strip():
        raise BadInput("Say in a sentence why so much is needed, or what is enough.", field="note")
    with guard(
        Action.HOLD, by=by, on=Ref(Kind.REQUEST, request), reason=note, event=Event.HOLD_CONFIRMED
    ) as permit:
        rows = Request.objects.select_related("basis", "hold")
        row: Request | None = rows.filter(basis_id=request).first()
        if row is None:
            raise NotFound()
        if row.hold_state() not in _WAITS:
            raise Conflict("This hold needs no confirming, or somebody confirmed it already.")
        if narrower is not None:
            row.narrowed_to = _narrow(permit, row, narrower, by)
        row.confirmed_at, row.confirmed_by, row.confirmed_entry = clock.now(), by, permit.entry_id
        row.save()
        _enter(permit, row, by, note)
    return row


def _narrow(permit: Permit, row: Request, narrower: Narrower, by: Person) -> Keep:
    assert row.hold is not None
    held = list(row.hold.intervals.all())
    spans = [
        Span(each.camera, max(each.starts_at, narrower.starts_at), min(each.ends_at, narrower.ends_at))
        for each in held
        if each.camera in narrower.cameras
        and each.starts_at < narrower.ends_at
        and narrower.starts_at < each.ends_at
    ]
    if not spans:
        raise BadInput("Nothing is left of the hold. Keep at least one camera and some of the time.",
                       field="cameras")  # fmt: skip
    now = clock.now()
    return keeping.place(
        permit,
        KeepKind.HOLD,
        spans,
        by=by,
        words=Words(row.basis_id, authority=row.law, matter=row.basis.number, reason="what is enough of it"),
        review_by=now + keeping.longest_review(now),
        agency=row.basis.agency_id,
    )


def _enter(permit: Permit, row: Request, by: Person, note: str) -> None:
    assert row.hold is not None
    Step.objects.create(
        request=row,
        act=Act.CONFIRM_HOLD,
        state_before=row.state,
        state_after=row.state,
        at=clock.now(),
        by=by,
        note=note.strip(),
        data={"narrowed_to": str(row.narrowed_to_id)} if row.narrowed_to_id else {},
        entry=permit.entry_id,
    )
    permit.basis_id = row.basis_id
    permit.enter(
        basis=row.basis_id,
        basis_kind=row.basis.kind,
        basis_number=row.basis.number,
        parent=str(row.entry),
        detail=permit.fields.get("detail", {})
        | {"hold": str(row.hold_id), "narrowed_to": str(row.narrowed_to_id) if row.narrowed_to_id else None},
    )


def tell_unconfirmed() -> int:
    """Tell oversight of each hold whose time for confirming is over; how many. The hold itself stands."""
    told = 0
    for known in list(Request.objects.to_tell_at(clock.now())[:200]):
        with transaction.atomic(durable=True):
            rows = Request.objects.select_for_update(of=("self",)).select_related("basis", "hold")
            row = rows.filter(basis_id=known.basis_id).first()
            if row is None or row.confirmed_at is not None or row.unconfirmed_entry is not None:
                continue
            _tell(row)
            told += 1
    return told


def _tell(row: Request) -> None:
    assert row.hold is not None
    entry = record(
        Event.HOLD_UNCONFIRMED,
        outcome=Outcome.PERMIT,
        actor=DESK.key,
        actor_role="system",
        parent=row.entry,
        object_kind="keep",
        object_id=row.hold_id,
        basis=row.basis_id,
        basis_kind=row.basis.kind,
        basis_number=row.basis.number,
        detail={"rule": row.confirm_rule, "confirm_by": row.confirm_by, "camera_hours": row.camera_hours},
        touches=[
            Touch(camera=each.camera, footage=(each.starts_at, each.ends_at))
            for each in row.hold.intervals.all()
        ],
    )
    row.unconfirmed_entry = entry.id
    row.save(update_fields=["unconfirmed_entry"])
    Obligation.objects.create(
        kind=ObligationKind.NOTIFY_OVERSIGHT,
        what=f"Tell oversight: the hold of {row.basis.number} was not confirmed in time",
        rule=row.confirm_rule.partition("@")[0],
        due_at=clock.now(),
        entry=entry.id,
    )
