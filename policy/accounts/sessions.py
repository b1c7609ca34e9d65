"""Sessions: each begins and ends with an entry, whichever way somebody signs in or out.

Django sends one signal for every sign-in and one for every sign-out; both are answered here, so no way in
goes round the log. A session ends by signing out, after `idle_lock` without a sign of the person, or at its
longest age; what was permitted in it ends with it (`policy.permits.check_stands`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib.auth import SESSION_KEY as PERSON_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest

from audit.record import record
from audit.vocabulary import Event, Outcome
from policy import epoch, publish
from policy.accounts import whereabouts
from policy.models import FailedSignIn, Membership, Person, Session
from policy.vocabulary import Role
from rtcc import clock
from rtcc.errors import Refused
from rtcc.ids import uuid7

SESSION_KEY = "watchlight_session"
# What the next sign-in page says about why one is there.
WHY_KEY = "watchlight_why"
SEEN_PATH = "/session/seen/"
SIGNED_OUT = "You signed out."
LONGEST = timedelta(seconds=settings.SESSION_COOKIE_AGE)
# How coarsely the last sign of a person is written down.
SEEN_EVERY = timedelta(seconds=15)
_FACTORS = {"totp": "authenticator", "recovery_codes": "recovery code", "webauthn": "passkey"}


def idle_lock(person: UUID | None = None) -> timedelta:
    """How long a session lasts without a sign of the person. Who is an officer and nothing else signs in once
    per shift: a phone has a lock of its own, and what it shows ends by itself.
    """
    now, key = clock.now(), "idle_lock"
    if person is not None:
        roles = set(Membership.objects.of_person(person).valid_at(now).values_list("role", flat=True))
        key = "idle_lock_officer" if roles == {Role.OFFICER} else key
    return publish.active().parameters.duration(key, now)


def begin(sender: Any, request: HttpRequest, user: Person, **_: Any) -> None:
    """Django's `user_logged_in`: the session's row and its entry, in one transaction.

    Raises Refused for an account that was locked or disabled in the meantime; what Django wrote then opens
    nothing, because no row of ours stands behind it.
    """
    given = [
        _FACTORS.get(each.get("type", ""), each["method"])
        for each in get_authentication_records(request, user)
    ]
    now = clock.now()
    with transaction.atomic(durable=True):
        person = Person.objects.select_for_update().get(id=user.id)
        if not person.is_active or (person.locked_at and given):
            raise Refused("This account is locked. A supervisor can release it.")
        row = Session(id=uuid7(), person=person, mfa=any(name in given for name in _FACTORS.values()))
        entry = record(
            Event.SESSION_STARTED,
            outcome=Outcome.PERMIT,
            actor=person.id,
            actor_name=person.display_name,
            reason=" and ".join(dict.fromkeys(given)) or "demonstration sign-in",
            **{**whereabouts.of_request(request), "session": row.id, "mfa": row.mfa},
        )
        row.started_at = row.seen_at = now
        row.entry = entry.id
        row.save(force_insert=True)
        if given:
            FailedSignIn.objects.filter(person=person).delete()
        epoch.bump_person(person.id)
    request.session[SESSION_KEY] = str(row.id)
    # Only now: what a page still asked for by itself was led to the sign-in page too, unseen.
    request.session.pop(WHY_KEY, None)
    whereabouts.keep(request, row)


def open_row(person: Person, *, mfa: bool, how: str, detail: dict[str, Any], **where: Any) -> Session:
    """A session that no browser holds, in the caller's transaction: its row and its entry. ``where``: fields
    of the entry (device, address).
    """
    row = Session(id=uuid7(), person=person, mfa=mfa)
    entry = record(
        Event.SESSION_STARTED,
        outcome=Outcome.PERMIT,
        actor=person.id,
        actor_name=person.display_name,
        session=row.id,
        mfa=mfa,
        reason=how,
        detail=detail,
        **where,
    )
    row.started_at = row.seen_at = clock.now()
    row.entry = entry.id
    row.save(force_insert=True)
    epoch.bump_person(person.id)
    return row


def finish(sender: Any, request: HttpRequest, user: Person | None, **_: Any) -> None:
    """Django's `user_logged_out`: enter the end."""
    session = request.session.get(SESSION_KEY)
    if user is not None and session:
        end(UUID(session), SIGNED_OUT, **_from_where(request))


