"""Which acts a page offers. An offer is the same decision that guard makes, asked without acting and without
an entry; pressing the button asks guard.
"""

from __future__ import annotations

from collections.abc import Iterable

from policy import facts, publish
from policy.decide import Allow
from policy.facts import Question
from policy.guard import decide_one
from policy.models import Person
from policy.vocabulary import Action, Purpose, Ref
from rtcc import clock


def offers(
    person: Person, ref: Ref, actions: Iterable[Action], *, restricts: bool = False
) -> frozenset[Action]:
    """Those of the acts that would be permitted to the person on one thing now."""
    at = clock.now()
    version = publish.active()
    who = facts.person_facts(person, at)
    thing = facts.load([ref], lock=False).get(ref)
    found = set()
    for action in actions:
        question = Question(action, person, (ref,), purpose=Purpose.MAINTENANCE, restricts=restricts)
        answer = decide_one(action, ref, who, thing, facts.standing(question, at), version)
        if isinstance(answer, Allow):
            found.add(action)
    return frozenset(found)
