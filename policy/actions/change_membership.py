"""Who has which role, and who has an account: given by two persons, ended by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from policy import epoch, proposals
from policy.accounts import invitations
from policy.actions.propose import propose
from policy.facts import SYSTEM
from policy.guard import guard
from policy.models import Membership, Organisation, Person, Proposal
from policy.proposals import target
from policy.vocabulary import Action, Kind, OrganisationClass, Ref, Role
from rtcc import clock
from rtcc.errors import BadInput, Conflict, NotFound, Refused

INVITE, GIVE, LINK = "invite", "give", "link"


@dataclass(frozen=True)
class RoleWords:
    """A role as it is proposed. ``certified_until``: the last day of the training certificate."""

    organisation: str
    role: Role
    unit: str = ""
    rank: int = 0
    certified_until: date | None = None

    def as_json(self) -> dict[str, Any]:
        until = self.certified_until.isoformat() if self.certified_until else None
        return {
            "organisation": self.organisation,
            "role": str(self.role),
            "unit": self.unit,
            "rank": self.rank,
            "certified_until": until,
        }


@dataclass(frozen=True)
class Changed:
    """What was done. ``token``: of a one-time link that is shown once, to whoever carried it out."""

    person: Person
    token: str | None


def propose_invitation(*, by: Person, username: str, name: str, words: RoleWords, reason: str) -> Proposal:
    """Ask for a second person's yes to a new account with a role. Raises Denied, or BadInput."""
    if Person.objects.filter(username=username).exists():
        raise BadInput("Somebody has this user name already.", field="username")
    return propose(
        by=by,
        action=Action.CHANGE_MEMBERSHIP,
        on=SYSTEM,
        words={"what": INVITE, "username": username, "name": name, **words.as_json()},
        reason=reason,
    )


def propose_role(*, by: Person, person: UUID, words: RoleWords, reason: str) -> Proposal:
    """Ask for a second person's yes to one more role of somebody. Raises Denied."""
    on = Ref(Kind.PERSON, person)
    said = {"what": GIVE, **words.as_json()}
    return propose(by=by, action=Action.CHANGE_MEMBERSHIP, on=on, words=said, reason=reason)


def propose_link(*, by: Person, person: UUID, reason: str) -> Proposal:
    """Ask for a second person's yes to a new one-time link: it opens the account anew. Raises Denied."""
    on = Ref(Kind.PERSON, person)
    return propose(by=by, action=Action.CHANGE_MEMBERSHIP, on=on, words={"what": LINK}, reason=reason)


def change_membership(*, by: Person, proposal: UUID) -> Changed:
    """Carry out what was proposed and approved. Raises Denied while nobody else has said yes."""
    row = proposals.find(proposal)
    on = target(row)
    with guard(Action.CHANGE_MEMBERSHIP, by=by, on=on, proposal=proposal) as permit:
        words = proposals.spend(proposal, Action.CHANGE_MEMBERSHIP, on)
        what = words["what"]
        _check_oversight(words, proposal)
        person = _made(words) if what == INVITE else Person.objects.get(id=on.id)
        membership = None if what == LINK else _given(person, words)
        token = None
        if what != GIVE:
            token = invitations.make(
                entry=permit.entry_id, lasts=invitations.LASTS, person=person, made_by=by
            )
        permit.enter(
            parent=str(row.entry),
            detail={
                "what": what,
                "proposal": str(proposal),
                "person": str(person.id),
                "membership": str(membership.id) if membership else None,
                "role": words.get("role"),
                "organisation": words.get("organisation"),
            },
        )
        epoch.bump()
    return Changed(person, token)


def end_membership(*, by: Person, membership: UUID, why: str) -> Membership:
    """End a role at once; what was permitted by it ends with it. Raises Denied, BadInput, Conflict."""
    if not why.strip():
        raise BadInput("Say in a sentence why.", field="reason")
    with guard(
        Action.CHANGE_MEMBERSHIP, by=by, on=Ref(Kind.MEMBERSHIP, membership), restricts=True, reason=why
    ) as permit:
        row: Membership = Membership.objects.select_related("organisation").get(id=membership)
        now = clock.now()
        if row.ends_at is not None and row.ends_at <= now:
            raise Conflict("This membership has ended already.")
        row.ends_at = max(now, row.starts_at)
        row.save(update_fields=["ends_at"])
        permit.enter(
            detail={
                "what": "end",
                "person": str(row.person_id),
                "role": row.role,
                "organisation": row.organisation.code,
            }
        )
        epoch.bump()
    return row


def _made(words: dict[str, Any]) -> Person:
    if Person.objects.filter(username=words["username"]).exists():
        raise Conflict("Somebody has this user name by now; propose it again with another.")
    return Person.objects.create_user(words["username"], display_name=words["name"])


def _given(person: Person, words: dict[str, Any]) -> Membership:
    organisation = Organisation.objects.filter(code=words["organisation"]).first()
    if organisation is None:
        raise NotFound("There is no such organisation any more.")
    held = Membership.objects.valid_at(clock.now()).filter(
        person=person, organisation=organisation, role=words["role"]
    )
    if held.exists():
        raise Conflict("This person has this role already.")
    until = words["certified_until"]
    return Membership.objects.create(
        person=person,
        organisation=organisation,
        role=Role(words["role"]),
        unit=words["unit"],
        rank=words["rank"],
        certified_until=date.fromisoformat(until) if until else None,
        starts_at=clock.now(),
    )


def _check_oversight(words: dict[str, Any], proposal: UUID) -> None:
    """The department alone seats nobody in an oversight body that has members."""
    organisation = Organisation.objects.filter(code=words.get("organisation", "")).first()
    if organisation is None or organisation.kind != OrganisationClass.OVERSIGHT:
        return
    members = Membership.objects.valid_at(clock.now()).filter(organisation__kind=OrganisationClass.OVERSIGHT)
    said_yes = proposals.find(proposal).approvals.values("person")
    if members.exists() and not members.filter(person__in=said_yes).exists():
        raise Refused("Somebody of the oversight body has to approve who joins it.")
