"""Propose an act that takes a second person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.record import record
from audit.vocabulary import Event, Outcome
from policy import denials, entry_fields, facts, proposals, publish
from policy.decide import Deny
from policy.denied import Denied, Hidden
from policy.facts import Question
from policy.guard import decide_one, may_know
from policy.models import Person, Proposal
from policy.vocabulary import Action, OrganisationClass, Purpose, Ref
from rtcc import clock
from rtcc.errors import BadInput
from rtcc.ids import uuid7

LASTS = timedelta(hours=24)
# Stands for the person who is still to be found; nobody has this id.
SOMEBODY_ELSE = "somebody-else"


def propose(
    *,
    by: Person,
    action: Action,
    on: Ref,
    words: dict[str, Any],
    reason: str,
    basis: UUID | None = None,
    purpose: Purpose | None = None,
) -> Proposal:
    """Freeze the words of an act and ask for a second person. No permit comes of it.

    It is decided as if the second person had said yes: who may not do the act with one may not propose it.
    Raises Denied or Hidden with its entry committed.
    """
    if not reason.strip():
        raise BadInput("Say in a sentence why.", field="reason")
    now, entry = clock.now(), uuid7()
    question = Question(action, by, (on,), basis=basis, purpose=purpose, reason=reason)
    with transaction.atomic(durable=True):
        version = publish.active()
        person, standing = facts.person_facts(by, now), facts.standing(question, now)
        supposed = replace(
            standing,
            context=replace(
                standing.context,
                approvals=1,
                approver_ids=frozenset({SOMEBODY_ELSE}),
                approver_org_classes=frozenset(OrganisationClass),
            ),
        )
        resources = facts.load((on,), lock=False)
        answer = decide_one(action, on, person, resources.get(on), supposed, version)
        said = entry_fields.of_act(question, person, standing, resources, version, now)
        if isinstance(answer, Deny):
            refusal = Denied(answer.rule, answer.sentence, answer.citation, answer.way_out, entry)
            _enter_refusal(by, action, answer, said, entry)
        else:
            proposal = Proposal.objects.create(
                action=action,
                payload=proposals.payload_of(on, words),
                payload_sha256=proposals.hash_of(action, on, words),
                proposed_by=by,
                proposed_at=now,
                expires_at=now + LASTS,
                entry=entry,
            )
            detail = {"proposal": str(proposal.id), "sha256": proposal.payload_sha256, "words": words}
            record(
                Event.ACT_PERMITTED,
                outcome=Outcome.PERMIT,
                id=entry,
                **{**said, "rules": sorted(answer.rules), "detail": detail},
            )
            return proposal
    if not may_know(on, person, resources.get(on)):
        raise Hidden(refusal.entry_id)
    raise refusal


def _enter_refusal(by: Person, action: Action, deny: Deny, said: dict[str, Any], entry: UUID) -> None:
    if denials.is_own_entry(by, said["time"]):
        record(
            Event.ACT_REFUSED,
            outcome=Outcome.DENY,
            id=entry,
            **{**said, "rules": [deny.rule], "rule_sentence": deny.sentence},
        )
    else:
        denials.count(by, said["time"], action, deny.rule)
