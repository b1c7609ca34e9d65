"""Deciding about exports outside of guard: before they are proposed, and again while they are made.

While an export is made its proposal is spent, so that its approvals are read from its rows; everything else
is loaded anew. A basis that was closed, a kill switch, a role that ended or an owner's pause stops it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from cameras.models import Camera
from policy import facts, publish
from policy.actors import Whereabouts, whereabouts
from policy.decide import Allow, Deny
from policy.facts import Question, Standing
from policy.guard import decide_one
from policy.models import Membership, Person, Proposal
from policy.proposals import SOMEBODY_ELSE
from policy.vocabulary import Action, Kind, ObligationKind, OrganisationClass, Purpose, Recipient, Ref
from rtcc import clock
from rtcc.errors import Refused


@dataclass(frozen=True)
class Asked:
    """What an export is decided on, for each of its cameras."""

    by: Person
    basis: UUID
    purpose: Purpose
    recipient_class: Recipient
    footage: tuple[datetime, datetime]
    reason: str


def check(asked: Asked, cameras: Iterable[UUID], proposal: Proposal | None = None) -> None:
    """Raise Refused with the first camera's sentence unless the export is lawful on all of them now.

    Without a proposal it is decided as if a second person had said yes.
    """
    refs = tuple(Ref(Kind.FOOTAGE, camera) for camera in cameras)
    if not refs:
        return
    now = clock.now()
    question = Question(
        Action.EXPORT, asked.by, refs, basis=asked.basis, purpose=asked.purpose, footage=asked.footage,
        reason=asked.reason, recipient_class=asked.recipient_class,
    )  # fmt: skip
    version, person = publish.active(), facts.person_facts(asked.by, now)
    standing = _with_approvals(facts.standing(question, now), proposal, now)
    resources = facts.load(refs, lock=False)
    answers = {
        ref.id: decide_one(Action.EXPORT, ref, person, resources.get(ref), standing, version) for ref in refs
    }
    for camera, answer in answers.items():
        if isinstance(answer, Deny):
            raise Refused(f"{_which(camera, answers)}{answer.sentence} {answer.way_out}")
        if any(spec.kind is ObligationKind.MASK_ON for spec in answer.obligations):
            raise Refused(
                f"{_which(camera, answers)}A part of this camera's picture is masked, and a native copy would"
                " show it. It waits for redaction."
            )


def _which(camera: UUID, answers: Mapping[UUID, Allow | Deny]) -> str:
    """The camera's name, where the others are answered otherwise."""
    if len({answer.rule if isinstance(answer, Deny) else "" for answer in answers.values()}) == 1:
        return ""
    return f"{Camera.objects.get(id=camera).name}: "


def _with_approvals(standing: Standing, proposal: Proposal | None, at: datetime) -> Standing:
    if proposal is None:
        people, kinds = frozenset({SOMEBODY_ELSE}), frozenset(str(kind) for kind in OrganisationClass)
    else:
        yes = proposal.approvals.exclude(person=proposal.proposed_by).values_list("person_id", flat=True)
        people = frozenset(str(key) for key in yes)
        found = Membership.objects.valid_at(at).filter(person_id__in=people)
        kinds = frozenset(found.values_list("organisation__kind", flat=True))
    context = replace(
        standing.context, approvals=len(people), approver_ids=people, approver_org_classes=kinds
    )
    return replace(standing, context=context)


class InSession:
    """What was known of the session in which an export was asked for is known of it while it is made."""

    def __init__(self, session: str, mfa: bool) -> None:
        self._where = Whereabouts(session=session or None, mfa=mfa)

    def __enter__(self) -> None:
        self._token = whereabouts.set(self._where)

    def __exit__(self, *_: object) -> None:
        whereabouts.reset(self._token)
