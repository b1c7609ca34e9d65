"""What a page may offer: the same decision that guard makes, asked without acting and without an entry.

Pressing the button asks guard.
"""

from __future__ import annotations

from uuid import UUID

from policy import facts, publish
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
) -> bool:
    """Whether the act would be permitted to the person on this thing now."""
    at = clock.now()
    question = Question(action, person, (ref,), basis, purpose, restricts=restricts)
    answer = decide_one(
        action,
        ref,
        facts.person_facts(person, at),
        facts.load([ref], lock=False).get(ref),
        facts.standing(question, at),
        publish.active(),
    )
    return isinstance(answer, Allow)
