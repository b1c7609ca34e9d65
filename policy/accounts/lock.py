"""Failures on the way in: each is entered, and too many lock password sign-in until a supervisor releases it.

The numbers are parameters of the policy version (`failed_sign_ins`, `failed_sign_ins_within`). A lock ends
no session that stands: nobody can put a shift out of the room by typing wrong passwords.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from audit.record import record
from audit.vocabulary import Event, Outcome
from policy import denials, publish
from policy.actors import Actor, SystemActor
from policy.models import FailedSignIn, Person
from policy.vocabulary import Action
from rtcc import clock

WRONG_PASSWORD = "wrong password"
WRONG_CODE = "wrong code"
WRONG_PASSKEY = "wrong passkey"
LOCKED = "the account is locked"
NOT_ACTIVE = "the account is not active"
NO_ACCOUNT = "no such account"
NO_TOKEN = "no such token"


def note_unknown(address: str | None, *, why: str = NO_ACCOUNT, **where: Any) -> None:
    """A name that matches no account: entered without the name, which may be a mistyped password."""
    at = clock.now()
    with transaction.atomic(durable=True):
        subject = SystemActor(f"sign-in:{address}"[:100])
        if _has_own_entry(subject, why):
            record(
                Event.SESSION_FAILED,
                outcome=Outcome.DENY,
                time=at,
                reason=why,
                address=address,
                **where,
            )


def note_failure(person_id: UUID, why: str, **where: Any) -> bool:
    """Enter a failure of a known account, and lock the account with the one that is too many.

    ``where``: fields of the entry (device, address). True when this failure locked it.
    """
    at = clock.now()
    with transaction.atomic(durable=True):
        person = Person.objects.select_for_update().get(id=person_id)
        who: dict[str, Any] = {"actor": person.id, "actor_name": person.display_name}
        if not person.is_active or person.locked_at:
            why = LOCKED if person.locked_at else NOT_ACTIVE
        entry = None
        if _has_own_entry(person, why):
            entry = record(
                Event.SESSION_FAILED, outcome=Outcome.DENY, time=at, reason=why, mfa=False, **who, **where
            )
        if why in (LOCKED, NOT_ACTIVE):
            return False
        FailedSignIn.objects.create(person=person, at=at)
        parameters = publish.active().parameters
        within = parameters.duration("failed_sign_ins_within", at)
        counted = FailedSignIn.objects.filter(person=person, at__gt=at - within).count()
        if counted < parameters.count("failed_sign_ins", at):
            return False
        record(
            Event.ACCOUNT_LOCKED,
            outcome=Outcome.DENY,
            time=at,
            parent=entry.id if entry else None,
            object_kind="person",
            object_id=person.id,
            count=counted,
            reason=f"{counted} failed sign-ins in {round(within.total_seconds() / 60)} minutes",
            rules=[parameters.row("failed_sign_ins", at).id],
            **who,
            **where,
        )
        person.locked_at = at
        person.save(update_fields=["locked_at"])
    return True


def note_refused_token(person: Person, why: str, **where: Any) -> None:
    """A token that opens nothing any more was shown. It counts towards no lock: nobody guesses tokens."""
    with transaction.atomic(durable=True):
        if _has_own_entry(person, why):
            record(
                Event.SESSION_FAILED,
                outcome=Outcome.DENY,
                actor=person.id,
                actor_name=person.display_name,
                reason=why,
                mfa=False,
                **where,
            )


def _has_own_entry(subject: Actor, why: str) -> bool:
    """The first failures of a minute are entries; a script that hammers is counted (`policy.denials`)."""
    at = clock.now()
    if denials.is_own_entry(subject, at):
        return True
    denials.count(subject, at, Action.SIGN_IN, why)
    return False
