"""Proposals that wait: for somebody's yes or no, or for being carried out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from policy import offers
from policy.facts import SYSTEM
from policy.models import Person, Proposal
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.board.models import Decline
from rtcc.board.words import Plain, plain

MOST = 50
# Proposals of everybody that are looked through for those of one person.
LOOKED_AT = 500


@dataclass(frozen=True)
class Waiting:
    """One proposal as one person sees it."""

    row: Proposal
    words: Plain
    approved_by: tuple[Person, ...]
    mine: bool
    can_approve: bool
    can_decline: bool
    left_s: float
    declined: Decline | None = None

    @property
    def open(self) -> bool:
        return self.left_s > 0 and self.row.executed_at is None


def waiting(person: Person) -> list[Waiting]:
    """Open proposals that the person may say yes or no to, or has made; the soonest to run out first."""
    rows = _loaded(Proposal.objects.filter(executed_at__isnull=True, expires_at__gt=clock.now()))
    found: list[Waiting] = []
    for place in range(0, LOOKED_AT, MOST):
        some = list(rows.order_by("expires_at", "id")[place : place + MOST])
        seen = as_seen(some, person)
        found += [each for each in seen if each.can_approve or each.can_decline or each.mine]
        if len(some) < MOST or len(found) >= MOST:
            break
    return found[:MOST]


def one(proposal: Proposal, person: Person) -> Waiting:
    return as_seen([proposal], person)[0]


def find(proposal: UUID) -> Proposal | None:
    return _loaded(Proposal.objects.filter(id=proposal)).first()


def loaded(ids: list[UUID]) -> QuerySet[Proposal]:
    """These proposals, with who made and who answered them."""
    return _loaded(Proposal.objects.filter(id__in=ids))


def known(row: Proposal, person: Person) -> Waiting | None:
    """The proposal as the person sees it; None where the person has nothing to do with it."""
    seen = one(row, person)
    involved = seen.mine or person in seen.approved_by or seen.can_approve or seen.can_decline
    return seen if involved or offers.is_offered(person, Action.APPROVE, SYSTEM) else None


def _loaded(rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
    return rows.select_related("proposed_by", "decline__person").prefetch_related("approvals__person")


def as_seen(rows: list[Proposal], person: Person) -> list[Waiting]:
    now = clock.now()
    words = plain(rows)
    return [_seen(row, person, words[row.id], now) for row in rows]


def _seen(row: Proposal, person: Person, words: Plain, now: datetime) -> Waiting:
    yes = tuple(approval.person for approval in row.approvals.all())
    mine = row.proposed_by_id == person.id
    ref = Ref(Kind.PROPOSAL, row.id)
    is_open = row.executed_at is None and row.expires_at > now
    return Waiting(
        row=row,
        words=words,
        approved_by=yes,
        mine=mine,
        can_approve=is_open
        and not mine
        and person not in yes
        and offers.is_offered(person, Action.APPROVE, ref),
        can_decline=is_open and offers.is_offered(person, Action.DECLINE, ref),
        left_s=(row.expires_at - now).total_seconds(),
        declined=getattr(row, "decline", None),
    )
