"""What a page may offer: the same decision that guard makes, asked without acting and without an entry.

Pressing the button asks guard.
"""

from __future__ import annotations

from uuid import UUID

from policy import facts, proposals, publish
from policy.decide import Allow
from policy.facts import Question
from policy.guard import decide_one
from policy.models import Person
from policy.vocabulary import Action, Purpose, Ref
from rtcc import clock


def is_offered(
    person: Person,
    action: Action,
    ref: Ref,
    *,
    basis: UUID | None = None,
    purpose: Purpose | None = None,
    restricts: bool = False,
    approved: bool = False,
) -> bool:
    """Whether the act would be permitted to the person on this thing now; ``approved``: with the yes of
    somebody else, so whether they may propose it.
    """
    at = clock.now()
    question = Question(action, person, (ref,), basis, purpose, restricts=restricts)
    standing = facts.standing(question, at)
    answer = decide_one(
        action,
        ref,
        facts.person_facts(person, at),
        facts.load([ref], lock=False).get(ref),
        proposals.as_if_approved(standing) if approved else standing,
        publish.active(),
    )
    return isinstance(answer, Allow)
