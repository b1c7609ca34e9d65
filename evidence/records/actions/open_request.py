"""Take a request in: its number, its cameras, and the hold on their footage, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Max

from evidence.models import Keep
from evidence.records import calendar, tokens
from evidence.records.caps import Requester, camera_seconds, cap_of
from evidence.records.models import Request, RequestCamera, Step
from evidence.records.place import Place, Seen, cameras_at
from evidence.records.vocabulary import KIND_SAYS, Act, Channel, RequestKind, State
from evidence.retention import keeping
from evidence.retention.keeping import Words
from evidence.retention.states import KeepKind
from policy import publish
from policy.actors import NOWHERE, Actor, SystemActor, whereabouts
from policy.facts import SYSTEM
from policy.guard import guard
from policy.models import Basis, Organisation, Person
from policy.permits import Permit
from policy.vocabulary import Action, BasisKind, OrganisationClass, Purpose, Verification
from rtcc import clock
from rtcc.errors import BadInput, Conflict, DomainError, Unavailable

DESK = SystemActor("records")
# Any number will do that no other part of the system locks (PostgreSQL, advisory locks).
_NUMBERING = 610_023
_HOUR = timedelta(hours=1)


class TooMany(DomainError):
    """More requests from one address in an hour than the policy lets in by the public form."""

    code = "too_many"
    status = 429


@dataclass(frozen=True)
class Asking:
    """What is asked for. Instants are aware; ``zone`` is the one they were typed in. ``code``: the secret of
    the receipt, where the form gave one.
    """

    kind: RequestKind
    law: str
    requester: str
    place: Place
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    organisation: str = ""
    contact: str = ""
    wanted: str = ""
    form_key: UUID = field(default_factory=uuid4)
    code: str = ""


def known(form_key: UUID) -> Request | None:
    """The request that this form has made already."""
    found: Request | None = Request.objects.for_list().filter(form_key=form_key).first()
    return found


def open_request(*, by: Person, asking: Asking) -> Request:
    """By staff. A form sent twice is one request. Raises BadInput, Denied."""
    return _once(asking, lambda: _open(by, asking, Channel.STAFF, Requester()))


def _once(asking: Asking, make: Callable[[], Request]) -> Request:
    """The request that the form has made, now or a moment ago: also where two clicks arrive together."""
    there = known(asking.form_key)
    if there is not None:
        return there
    if not publish.active().parameters.has("request_answer"):
        raise Unavailable(
            "The policy in force is older than requests are. The policy owner has to publish a newer one; "
            "until then call the records office."
        )
    try:
        return make()
    except Conflict:
        there = known(asking.form_key)
        if there is None:
            raise
        return there


def open_public_request(*, asking: Asking, address: str) -> Request:
    """By the public form: the desk itself takes it in, and nothing of who asked or from where is entered.

    Raises BadInput, TooMany.
    """
    now = clock.now()
    requester = Requester(
        tokens.name_of_address(address, now.year), tokens.name_of_contact(asking.contact, now.year)
    )

    def unseen() -> Request:
        whereabouts.set(NOWHERE)
        _check_rate(requester, now)
        return _open(DESK, asking, Channel.PUBLIC, requester)

    return _once(asking, lambda: copy_context().run(unseen))


def _check_rate(requester: Requester, now: datetime) -> None:
    most = publish.active().parameters.count("public_requests_an_hour", now)
    if Request.objects.of_requester_since(requester.address, "", now - _HOUR).count() >= most:
        raise TooMany(
            f"{most} requests came from here within the hour, and all of them stand. "
            "Wait an hour for the next, or call the records office."
        )


def _check(asking: Asking, now: datetime) -> None:
    for name, text in (("requester", asking.requester), ("law", asking.law), ("place", asking.place.words)):
        if not text.strip():
            raise BadInput("Fill this in.", field=name)
    if asking.ends_at <= asking.starts_at:
        raise BadInput("The end lies before the beginning.", field="ends_at")
    if asking.starts_at >= now:
        raise BadInput("That time has not been yet: there is nothing to ask for.", field="starts_at")
    if asking.ends_at > now:
        raise BadInput("That time is not over yet. Ask until now, and again later.", field="ends_at")


def _open(by: Actor, asking: Asking, channel: Channel, requester: Requester) -> Request:
    now = clock.now()
    _check(asking, now)
    seen = cameras_at(asking.place, asking.starts_at, asking.ends_at)
    agency = _agency(by, now)
    with guard(
        Action.OPEN_REQUEST,
        by=by,
        on=SYSTEM,
        purpose=Purpose.SYSTEM_DUTY if isinstance(by, SystemActor) else None,
    ) as permit:
        year, ordinal = _number(agency, asking, now)
        basis = _basis(by, asking, agency, f"R-{year}-{ordinal:04d}", now)
        permit.basis_id = basis.id
        hold = _hold(permit, by, asking, seen, basis, now)
        row = _row(permit, asking, channel, requester, seen, basis, hold, (year, ordinal), now)
        _first_steps(row, by, permit.entry_id, now)
        permit.enter(
            basis=basis.id,
            basis_kind=basis.kind,
            basis_number=basis.number,
            object_kind="request",
            object_id=str(basis.id),
            detail={"channel": channel, "kind": asking.kind, "due_at": row.due_at.isoformat(),
                    "confirm_by": row.confirm_by.isoformat() if row.confirm_by else None,
                    "confirm_rule": row.confirm_rule or None} | permit.fields.get("detail", {}),
        )  # fmt: skip
    return row


def _agency(by: Actor, now: datetime) -> UUID:
    """The person's own; for the public form the agency that was founded first."""
    found = keeping.agency_of(by, now)
    if found is None and isinstance(by, SystemActor):
        agencies = Organisation.objects.filter(kind=OrganisationClass.AGENCY).order_by("id")
        found = agencies.values_list("id", flat=True).first()
    if found is None:
        raise BadInput("Only members of an agency take requests in.")
    return found


