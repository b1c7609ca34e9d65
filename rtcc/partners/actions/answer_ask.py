"""An owner says yes or no to letting the agency watch, and takes a yes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from audit.record import Touch
from audit.vocabulary import Event
from cameras.models import Designation
from policy import epoch
from policy.guard import guard
from policy.models import Person
from policy.permits import Permit
from policy.publish import active
from policy.vocabulary import Action, Kind, Purpose, Ref
from rtcc import clock
from rtcc.errors import BadInput, Conflict, NotFound
from rtcc.partners.models import Ask
from rtcc.partners.vocabulary import AskState, AskWants


def longest_yes(ask: Ask, at: datetime) -> datetime:
    """Until when a yes given now may stand: as asked for, while the agreement lasts, and never longer than
    one grant on a partner's feed.
    """
    ends = [ask.ends_at, at + active().parameters.duration("partner_feed_longest", at)]
    held = (
        Designation.objects.valid_at(at).filter(camera=ask.camera.number).select_related("agreement").first()
    )
    if held is not None:
        ends += [each for each in (held.ends_at, held.agreement.ends_at) if each is not None]
    return min(ends)


@contextmanager
def _passage(
    by: Person, ask: UUID, event: Event, why: str = "", of: AskState = AskState.OPEN
) -> Iterator[tuple[Permit, Ask]]:
    """Through the door with the ask, which has to be in the state ``of``; its camera finds the entry."""
    known = Ask.objects.filter(id=ask).first()
    with guard(
        Action.CONSENT,
        by=by,
        on=Ref(Kind.UPLOAD, ask),
        basis=known.basis_id if known else None,
        purpose=Purpose(known.purpose) if known and known.purpose else None,
        reason=why.strip()[:500],
        event=event,
    ) as permit:
        row: Ask | None = Ask.objects.select_related("camera", "owner").filter(id=ask).first()
        if row is None:
            raise NotFound
        if row.wants != AskWants.WATCH:
            raise Conflict("You are asked for a file here: hand it in, or say that you will not.")
        if row.state != of:
            raise Conflict(
                "This was answered already."
                if of is AskState.OPEN
                else "There is no yes of yours here that could be taken back."
            )
        permit.enter(cameras=[str(row.camera_id)], camera_names=[row.camera.name], owner_name=row.owner.name)
        permit.touch([Touch(camera=row.camera_id, actor=str(by.id), basis=row.basis_id, owner=row.owner_id)])
        yield permit, row


def _answer(row: Ask, by: Person, permit: Permit, state: AskState, until: datetime | None) -> None:
    row.state, row.until, row.answered_at, row.answered_by = state, until, clock.now(), by
    row.answered_entry = permit.entry_id
    row.save(update_fields=["state", "until", "declined_why", "answered_at", "answered_by", "answered_entry"])


def say_yes(*, by: Person, ask: UUID, until: datetime | None = None) -> Ask:
    """Let the agency watch until an instant; None: as long as was asked for and may be. Raises Conflict where
    it was answered already or its time is over, BadInput for an end that is too late or past, or Denied.
    """
    with _passage(by, ask, Event.CONSENT_GIVEN) as (permit, row):
        now = clock.now()
        longest = longest_yes(row, now)
        if longest <= now:
            raise Conflict("The time that was asked for is over.")
        until = until or longest
        if not now < until <= longest:
            raise BadInput("The yes ends later than now, and not later than was asked for.", field="until")
        _answer(row, by, permit, AskState.GIVEN, until)
        permit.enter(detail={"ask": str(row.id), "until": until.isoformat()})
    return row


def say_no(*, by: Person, ask: UUID, why: str = "") -> Ask:
    """Do not let the agency watch; a reason may be said. Raises Conflict where it was answered, or Denied."""
    with _passage(by, ask, Event.CONSENT_REFUSED, why) as (permit, row):
        row.declined_why = why.strip()[:500]
        _answer(row, by, permit, AskState.DECLINED, None)
        permit.enter(detail={"ask": str(row.id)})
    return row


def take_back(*, by: Person, ask: UUID) -> Ask:
    """Take a yes back: the epoch rises with it, so that what is open under it ends within two seconds.

    Raises Conflict where there is no yes to take back, or Denied.
    """
    with _passage(by, ask, Event.CONSENT_TAKEN_BACK, of=AskState.GIVEN) as (permit, row):
        row.state, row.taken_back_at, row.taken_back_by = AskState.TAKEN_BACK, clock.now(), by
        row.taken_back_entry = permit.entry_id
        row.save(update_fields=["state", "taken_back_at", "taken_back_by", "taken_back_entry"])
        permit.enter(detail={"ask": str(row.id)})
        epoch.bump()
    return row
