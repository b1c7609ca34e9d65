"""Publish a policy version that two persons agreed on."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from policy import epoch, proposals, publish
from policy.facts import POLICY
from policy.guard import guard
from policy.models import Person, PolicyDraft, PolicyVersion
from policy.vocabulary import Action
from rtcc import clock
from rtcc.errors import Conflict

# Reading the clock and writing the row take a moment, and a version never begins in the past.
_A_MOMENT = timedelta(seconds=1)


def publish_policy(*, by: Person, proposal: UUID) -> PolicyVersion:
    """Put a proposed version in force at its time (or at once, where that has passed while it waited).

    Raises Denied while nobody else has said yes or while the log does not follow; Conflict where the draft
    was changed or another version was published meanwhile.
    """
    row = proposals.find(proposal)
    proposals.check_open(row)
    with guard(Action.CHANGE_POLICY, by=by, on=POLICY, proposal=proposal) as permit:
        words = proposals.spend(proposal, Action.CHANGE_POLICY, POLICY)
        draft = PolicyDraft.objects.filter(id=words["draft"]).first()
        version = publish.load(draft.parts) if draft is not None else None
        if version is None or version.hash != words["hash"]:
            raise Conflict("The draft was changed after it was proposed. Propose it again.")
        if publish.in_force_hash() != words["instead_of"]:
            raise Conflict("Another version is in force by now. Compare with that one, and propose it again.")
        soonest = clock.now() + _A_MOMENT
        begins = max(clock.parse(words["begins"]), soonest) if words["begins"] else soonest
        published = publish.store(version, published_by=by, entry=permit.entry_id, effective_from=begins)
        permit.enter(
            parent=str(row.entry),
            detail={
                "proposal": str(proposal),
                "version": version.hash,
                "instead_of": words["instead_of"],
                "begins": begins.isoformat(),
                "changes": words["changes"],
            },
        )
        epoch.bump()
    return published
