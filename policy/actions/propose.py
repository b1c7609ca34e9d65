"""Propose an act that takes a second person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.record import record
from audit.vocabulary import Event, Outcome
from policy import denials, entry_fields, facts, proposals, publish
from policy.decide import Allow, Deny
from policy.denied import Denied, Hidden
from policy.facts import Question
from policy.facttypes import PersonFacts, ResourceFacts
from policy.guard import decide_one, may_know
from policy.models import Person, Proposal
from policy.vocabulary import Action, Purpose, Ref
from rtcc import clock
from rtcc.errors import BadInput
from rtcc.ids import uuid7

LASTS = timedelta(hours=24)


def propose(
    *,
    by: Person,
    action: Action,
    on: Ref,
    words: dict[str, Any],
    reason: str,
    basis: UUID | None = None,
    purpose: Purpose | None = None,
    recipient_class: str = "none",
    then: Callable[[Proposal], object] = lambda proposal: None,
) -> Proposal:
    """Freeze the words of an act and ask for a second person. No permit comes of it.

    ``then`` writes what goes with the proposal in the same commit; what it raises undoes both.

    It is decided as if the second person had said yes: who may not do the act with one may not propose it.
    Raises Denied or Hidden with its entry committed.
    """
    if not reason.strip():
        raise BadInput("Say in a sentence why.", field="reason")
    now, entry = clock.now(), uuid7()
    question = Question(
        action, by, (on,), basis=basis, purpose=purpose, reason=reason, recipient_class=recipient_class
    )
    with transaction.atomic(durable=True):
        asked = _ask(question, now)
        if isinstance(asked.answer, Allow):
            frozen = _freeze(asked, by, words, entry)
            then(frozen)
            return frozen
        _enter_refusal(asked, asked.answer, entry)
    if not may_know(on, asked.person, asked.resource):
        raise Hidden(entry)
    deny = asked.answer
    raise Denied(deny.rule, deny.sentence, deny.citation, deny.way_out, entry)


@dataclass(frozen=True)
class _Asked:
    """A question with its answer, and what an entry says of it."""

    question: Question
    person: PersonFacts
    resource: ResourceFacts | None
    answer: Allow | Deny
    said: dict[str, Any]


def _ask(question: Question, now: datetime) -> _Asked:
    """Decide as if somebody else had said yes."""
    version, on = publish.active(), question.on[0]
    person, standing = facts.person_facts(question.by, now), facts.standing(question, now)
    supposed = proposals.as_if_approved(standing)
    resources = facts.load((on,), lock=False)
    answer = decide_one(question.action, on, person, resources.get(on), supposed, version)
    said = entry_fields.of_act(question, person, standing, resources, version, now)
    return _Asked(question, person, resources.get(on), answer, said)


def _freeze(asked: _Asked, by: Person, words: dict[str, Any], entry: UUID) -> Proposal:
    """The proposal's row with its entry, in the caller's transaction."""
    action, on, now = asked.question.action, asked.question.on[0], asked.said["time"]
    proposal: Proposal = Proposal.objects.create(
        action=action,
        payload=proposals.payload_of(on, words),
        payload_sha256=proposals.hash_of(action, on, words),
        proposed_by=by,
        proposed_at=now,
        expires_at=now + LASTS,
        entry=entry,
    )
    detail = {"proposal": str(proposal.id), "sha256": proposal.payload_sha256, "words": words}
    rules = list(asked.answer.rules)
    record(
        Event.ACT_PERMITTED,
        outcome=Outcome.PERMIT,
        id=entry,
        **{**asked.said, "rules": sorted(rules), "detail": detail},
    )
    return proposal


def _enter_refusal(asked: _Asked, deny: Deny, entry: UUID) -> None:
    by, at = asked.question.by, asked.said["time"]
    if denials.is_own_entry(by, at):
        record(
            Event.ACT_REFUSED,
            outcome=Outcome.DENY,
            id=entry,
            **{**asked.said, "rules": [deny.rule], "rule_sentence": deny.sentence},
        )
    else:
        denials.count(by, at, asked.question.action, deny.rule)
