"""Facts of the things that policy itself knows: bases, grants, people, and the things there is one of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from policy import facts
from policy.facttypes import NONE, UNKNOWN, ResourceFacts
from policy.models import Basis, Grant, Membership, Person, Proposal
from policy.vocabulary import GrantState, Kind
from rtcc import clock

# A thing that is no camera cannot be paused, retired, masked or closed by an agreement.
PLAIN: dict[str, Any] = {
    "owner_id": NONE,
    "owner_class": NONE,
    "mode": NONE,
    "hours_open": True,
    "paused": False,
    "retired": False,
    "sensitivity": frozenset(),
    "agreement_valid": True,
    "codec_supported": True,
    "masked": False,
    "held": False,
    "subject_org_classes": frozenset(),
}


def _rows(queryset: QuerySet[Any], *, lock: bool) -> QuerySet[Any]:
    return queryset.select_for_update(of=("self",)) if lock else queryset


def _openers(people: Iterable[UUID | None]) -> dict[UUID | None, dict[str, Any]]:
    """Per person who proposed something or holds a grant: rank and organisations now, as facts of it."""
    asked = {person for person in people if person}
    ranks = dict.fromkeys(asked, 0)
    organisations: dict[UUID, set[str]] = {person: set() for person in asked}
    for row in Membership.objects.valid_at(clock.now()).filter(person_id__in=asked):
        ranks[row.person_id] = max(ranks[row.person_id], row.rank)
        organisations[row.person_id].add(str(row.organisation_id))
    return {
        person: {"opener_rank": ranks[person], "opener_organisation_ids": frozenset(organisations[person])}
        for person in asked
    } | {None: {}}


def load_bases(ids: Sequence[UUID], *, lock: bool) -> Mapping[UUID, ResourceFacts]:
    now = clock.now()
    return {
        row.id: ResourceFacts(
            **PLAIN,
            kind=Kind.BASIS,
            id=str(row.id),
            agency_id=str(row.agency_id),
            state="open" if row.closed_at is None or row.closed_at > now else "closed",
            subject_id=str(row.opened_by_id or NONE),
            opened_by=str(row.opened_by_id or NONE),
        )
        for row in _rows(Basis.objects.filter(id__in=ids).order_by("id"), lock=lock)
    }


def load_grants(ids: Sequence[UUID], *, lock: bool) -> Mapping[UUID, ResourceFacts]:
    now = clock.now()
    found = Grant.objects.filter(id__in=ids).select_related("basis").order_by("id")
    rows = list(_rows(found, lock=lock))
    openers = _openers(row.person_id for row in rows)
    return {
        row.id: ResourceFacts(
            **PLAIN | openers[row.person_id],
            kind=Kind.GRANT,
            id=str(row.id),
            agency_id=str(row.basis.agency_id),
            state=row.state if row.ends_at > now else GrantState.ENDED,
            subject_id=str(row.person_id),
            opened_by=str(row.person_id),
        )
        for row in rows
    }


def _org_classes(people: Sequence[UUID]) -> dict[UUID, tuple[frozenset[str], str]]:
    """Per person: the kinds of their organisations now, and their agency's id."""
    kinds: dict[UUID, set[str]] = {}
    agencies: dict[UUID, str] = {}
    rows = (
        Membership.objects.valid_at(clock.now()).filter(person_id__in=people).select_related("organisation")
    )
    for row in rows:
        kinds.setdefault(row.person_id, set()).add(row.organisation.kind)
        if row.organisation.kind == "agency":
            agencies.setdefault(row.person_id, str(row.organisation_id))
    return {person: (frozenset(kinds.get(person, ())), agencies.get(person, NONE)) for person in people}


def load_people(ids: Sequence[UUID], *, lock: bool) -> Mapping[UUID, ResourceFacts]:
    known = _org_classes(ids)
    return {
        row.id: ResourceFacts(
            **{**PLAIN, "subject_org_classes": known[row.id][0]},
            kind=Kind.PERSON,
            id=str(row.id),
            agency_id=known[row.id][1],
            state="active" if row.is_active else "inactive",
            subject_id=str(row.id),
            opened_by=NONE,
        )
        for row in _rows(Person.objects.filter(id__in=ids).order_by("id"), lock=lock)
    }


def load_memberships(ids: Sequence[UUID], *, lock: bool) -> Mapping[UUID, ResourceFacts]:
    rows = list(_rows(Membership.objects.filter(id__in=ids).order_by("id"), lock=lock))
    known = _org_classes([row.person_id for row in rows])
    return {
        row.id: ResourceFacts(
            **{**PLAIN, "subject_org_classes": known[row.person_id][0]},
            kind=Kind.MEMBERSHIP,
            id=str(row.id),
            agency_id=known[row.person_id][1],
            state="open" if row.ends_at is None else "ended",
            subject_id=str(row.person_id),
            opened_by=NONE,
        )
        for row in rows
    }


def load_proposals(ids: Sequence[UUID], *, lock: bool) -> Mapping[UUID, ResourceFacts]:
    """A proposal is judged as the kind of thing that it is about; who proposed it is who opened it."""
    now = clock.now()
    rows = list(_rows(Proposal.objects.filter(id__in=ids).order_by("id"), lock=lock))
    known = _org_classes([row.proposed_by_id for row in rows if row.proposed_by_id])
    openers = _openers(row.proposed_by_id for row in rows)
    return {
        row.id: ResourceFacts(
            **PLAIN | openers[row.proposed_by_id],
            kind=row.payload["on"]["kind"],
            id=str(row.id),
            agency_id=known[row.proposed_by_id][1] if row.proposed_by_id else NONE,
            state="done" if row.executed_at else "open" if row.expires_at > now else "run_out",
            subject_id=NONE,
            opened_by=str(row.proposed_by_id or UNKNOWN),
        )
        for row in rows
    }


def _the_one(kind: Kind) -> facts.Loader:
    """Loader of a thing of which there is one."""

    def load(ids: Sequence[UUID], *, lock: bool) -> Mapping[UUID, ResourceFacts]:
        return {
            key: ResourceFacts(
                **PLAIN,
                kind=kind,
                id=str(key),
                agency_id=NONE,
                state=NONE,
                subject_id=NONE,
                opened_by=NONE,
            )
            for key in ids
            if key == facts.ONE
        }

    return load


def register_all() -> None:
    """Called once when the apps are ready."""
    facts.register(Kind.BASIS, load_bases)
    facts.register(Kind.GRANT, load_grants)
    facts.register(Kind.PERSON, load_people)
    facts.register(Kind.MEMBERSHIP, load_memberships)
    facts.register(Kind.PROPOSAL, load_proposals)
    for kind in (Kind.SYSTEM, Kind.LOG, Kind.POLICY, Kind.REPORT):
        facts.register(kind, _the_one(kind))
