"""What no policy can edit: the invariants of governance.md, section 2, checked after Cedar's Allow.

Each is a function of action, facts and obligations that returns a `Broken` or None. They are code and
not rules, so publishing a policy version cannot take one away; a version that would allow what they
forbid still decides, and is refused here, act by act.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from policy.facttypes import FOOTAGE, UNKNOWN, Facts
from policy.vocabulary import Action, BasisKind, Kind, ObligationKind, OrganisationClass

Obligations = Collection[ObligationKind]
CITATION = "Watchlight invariant: no policy version can change it"
_BASES = frozenset(kind.value for kind in BasisKind)
_OF_THE_LOG = frozenset({Action.VERIFY_LOG, Action.VIEW_REPORT, Action.RECOVER_LOG, Action.CHANGE_ERASURE})
_YES_TO_ANOTHER = frozenset({Action.APPROVE, Action.VERIFY_BASIS, Action.REVIEW_EXIGENT})
_OF_ACCOUNTS = frozenset({Action.CHANGE_MEMBERSHIP, Action.ADMINISTER, Action.RELEASE_ACCOUNT})
_BY_TWO = frozenset(
    {
        Action.LIFT_MASK,
        Action.RELEASE_HOLD,
        Action.RECOVER_LOG,
        Action.CHANGE_ERASURE,
        # Else one person could publish a version that needs no second person for anything.
        Action.CHANGE_POLICY,
    }
)


@dataclass(frozen=True)
class Broken:
    """An invariant that the act would break."""

    rule: str
    sentence: str
    way_out: str


def no_destruction_under_hold(action: Action, facts: Facts, obligations: Obligations) -> Broken | None:
    if action is Action.DESTROY and facts.resource.held:
        return Broken(
            "invariant-hold",
            "Footage under a hold is not destroyed.",
            "The hold is released by two persons when its matter has ended.",
        )
    return None


def no_change_to_the_log(action: Action, facts: Facts, obligations: Obligations) -> Broken | None:
    """Entries are read, proved, and brought back. Erasing a disclosure leaves its entry and leaf."""
    if facts.resource.kind == Kind.LOG and action not in _OF_THE_LOG | {Action.APPROVE, Action.DECLINE}:
        return Broken(
            "invariant-log",
            "The log is not changed, by anybody.",
            "A correction is a new entry; it stands beside the old one.",
        )
    return None


def no_self_approval(action: Action, facts: Facts, obligations: Obligations) -> Broken | None:
    """Whose act it is must be known: an unknown asker could be oneself."""
    person, resource = facts.person.id, facts.resource
    if action in _YES_TO_ANOTHER and (
        resource.opened_by in {person, UNKNOWN} or resource.subject_id == person
    ):
        return _self_approval()
    if action in {Action.CHANGE_MEMBERSHIP, Action.RELEASE_ACCOUNT} and subject(facts) in {person, UNKNOWN}:
        return _self_approval()
    return None


def _self_approval() -> Broken:
    return Broken(
        "invariant-no-self-approval",
        "Nobody approves, verifies, reviews or releases what is their own.",
        "Ask another person who may.",
    )


def subject(facts: Facts) -> str:
    """Whom an act on an account is about."""
    return facts.resource.id if facts.resource.kind == Kind.PERSON else facts.resource.subject_id


def exigent_is_justified(action: Action, facts: Facts, obligations: Obligations) -> Broken | None:
    watches = action in FOOTAGE | {Action.OPEN_GRANT, Action.RENEW_GRANT}
    if watches and facts.context.exigent and ObligationKind.JUSTIFY not in obligations:
        return Broken(
            "invariant-exigent-justified",
            "Exigent access without a justification afterwards does not exist.",
            "The policy version has to oblige it; tell the policy owner.",
        )
    return None


def mask_by_two(action: Action, facts: Facts, obligations: Obligations) -> Broken | None:
    if action in _BY_TWO and facts.other_approvals() < 1:
        return Broken(
            "invariant-two-persons",
            "This takes a second person, and nobody else has approved it.",
            "Ask a second person to approve.",
        )
    return None


def oversight_is_independent(action: Action, facts: Facts, obligations: Obligations) -> Broken | None:
    about_an_account = facts.resource.kind in {Kind.PERSON, Kind.MEMBERSHIP}
    classes = facts.resource.subject_org_classes
    if (
        action in _OF_ACCOUNTS - {Action.RELEASE_ACCOUNT}
        and about_an_account
        and classes & {OrganisationClass.OVERSIGHT, UNKNOWN}
        and OrganisationClass.OVERSIGHT not in facts.context.approver_org_classes
    ):
        return Broken(
            "invariant-oversight-independent",
            "The department alone cannot change or disable an account of oversight.",
            "Somebody of the oversight body has to approve it.",
        )
    return None


def footage_needs_a_basis(action: Action, facts: Facts, obligations: Obligations) -> Broken | None:
    context = facts.context
    if action in FOOTAGE and (context.basis_kind not in _BASES or not context.basis_open):
        return Broken(
            "invariant-basis",
            "Footage is touched only for an open incident, case or request.",
            "Pick or open one.",
        )
    return None


INVARIANTS: tuple[Callable[[Action, Facts, Obligations], Broken | None], ...] = (
    no_destruction_under_hold,
    no_change_to_the_log,
    no_self_approval,
    exigent_is_justified,
    mask_by_two,
    oversight_is_independent,
    footage_needs_a_basis,
)


def first_broken(action: Action, facts: Facts, obligations: Obligations) -> Broken | None:
    """The first invariant that the act would break, or None."""
    for invariant in INVARIANTS:
        broken = invariant(action, facts, obligations)
        if broken is not None:
            return broken
    return None
