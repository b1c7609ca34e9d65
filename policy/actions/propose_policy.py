"""Propose a policy version."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from policy import publish
from policy.actions.propose import propose
from policy.facts import POLICY
from policy.models import Person, Proposal
from policy.publishing import drafting
from policy.publishing.comparing import compare
from policy.vocabulary import Action
from rtcc import clock
from rtcc.errors import BadInput, Conflict


def propose_policy(*, by: Person, draft: UUID, begins: datetime | None, reason: str) -> Proposal:
    """Ask for a second person's yes to a draft; its text is frozen by its hash.

    ``begins``: when it is to be in force; None: as soon as it is published. Raises BadInput or Conflict, with
    the draft untouched, and Denied.
    """
    row = drafting.find(by, draft)
    checked = drafting.check(row.parts)
    if checked.version is None:
        raise BadInput(f"This text makes no version yet: {checked.trouble}")
    if checked.failures:
        raise BadInput(
            f"{len(checked.failures)} of its examples come out otherwise; mend them or the rules first."
        )
    if checked.missing:
        raise BadInput(f"It does not set {', '.join(checked.missing)}, by which the programs go.")
    if checked.hash == publish.in_force_hash():
        raise Conflict("This is word for word what is in force; there is nothing to publish.")
    if begins is not None and begins <= clock.now():
        raise BadInput("A version begins now or later; what was decided stays decided.", field="begins")
    words = {
        "draft": str(row.id),
        "hash": checked.hash,
        "begins": begins.isoformat() if begins else None,
        "instead_of": publish.in_force_hash(),
        "changes": compare(publish.active(), checked.version).counts,
    }
    return propose(by=by, action=Action.CHANGE_POLICY, on=POLICY, words=words, reason=reason)