def _from_where(request: HttpRequest) -> dict[str, Any]:
    where = whereabouts.read(request)
    return {"device": where.device, "address": where.address}


def end(session: UUID, why: str, **fields: Any) -> bool:
    """End a session once, with its entry. False if it has ended already."""
    with transaction.atomic(durable=True):
        row = (
            Session.objects.open().select_for_update(of=("self",)).select_related("person").filter(id=session)
        ).first()
        if row is None:
            return False
        entry = record(
            Event.SESSION_ENDED,
            outcome=Outcome.PERMIT,
            actor=row.person_id,
            actor_name=row.person.display_name,
            session=row.id,
            mfa=row.mfa,
            reason=why,
            **fields,
        )
        row.ended_at, row.ended_why, row.ended_entry = clock.now(), why, entry.id
        row.save(update_fields=["ended_at", "ended_why", "ended_entry"])
        epoch.bump_person(row.person_id)
    return True


def strengthen(request: HttpRequest, session: Session) -> None:
    """A second factor was set up in this session. Call in the transaction of its entry."""
    session.mfa = True
    Session.objects.filter(id=session.id).update(mfa=True)
    epoch.bump_person(session.person_id)
    request.session.cycle_key()


def standing(stored: SessionBase) -> Session | None:
    """The open session that Django's stored session points to, if it still stands; else None.

    One that has been idle or has lasted too long is ended here, with its entry.
    """
    pointer, person = stored.get(SESSION_KEY), stored.get(PERSON_KEY)
    return still_open(pointer, person) if pointer and person else None


def still_open(session: Any, person: Any) -> Session | None:
    """This person's session, if it still stands; one that is over is ended here, with its entry."""
    row: Session | None = (
        Session.objects.open()
        .select_related("person")
        .filter(id=session, person_id=person, person__is_active=True)
        .first()
    )
    if row is not None and (why := _over(row)):
        end(row.id, why)
        return None
    return row


def why_ended(stored: SessionBase) -> str:
    """What to say to somebody whose session has ended; empty where there was none."""
    pointer = stored.get(SESSION_KEY)
    row = Session.objects.filter(id=pointer).only("ended_why").first() if pointer else None
    return row.ended_why if row else ""


def _over(row: Session) -> str:
    now, idle = clock.now(), idle_lock()
    if now - row.seen_at > idle:
        idle = idle_lock(row.person_id)
    if now - row.seen_at > idle:
        return f"Locked after {round(idle.total_seconds() / 60)} minutes without activity."
    if now - row.started_at > LONGEST:
        return f"A session lasts {round(LONGEST.total_seconds() / 3600)} hours at most."
    return ""


def seen(row: Session) -> None:
    """Write down a sign of the person."""
    now = clock.now()
    if now - row.seen_at >= SEEN_EVERY:
        Session.objects.open().filter(id=row.id, seen_at__lt=now).update(seen_at=now)


def end_over() -> int:
    """End sessions that nobody has used for too long, also where no page asks any more."""
    now = clock.now()
    rows = Session.objects.over_at(unseen_since=now - idle_lock(), started_before=now - LONGEST)
    at_work = Membership.objects.valid_at(now)
    officers = at_work.filter(role=Role.OFFICER).values("person")
    on_a_phone = Q(person__in=officers) & ~Q(person__in=at_work.exclude(role=Role.OFFICER).values("person"))
    # Longer than their own lock leaves them is judged one by one; the others would wait behind them.
    rows = rows.exclude(on_a_phone, seen_at__gte=now - LONGEST, started_at__gte=now - LONGEST)
    return sum(end(row.id, why) for row in list(rows[:200]) if (why := _over(row)))


def tidy() -> None:
    """Drop Django's run-out sessions, and failed sign-ins that are too old to count towards a lock."""
    SessionStore.clear_expired()
    FailedSignIn.objects.filter(at__lt=clock.now() - timedelta(days=1)).delete()
