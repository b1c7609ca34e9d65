"""Facts: what a decision reads. Guard calls this; a caller of guard never passes a fact.

Upper rooms register one loader per kind of thing; policy itself knows people, bases and grants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from policy.actors import Actor, SystemActor, actor_key, whereabouts
from policy.facttypes import WATCHING, ContextFacts, PersonFacts, ResourceFacts
from policy.models import Approval, Basis, Grant, KillSwitch, Membership, Person, Proposal
from policy.vocabulary import (
    Action,
    GrantState,
    Kind,
    OffenceClass,
    OrganisationClass,
    OwnerClass,
    Purpose,
    Ref,
    Role,
)
from rtcc import clock
from rtcc.config import config

Loader = Callable[..., Mapping[UUID, ResourceFacts]]
_loaders: dict[Kind, Loader] = {}
# Who knows of which things' owners have said yes to the question, and until when each yes stands.
Consents = Callable[["Question", datetime], Mapping[Ref, datetime]]
_consents: list[Consents] = []
# Who knows when the terms of things next close by the clock alone.
Closing = Callable[[Sequence[Ref], datetime], datetime | None]
_closings: list[Closing] = []

# Things of which there is one: the installation, its log, its policy, the report as a whole.
ONE = UUID(int=0)
SYSTEM, LOG, POLICY, REPORT = (Ref(kind, ONE) for kind in (Kind.SYSTEM, Kind.LOG, Kind.POLICY, Kind.REPORT))


@dataclass(frozen=True)
class Question:
    """What somebody wants to do, as asked; everything else about it is loaded."""

    action: Action
    by: Actor
    on: tuple[Ref, ...]
    basis: UUID | None = None
    purpose: Purpose | None = None
    footage: tuple[datetime, datetime] | None = None
    exigent: bool = False
    offence_class: OffenceClass | None = None
    reason: str = ""
    proposal: UUID | None = None
    recipient_class: str = "none"
    # Said by an act of its own knowledge (a change that only takes rights away), never by a form field.
    restricts: bool = False


def register(kind: Kind, loader: Loader) -> None:
    """Say who loads the facts of a kind: ``loader(ids, *, lock)`` -> facts by id, absent ones left out."""
    if kind in _loaders:
        raise RuntimeError(f"two loaders for {kind}")
    _loaders[kind] = loader


def register_consents(asked: Consents) -> None:
    """Say who knows what owners said yes to: ``asked(question, at)`` -> until when, by thing."""
    _consents.append(asked)


def register_closing(closes: Closing) -> None:
    """Say who knows when terms close: ``closes(refs, at)`` -> the next such instant, or None."""
    _closings.append(closes)


def loader_kinds() -> frozenset[Kind]:
    """The kinds that have a loader (a test holds this total)."""
    return frozenset(_loaders)


def load(refs: Sequence[Ref], *, lock: bool) -> dict[Ref, ResourceFacts]:
    """Facts of each thing that exists; in (kind, id) order, so that two acts lock in the same order."""
    found: dict[Ref, ResourceFacts] = {}
    for kind in sorted({ref.kind for ref in refs}):
        ids = sorted(ref.id for ref in refs if ref.kind is kind)
        for key, facts in _loaders[kind](ids, lock=lock).items():
            found[Ref(kind, key)] = facts
    return found


def person_facts(actor: Actor, at: datetime) -> PersonFacts:
    """What is known of the actor now; unknown stays unknown."""
    if isinstance(actor, SystemActor):
        return PersonFacts(id=actor.key, roles=frozenset({Role.SYSTEM}), active=True)
    active = Person.objects.filter(id=actor.id, is_active=True).exists()
    memberships = list(
        Membership.objects.of_person(actor.id)
        .valid_at(at)
        .select_related("organisation")
        .order_by("starts_at")
    )
    agency = next((m for m in memberships if m.organisation.kind == OrganisationClass.AGENCY), None)
    certified = [m.certified_until for m in memberships if m.certified_until]
    return PersonFacts(
        id=str(actor.id),
        roles=frozenset(Role(m.role) for m in memberships),
        organisation_ids=frozenset(str(m.organisation_id) for m in memberships),
        org_classes=frozenset(OrganisationClass(m.organisation.kind) for m in memberships),
        agency_id=str(agency.organisation_id) if agency else "none",
        rank=max((m.rank for m in memberships), default=0),
        certified=("yes" if max(certified) >= at.date() else "no") if certified else "unknown",
        active=active,
        mfa=whereabouts.get().mfa,
    )


def _approvers(proposal: UUID | None) -> frozenset[str]:
    """Who said yes to the proposal, never its proposer; a run-out or spent proposal counts for nothing."""
    if proposal is None:
        return frozenset()
    row = Proposal.objects.filter(id=proposal, expires_at__gt=clock.now(), executed_at__isnull=True).first()
    if row is None:
        return frozenset()
    yes = Approval.objects.filter(proposal=row).exclude(person=row.proposed_by)
    return frozenset(str(key) for key in yes.values_list("person_id", flat=True))


def _org_classes(people: frozenset[str], at: datetime) -> frozenset[str]:
    """The kinds of organisation that these people come from."""
    if not people:
        return frozenset()
    kinds = Membership.objects.valid_at(at).filter(person_id__in=people)
    return frozenset(kinds.values_list("organisation__kind", flat=True))


@dataclass(frozen=True)
class Standing:
    """What stands between the actor and the basis, loaded once for an act."""

    context: ContextFacts
    basis: Basis | None
    grant: Grant | None
    grant_cameras: frozenset[UUID]
    # Until when the yes of each thing's owner stands.
    consents: Mapping[Ref, datetime]

    def for_resource(self, ref: Ref) -> ContextFacts:
        """The context as seen from one camera: does the grant cover it, and has its owner said yes?"""
        return replace(
            self.context, grant_covers=ref.id in self.grant_cameras, owner_consent=ref in self.consents
        )

    def again_at(
        self, action: Action, covered: Sequence[Ref], resources: Mapping[Ref, ResourceFacts], at: datetime
    ) -> datetime | None:
        """The first instant at which the answer about watching may be another by the clock alone, without
        any act that raises the epoch: an owner's yes runs out, or the agreed hours close.
        """
        lent = any(facts.owner_class == OwnerClass.PARTNER for facts in resources.values())
        if action not in WATCHING or not lent:
            return None
        instants = [closes(covered, at) for closes in _closings]
        return min((each for each in (*instants, *self.consents.values()) if each), default=None)


def _grant(question: Question, basis: Basis | None, at: datetime) -> tuple[Grant | None, frozenset[UUID]]:
    """The grant that an act goes on under: the person's own, on this basis, covering most of what is asked.

    A grant that covers none of the cameras asked for is another grant, not a reason to refuse.
    """
    if basis is None or not isinstance(question.by, Person):
        return None, frozenset()
    asked = {ref.id for ref in question.on if ref.kind is Kind.CAMERA}
    named = {ref.id for ref in question.on if ref.kind is Kind.GRANT}
    best: tuple[Grant | None, frozenset[UUID]] = (None, frozenset())
    grants = Grant.objects.of_person(question.by.id).on_basis(basis.id).standing_at(at)
    if named:
        grants = grants.filter(id__in=named)
    for grant in grants.order_by("-ends_at").prefetch_related("cameras")[:50]:
        covered = frozenset(row.camera for row in grant.cameras.all())
        if not asked:
            return grant, covered
        if len(asked & covered) > len(asked & best[1]):
            best = (grant, covered)
    return best


def standing(question: Question, at: datetime) -> Standing:
    """Basis, grant, approvals and switches, in a constant number of queries."""
    basis = Basis.objects.filter(id=question.basis).first() if question.basis else None
    grant, cameras = _grant(question, basis, at)
    approvers = _approvers(question.proposal) - {actor_key(question.by)}
    footage_from = question.footage[0] if question.footage else None
    context = ContextFacts(
        now=at,
        local_hour=at.astimezone(clock.city()).hour,
        purpose=question.purpose or (Purpose(grant.purpose) if grant else "none"),
        basis_kind=basis.kind if basis else "none",
        basis_verification=basis.verification if basis else "unknown",
        basis_open=bool(
            basis and basis.opened_at <= at and (basis.closed_at is None or basis.closed_at > at)
        ),
        basis_agency_id=str(basis.agency_id) if basis else "none",
        grant_state=GrantState(grant.state) if grant else "none",
        grant_covers=False,
        grant_expires_in_s=int((grant.ends_at - at).total_seconds()) if grant else 0,
        footage_age_h=max(0, int((at - footage_from).total_seconds() // 3600)) if footage_from else 0,
        history_allowed=bool(grant and footage_from and footage_from >= grant.history_from),
        exigent=question.exigent or bool(grant and grant.exigent),
        offence_class=question.offence_class
        or (grant.offence_class if grant and grant.offence_class else "none"),
        approvals=len(approvers),
        approver_ids=approvers,
        approver_org_classes=_org_classes(approvers, at),
        restricts=question.restricts,
        kill_switch=KillSwitch.objects.filter(lifted_at__isnull=True).exists(),
        has_reason=bool(question.reason.strip()),
        demo=config.demo,
        recipient_class=question.recipient_class,
    )
    return Standing(context, basis, grant, cameras, _said_yes(question, context.purpose, at))


def _said_yes(question: Question, purpose: str, at: datetime) -> dict[Ref, datetime]:
    """What owners said yes to, for this basis and purpose; only watching asks for it."""
    if question.basis is None or question.action not in WATCHING or purpose not in set(Purpose):
        return {}
    asked = replace(question, purpose=Purpose(purpose))
    return {ref: until for known in _consents for ref, until in known(asked, at).items()}
