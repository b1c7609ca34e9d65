"""What two persons do together: the words are frozen by a hash when they are proposed, and read again from
the frozen proposal when the act is done. Approvals count as facts (`policy.facts`); the act itself is
decided anew, at its own time.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import rfc8785

from policy.facts import Standing
from policy.models import Proposal
from policy.vocabulary import Action, Kind, OrganisationClass, Ref
from rtcc import clock
from rtcc.errors import Conflict, NotFound

# Stands for the person who is still to be found; nobody has this id.
SOMEBODY_ELSE = "somebody-else"
# Nobody presses a button after the last yes to one of these.
BEGINS_BY_ITSELF = frozenset({Action.EXPORT})
# A row of the database ends after it begins, also where both happen in one tick of the clock.
_LEAST = timedelta(microseconds=1)


def as_if_approved(standing: Standing) -> Standing:
    """The same circumstances, had somebody else said yes."""
    context = replace(
        standing.context,
        approvals=1,
        approver_ids=frozenset({SOMEBODY_ELSE}),
        approver_org_classes=frozenset(OrganisationClass),
    )
    return replace(standing, context=context)


def hash_of(action: Action, on: Ref, words: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON of what is proposed."""
    return hashlib.sha256(rfc8785.dumps(payload_of(on, words) | {"action": str(action)})).hexdigest()


def payload_of(on: Ref, words: dict[str, Any]) -> dict[str, Any]:
    """What a proposal's row holds: the thing, and the words of the act. Words are JSON values."""
    return {"on": {"kind": str(on.kind), "id": str(on.id)}, "words": words}


def target(proposal: Proposal) -> Ref:
    """What the proposed act is on."""
    on = proposal.payload["on"]
    return Ref(Kind(on["kind"]), UUID(on["id"]))


def find(proposal_id: UUID) -> Proposal:
    """The proposal, not locked. Raises NotFound."""
    found: Proposal | None = Proposal.objects.select_related("proposed_by").filter(id=proposal_id).first()
    if found is None:
        raise NotFound()
    return found


def waiting(action: Action) -> list[Proposal]:
    """Proposals of one kind of act that still have time and were not carried out, the oldest first."""
    rows = Proposal.objects.filter(action=action, executed_at__isnull=True, expires_at__gt=clock.now())
    return list(
        rows.select_related("proposed_by").prefetch_related("approvals").order_by("proposed_at")[:100]
    )


def check_open(proposal: Proposal) -> None:
    """Raise Conflict unless it stands as it was written, has time left and was not carried out."""
    if (
        hash_of(Action(proposal.action), target(proposal), proposal.payload["words"])
        != proposal.payload_sha256
    ):
        raise Conflict("This proposal is not what was proposed: its words were changed.")
    if proposal.executed_at is not None:
        raise Conflict("This was done already; nothing was changed.")
    if proposal.expires_at <= clock.now():
        raise Conflict("This proposal is over: it was declined, or its time ran out. Propose it again.")


def cut_short(proposal: Proposal) -> None:
    """Its time is over now; nobody approves it any more, and nothing is carried out on it."""
    proposal.expires_at = max(clock.now(), proposal.proposed_at + _LEAST)
    proposal.save(update_fields=["expires_at"])


def check_not_settled(proposal: Proposal) -> None:
    """Raise Conflict where as many have said yes as it needs, and an act begins by itself on that.

    Call it with the proposal locked: of two who say yes at one instant, the second learns of the first.
    """
    if proposal.action not in BEGINS_BY_ITSELF:
        return
    yes = list(proposal.approvals.exclude(person=proposal.proposed_by).select_related("person"))
    if len(yes) >= proposal.needs:
        raise Conflict(f"{yes[0].person.display_name} has approved this already; nothing more is needed.")


def spend(proposal_id: UUID, action: Action, on: Ref) -> dict[str, Any]:
    """Inside guard's block of the act: lock the proposal, mark it carried out, return its words.

    Raises Conflict where it is for something else, ran out, was changed or was carried out.
    """
    row = Proposal.objects.select_for_update().filter(id=proposal_id).first()
    if row is None or row.action != action or target(row) != on:
        raise Conflict("This proposal is for something else.")
    check_open(row)
    row.executed_at = clock.now()
    row.save(update_fields=["executed_at"])
    words: dict[str, Any] = row.payload["words"]
    return words
