"""One-time links: how people come to a password and an authenticator. There is no default password.

The first links are made at the machine's own console, while there are too few people for one to approve
another; every later one is made by an operator and approved by a second person (`policy.accounts.people`).
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.text import slugify

from audit.record import record
from audit.vocabulary import Event, Outcome
from policy import epoch, publish
from policy.accounts import sessions
from policy.actors import SystemActor
from policy.facts import SYSTEM
from policy.guard import guard
from policy.models import FailedSignIn, Invitation, Membership, Organisation, Person, Session
from policy.vocabulary import Action, OrganisationClass, Purpose, Role
from rtcc import clock
from rtcc.errors import Conflict, DomainError

FIRST_LASTS = timedelta(hours=1)
LASTS = timedelta(hours=24)
CONSOLE = SystemActor("console")
# Who may say yes when a role is given (policy/starter, order-approve).
APPROVING = (Role.OPERATOR, Role.SUPERVISOR, Role.LEGAL_REVIEWER, Role.AUDITOR)
NEW_LINK = "a new one-time link was used"


class LinkOver(DomainError):
    """The link was used, replaced, ran out, or was never made: the answer is the same."""

    code = "link_over"
    status = 410


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def make(*, entry: UUID, lasts: timedelta, **whom: Any) -> str:
    """Write a link in the caller's transaction; returns the token, which is kept nowhere.

    ``whom``: person and made_by, or role (one of the first people).
    """
    now, token = clock.now(), secrets.token_urlsafe(32)
    Invitation.objects.create(
        token_sha256=_hash(token), made_at=now, expires_at=now + lasts, entry=entry, **whom
    )
    return token


def find(token: str) -> Invitation:
    """The link that can still be used. Raises LinkOver, whatever is wrong with it."""
    row: Invitation | None = (
        Invitation.objects.usable_at(clock.now())
        .select_related("person")
        .filter(token_sha256=_hash(token))
        .first()
    )
    if row is None:
        raise LinkOver("This link works no more: it was used, replaced, or its time is over.")
    return row


def first_people() -> int:
    """How many people could approve something for each other."""
    rows = Membership.objects.valid_at(clock.now()).filter(role__in=APPROVING, person__is_active=True)
    return rows.values("person").distinct().count()


def invite_first(role: Role) -> str:
    """A link for one of the first two people, made at the console. Earlier ones of this kind stop working.

    Raises Conflict once there are two who can approve for each other.
    """
    if first_people() >= 2:
        raise Conflict("There are people who approve for each other: invite others on the page People.")
    if role not in APPROVING:
        raise Conflict(f"The first two people are two of: {', '.join(APPROVING)}.")
    with transaction.atomic(durable=True):
        Invitation.objects.usable_at(clock.now()).filter(person__isnull=True).update(used_at=clock.now())
        entry = record(
            Event.ACCOUNT_INVITED,
            outcome=Outcome.PERMIT,
            actor=CONSOLE.key,
            reason="set-up of the system",
            detail={"role": role},
        )
        return make(entry=entry.id, lasts=FIRST_LASTS, role=role)


def open_first(link: Invitation, *, department: str, name: str, username: str, password: str) -> Person:
    """Make one of the first people of the system from their link: organisation, person, membership."""
    with guard(
        Action.CHANGE_MEMBERSHIP,
        by=CONSOLE,
        on=SYSTEM,
        purpose=Purpose.SYSTEM_DUTY,
        event=Event.ACCOUNT_OPENED,
    ) as permit:
        _use(link)
        if first_people() >= 2:
            raise Conflict("There are two people by now; others are invited on the page People.")
        agency = Organisation.objects.filter(kind=OrganisationClass.AGENCY).order_by("id").first()
        if agency is None:
            code = slugify(department)[:40] or "department"
            agency = Organisation.objects.create(code=code, name=department, kind=OrganisationClass.AGENCY)
        person = Person.objects.create_user(username, display_name=name, password=password)
        now = clock.now()
        # Who is there to approve has the rank that approving takes.
        rank = publish.active().parameters.count("approver_rank", now)
        membership = Membership.objects.create(
            person=person, organisation=agency, role=link.role, rank=rank, starts_at=now
        )
        permit.enter(
            detail={
                "person": str(person.id),
                "membership": str(membership.id),
                "organisation": agency.code,
                "role": link.role,
                "rank": rank,
            }
        )
        epoch.bump()
    return person


def open_account(link: Invitation, password: str) -> Person:
    """Choose the password of an account. What opened it before opens it no more."""
    assert link.person is not None
    for session in Session.objects.open().of_person(link.person.id).values_list("id", flat=True):
        sessions.end(session, f"Ended because {NEW_LINK}.")
    with transaction.atomic(durable=True):
        _use(link)
        person = Person.objects.select_for_update().get(id=link.person.id)
        record(
            Event.ACCOUNT_OPENED,
            outcome=Outcome.PERMIT,
            actor=person.id,
            actor_name=person.display_name,
            parent=link.entry,
            detail={"released": bool(person.locked_at)},
        )
        person.set_password(password)
        person.locked_at = None
        person.save(update_fields=["password", "locked_at"])
        FailedSignIn.objects.filter(person=person).delete()
        Authenticator.objects.filter(user=person).delete()
        epoch.bump_person(person.id)
    return person


def _use(link: Invitation) -> None:
    """Spend the link, once."""
    now = clock.now()
    if not Invitation.objects.usable_at(now).filter(id=link.id).update(used_at=now):
        raise Conflict("This link was used a moment ago.")
