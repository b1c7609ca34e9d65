"""What rules may read: about the person, the thing and the situation.

Every attribute is always present, because a rule that misses one is skipped by Cedar. The default of
each attribute means *not known* and is its most restrictive value, so a loader that forgets a fact
refuses more, never less (`tests/checks/test_policy_facts.py` drops each in turn). Ids are text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from policy.vocabulary import Action

UNKNOWN = "unknown"
NONE = "none"

_NOTHING: frozenset[str] = frozenset()
_UNKNOWN_SET: frozenset[str] = frozenset({UNKNOWN})
_VERY_OLD_H = 10**9
# A rank that is not known outranks everybody.
_HIGHEST_RANK = 99


def _check_text(facts: object) -> None:
    """Refuse an id that is not text: a UUID never equals its text, and a comparison would fail open."""
    for name, value in vars(facts).items():
        for member in value if isinstance(value, frozenset) else (value,):
            if not isinstance(member, str | int | datetime):
                raise TypeError(f"{type(facts).__name__}.{name} holds a {type(member).__name__}; give text")


@dataclass(frozen=True, kw_only=True)
class PersonFacts:
    """Who acts, at the instant of the act. A process of the system has the role ``system``.

    `rank`: 0 civilian, 1 officer, 2 sergeant, 3 captain. `certified`, `on_shift`: yes | no | unknown.
    `org_classes`: values of OrganisationClass. `agency_id`: the agency they work for, or ``none``.
    """

    id: str
    roles: frozenset[str] = _NOTHING
    organisation_ids: frozenset[str] = _NOTHING
    org_classes: frozenset[str] = _UNKNOWN_SET
    agency_id: str = UNKNOWN
    rank: int = -1
    certified: str = UNKNOWN
    on_shift: str = UNKNOWN
    active: bool = False
    mfa: bool = False

    def __post_init__(self) -> None:
        _check_text(self)


@dataclass(frozen=True, kw_only=True)
class ResourceFacts:
    """What the act is on. Facts that a kind does not have may keep their defaults.

    `owner_class`: public | partner | none. `agency_id`: the agency that may operate the camera (for a
    partner's camera the agency of the agreement), or ``none``. `hours_open`: the agreed hours stand
    open now. `purposes_accepted`: values of Purpose, or ``any``. `sensitivity`: worship, clinic,
    school, shelter, union_hall, assembly...; empty when the place is known to be ordinary.
    `masked`: parts of the picture must stay covered. `codec_supported`: this machine can show it.
    `held`: a hold stands on the footage. `state`: the thing's own state. `subject_id`: whom it is about
    (grant: its holder; membership, account: the person). `subject_org_classes`: that person's
    organisations. `opened_by`: who made or asked for it (``none``: nobody, a system did);
    `opener_rank`, `opener_organisation_ids`: that person's, now; known of proposals and grants. `operators`:
    persons who hold the object permission to operate the camera (django-guardian).
    """

    kind: str
    id: str
    owner_id: str = UNKNOWN
    owner_class: str = UNKNOWN
    mode: str = UNKNOWN
    hours_open: bool = False
    paused: bool = True
    retired: bool = True
    purposes_accepted: frozenset[str] = _NOTHING
    sensitivity: frozenset[str] = _UNKNOWN_SET
    agreement_valid: bool = False
    recording: bool = False
    codec_supported: bool = False
    masked: bool = True
    held: bool = True
    agency_id: str = UNKNOWN
    state: str = UNKNOWN
    subject_id: str = UNKNOWN
    subject_org_classes: frozenset[str] = _UNKNOWN_SET
    opened_by: str = UNKNOWN
    opener_rank: int = _HIGHEST_RANK
    opener_organisation_ids: frozenset[str] = _UNKNOWN_SET
    operators: frozenset[str] = _NOTHING

    def __post_init__(self) -> None:
        _check_text(self)


@dataclass(frozen=True, kw_only=True)
class ContextFacts:
    """The situation. `now` is aware; `local_hour` is 0..23 at the thing's site, -1 unknown.

    `grant_state`: none (no grant stands for this person and basis) | pending | verified | ended |
    unknown. `grant_expires_in_s`: seconds left. `footage_age_h`: age of the oldest footage asked for.
    `history_allowed`: the grant reaches back that far. `approvals`: yes-votes of others; one's own is
    never counted. `approver_ids`, `approver_org_classes`: who they are, and from which kinds of
    organisation. `owner_consent`: the camera's owner said yes to
    watching on this basis for this purpose, and the yes stands. `restricts`: the change only
    takes rights away. `recipient_class`: a value of OrganisationClass, or ``none``.
    """

    now: datetime
    local_hour: int = -1
    purpose: str = UNKNOWN
    basis_kind: str = UNKNOWN
    basis_verification: str = UNKNOWN
    basis_open: bool = False
    basis_agency_id: str = UNKNOWN
    grant_state: str = UNKNOWN
    grant_covers: bool = False
    grant_expires_in_s: int = 0
    footage_age_h: int = _VERY_OLD_H
    history_allowed: bool = False
    exigent: bool = False
    offence_class: str = UNKNOWN
    approvals: int = 0
    approver_ids: frozenset[str] = _NOTHING
    approver_org_classes: frozenset[str] = _NOTHING
    owner_consent: bool = False
    restricts: bool = False
    kill_switch: bool = True
    has_reason: bool = False
    demo: bool = False
    recipient_class: str = UNKNOWN

    def __post_init__(self) -> None:
        _check_text(self)
        if self.now.tzinfo is None:
            raise TypeError("ContextFacts.now must be aware")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that one decision reads."""

    person: PersonFacts
    resource: ResourceFacts
    context: ContextFacts

    def other_approvals(self) -> int:
        """Approvals by somebody else than the person who acts: counted by name, never by number alone."""
        return min(self.context.approvals, len(self.context.approver_ids - {self.person.id, UNKNOWN, NONE}))


# The three groups of acts that rules and invariants speak of; the schema states the same groups and
# `tests/checks/test_policy_totality.py` compares them.
WATCHING: frozenset[Action] = frozenset(
    {
        Action.VIEW_LIVE,
        Action.PLAYBACK,
        Action.SNAPSHOT,
        Action.LIFT_MASK,
        Action.SEND_PICTURE,
        Action.RECEIVE_PICTURE,
    }
)
LEAVING: frozenset[Action] = frozenset({Action.EXPORT, Action.SHARE, Action.OPEN_ASSET})
FOOTAGE: frozenset[Action] = (
    WATCHING | LEAVING | {Action.SEARCH, Action.BOOKMARK, Action.PLACE_KEEP, Action.REDACT}
)
