"""What the rules would answer to an act of one's own, asked without doing it. The question is entered."""

from __future__ import annotations

from policy import facts, publish
from policy.decide import Allow, Answer
from policy.facts import SYSTEM, Question
from policy.guard import decide_one, guard, may_know
from policy.models import Person
from policy.permits import Permit
from policy.vocabulary import Action
from rtcc import clock
from rtcc.errors import BadInput, NotFound


def dry_run(question: Question) -> tuple[Answer, Permit, str]:
    """The answer, the permit of having asked, and the hash of the policy version that answered.

    It is asked by looking at the register, so by members alone. Raises NotFound for what the person may not
    know of, as guard would, with its entry.
    """
    if not isinstance(question.by, Person) or len(question.on) != 1:
        raise ValueError("a person asks about one thing")
    ref = question.on[0]
    if ref.kind not in facts.loader_kinds():
        raise BadInput("No act is done on things of this kind.", field="kind")
    with guard(Action.VIEW_REGISTRY, by=question.by, on=SYSTEM) as permit:
        at, version = clock.now(), publish.active()
        person, standing = facts.person_facts(question.by, at), facts.standing(question, at)
        resource = facts.load([ref], lock=False).get(ref)
        answer = decide_one(question.action, ref, person, resource, standing, version)
        hidden = not isinstance(answer, Allow) and not may_know(ref, person, resource)
        asked = {"action": str(question.action), "on": str(ref), "basis": str(question.basis or "")}
        said = "nothing there" if hidden else sorted(answer.rules)
        permit.enter(detail={"dry_run": asked, "permitted": isinstance(answer, Allow), "rules": said})
    if hidden:
        raise NotFound()
    return answer, permit, version.hash