def _number(agency: UUID, asking: Asking, now: datetime) -> tuple[int, int]:
    """The next number of the agency's year; whoever is second waits here, and finds the first one's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NUMBERING])
    if Request.objects.filter(form_key=asking.form_key).exists():
        raise Conflict("This request was taken in already; nothing was added. Load the page again.")
    year = now.astimezone(asking.zone).year
    rows = Request.objects.of_agencies([agency]).filter(year=year)
    return year, (rows.aggregate(last=Max("ordinal"))["last"] or 0) + 1


def _basis(by: Actor, asking: Asking, agency: UUID, number: str, now: datetime) -> Basis:
    """Its title names the kind and nobody. The desk gave the number, so it is verified."""
    return Basis.objects.create(
        kind=BasisKind.REQUEST,
        agency_id=agency,
        number=number,
        title=KIND_SAYS[asking.kind],
        opened_at=now,
        opened_by=by if isinstance(by, Person) else None,
        verification=Verification.VERIFIED,
        verified_by=DESK.key,
        verified_at=now,
    )


def _hold(
    permit: Permit, by: Actor, asking: Asking, seen: list[Seen], basis: Basis, now: datetime
) -> Keep | None:
    """The provisional hold, before anything else is done; none where no camera saw the place."""
    if not seen:
        return None
    return keeping.place(
        permit,
        KeepKind.PROVISIONAL,
        [each.span for each in seen],
        by=by,
        words=Words(basis.id, authority=asking.law, matter=basis.number, reason="held for a request"),
        review_by=now + keeping.longest_review(now),
        agency=basis.agency_id,
    )


def _row(
    permit: Permit, asking: Asking, channel: Channel, requester: Requester, seen: list[Seen], basis: Basis,
    hold: Keep | None, number: tuple[int, int], now: datetime,
) -> Request:  # fmt: skip
    parameters, rule = publish.active().parameters, calendar.answer_rule(asking.kind)
    seconds = camera_seconds(each.span for each in seen)
    cap = cap_of(seconds, channel, requester, asking.zone, now)
    point = asking.place.point or (None, None)
    row = Request.objects.create(
        basis=basis,
        year=number[0],
        ordinal=number[1],
        form_key=asking.form_key,
        kind=asking.kind,
        channel=channel,
        law=asking.law.strip(),
        requester=asking.requester.strip(),
        organisation=asking.organisation.strip(),
        contact=asking.contact.strip(),
        requester_address=requester.address,
        requester_key=requester.contact,
        secret_hash=tokens.hash_of(asking.code or tokens.new_code()),
        wanted=asking.wanted.strip(),
        place=asking.place.words.strip(),
        area=asking.place.area,
        lon=point[0],
        lat=point[1],
        radius_m=asking.place.radius_m,
        zone=asking.zone.key,
        starts_at=asking.starts_at,
        ends_at=asking.ends_at,
        received_at=now,
        due_at=calendar.due_after(now, parameters.count(rule, now), asking.zone),
        due_rule=parameters.row(rule, now).id,
        state=State.PRESERVED,
        camera_seconds=seconds,
        hold=hold,
        confirm_by=cap.confirm_by if hold else None,
        confirm_rule=cap.rule if hold else "",
        entry=permit.entry_id,
    )
    RequestCamera.objects.bulk_create(
        RequestCamera(
            request=row,
            camera=each.span.camera,
            placement=each.placement,
            starts_at=each.span.starts_at,
            ends_at=each.span.ends_at,
        )
        for each in seen
    )
    return row


def _first_steps(row: Request, by: Actor, entry: UUID, now: datetime) -> None:
    """Preserved in the transaction in which it was received: there is no request without its hold."""
    Step.objects.create(
        request=row,
        act=Act.PRESERVE,
        state_before=State.RECEIVED,
        state_after=State.PRESERVED,
        at=now,
        by=by if isinstance(by, Person) else None,
        note="" if row.hold else "No camera saw the place then: there was nothing to hold.",
        entry=entry,
    )
