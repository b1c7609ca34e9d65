"""The policy as a table: role x action, and for pictures role x action x purpose x owner class x mode.

Each cell asks `decide` with the most favourable facts first; where the answer is Allow, the conditions are
then taken away one by one, and what must stay is printed. So a cell says what it takes at least, and an empty
one that no circumstance makes it lawful. `docs/generated/policy-matrix.md` is written from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from policy.cedar import LoadedVersion
from policy.decide import Allow, decide_many
from policy.facttypes import FOOTAGE, ContextFacts, Facts, PersonFacts, ResourceFacts
from policy.vocabulary import Action, BasisKind, Kind, Mode, OrganisationClass, OwnerClass, Purpose, Role

AT = datetime(2026, 11, 22, 18, tzinfo=UTC)
NO = "–"
COLUMNS: tuple[tuple[str, OwnerClass, Mode], ...] = (
    ("city", OwnerClass.PUBLIC, Mode.ALWAYS),
    *((f"partner, {mode.value.replace('_', ' ')}", OwnerClass.PARTNER, mode) for mode in Mode),
)
_AGENCY, _OVERSIGHT, _PARTNER = (
    OrganisationClass.AGENCY,
    OrganisationClass.OVERSIGHT,
    OrganisationClass.PARTNER,
)
_HOME: Mapping[Role, frozenset[str]] = {
    Role.ANALYST: frozenset({_AGENCY}),
    Role.SUPERVISOR: frozenset({_AGENCY}),
    Role.RECORDS_OFFICER: frozenset({_AGENCY}),
    Role.LEGAL_REVIEWER: frozenset({_AGENCY}),
    Role.AUDITOR: frozenset({_OVERSIGHT}),
    Role.OUTSIDE_REVIEWER: frozenset({_OVERSIGHT}),
    Role.PARTNER: frozenset({_PARTNER}),
    Role.POLICY_OWNER: frozenset({_AGENCY}),
    Role.OPERATOR: frozenset({_AGENCY}),
    Role.OFFICER: frozenset({_AGENCY}),
    Role.SYSTEM: frozenset(),
}
# What an act is done on, where it is not a camera.
_ON: Mapping[Action, tuple[Kind, ...]] = {
    Action.OPEN_INCIDENT: (Kind.SYSTEM,),
    Action.RENEW_GRANT: (Kind.GRANT,),
    Action.END_GRANT: (Kind.GRANT,),
    Action.VERIFY_BASIS: (Kind.BASIS,),
    Action.JUSTIFY_EXIGENT: (Kind.GRANT,),
    Action.APPROVE: (Kind.GRANT, Kind.SYSTEM, Kind.POLICY),
    Action.DECLINE: (Kind.GRANT, Kind.SYSTEM, Kind.POLICY),
    Action.CHANGE_AGREEMENT: (Kind.AGREEMENT,),
    Action.LEND_HOURS: (Kind.AGREEMENT,),
    Action.UPLOAD_FOOTAGE: (Kind.UPLOAD,),
    Action.CHANGE_MEMBERSHIP: (Kind.MEMBERSHIP,),
    Action.CHANGE_POLICY: (Kind.POLICY,),
    Action.SIGN_IN: (Kind.PERSON,),
    Action.SIGN_OUT: (Kind.PERSON,),
    Action.RELEASE_ACCOUNT: (Kind.PERSON,),
    Action.ISSUE_TOKEN: (Kind.PERSON,),
    Action.REVOKE_TOKEN: (Kind.TOKEN,),
    Action.VIEW_REPORT: (Kind.REPORT,),
    Action.VERIFY_LOG: (Kind.LOG,),
    Action.ADMINISTER: (Kind.SYSTEM,),
    Action.KILL_SWITCH: (Kind.SYSTEM,),
    Action.CHANGE_ERASURE: (Kind.LOG,),
    Action.RECOVER_LOG: (Kind.LOG,),
    Action.RELEASE_HOLD: (Kind.KEEP,),
    Action.DESTROY: (Kind.FOOTAGE,),
    Action.OPEN_ASSET: (Kind.ASSET,),
    Action.RECEIVE_PICTURE: (Kind.BULLETIN,),
    Action.REVOKE_PICTURE: (Kind.BULLETIN,),
    Action.OPEN_REQUEST: (Kind.SYSTEM,),
    Action.WORK_REQUEST: (Kind.REQUEST,),
    Action.VIEW_REQUEST: (Kind.REQUEST,),
    Action.CONSENT: (Kind.UPLOAD,),
    Action.REVIEW_EXIGENT: (Kind.GRANT,),
    Action.ASSIGN_UNIT: (Kind.BASIS,),
}


@dataclass(frozen=True)
class Condition:
    """A circumstance that may have to be given: changes to the context and to the thing."""

    words: str
    context: Mapping[str, Any]
    resource: Mapping[str, Any]


_TWO = Condition("two persons", {"approvals": 2, "approver_ids": frozenset({"other-1", "other-2"})}, {})
_VERIFIED = Condition("verified", {"basis_verification": "verified"}, {})
_CONSENT = Condition("owner's yes", {"owner_consent": True}, {})
_COURT = Condition("to a court", {"recipient_class": "court"}, {})
_NARROWS = Condition("only to narrow", {"restricts": True}, {})
_OWN = Condition(
    "own",
    {},
    {"owner_id": "home", "subject_id": "self", "opened_by": "self", "operators": frozenset({"self"})},
)
_DUTY = Condition("system duty", {"purpose": Purpose.SYSTEM_DUTY}, {})
OF_PICTURES = (_TWO, _VERIFIED, _CONSENT, _COURT)
OF_OTHERS = (_TWO, _NARROWS, _DUTY, _VERIFIED)
OF_ACTS = (*OF_OTHERS, _OWN)


def _person(role: Role) -> PersonFacts:
    return PersonFacts(
        id="self",
        roles=frozenset({role}),
        organisation_ids=frozenset({"home"}),
        org_classes=_HOME[role],
        agency_id="city",
        rank=3,
        certified="yes",
        active=True,
        mfa=True,
    )


def _thing(kind: Kind) -> ResourceFacts:
    """The most favourable thing of a kind."""
    return ResourceFacts(
        kind=kind,
        id="thing",
        owner_id="other",
        owner_class=OwnerClass.PUBLIC,
        mode=Mode.ALWAYS,
        hours_open=True,
        paused=False,
        retired=False,
        purposes_accepted=frozenset({"any"}),
        sensitivity=frozenset(),
        agreement_valid=True,
        recording=True,
        codec_supported=True,
        masked=False,
        held=False,
        agency_id="city",
        # An appealed request lies with both who may work on one.
        state="appealed" if kind is Kind.REQUEST else "standing",
        subject_id="other",
        subject_org_classes=_HOME[Role.ANALYST],
        opened_by="other",
        opener_rank=0,
        opener_organisation_ids=frozenset(),
    )


def _context(purpose: Purpose, grant: bool) -> ContextFacts:
    """The most favourable circumstances that are not conditions of their own."""
    request = purpose is Purpose.RECORDS_REQUEST
    return ContextFacts(
        now=AT,
        purpose=purpose,
        basis_kind=BasisKind.REQUEST if request else BasisKind.CASE,
        basis_verification="pending",
        basis_open=True,
        basis_agency_id="city",
        grant_state="verified" if grant else "none",
        grant_covers=grant,
        grant_expires_in_s=600 if grant else 0,
        footage_age_h=0,
        history_allowed=True,
        kill_switch=False,
        has_reason=True,
        recipient_class="agency",
    )


def _given(facts: Facts, conditions: Sequence[Condition]) -> Facts:
    context: dict[str, Any] = {}
    resource: dict[str, Any] = {}
    for condition in conditions:
        context |= condition.context
        resource |= condition.resource
    return replace(
        facts, context=replace(facts.context, **context), resource=replace(facts.resource, **resource)
    )


def _cells(
    action: Action, every: Sequence[Facts], conditions: Sequence[Condition], version: LoadedVersion
) -> list[str]:
    """For each of the facts: which conditions must stay for an Allow, or NO where all do not suffice."""
    stay = [list(conditions) for _ in every]
    open_to = _allowed(action, every, stay, range(len(every)), version)
    for condition in conditions:
        fewer = [[each for each in kept if each is not condition] for kept in stay]
        for at in _allowed(action, every, fewer, sorted(open_to), version):
            stay[at] = fewer[at]
    return [
        ", ".join(sorted(condition.words for condition in kept)) or "yes" if at in open_to else NO
        for at, kept in enumerate(stay)
    ]


def _allowed(
    action: Action,
    every: Sequence[Facts],
    given: Sequence[Sequence[Condition]],
    which: Sequence[int],
    version: LoadedVersion,
) -> set[int]:
    """Which of the facts, with what is given to each, get an Allow."""
    answers = decide_many(action, [_given(every[at], given[at]) for at in which], version)
    return {at for at, answer in zip(which, answers, strict=True) if isinstance(answer, Allow)}


def picture_cells(role: Role, action: Action, version: LoadedVersion) -> dict[Purpose, list[str]]:
    """For each purpose the cells of COLUMNS."""
    every = [
        Facts(
            person=_person(role),
            resource=replace(_thing(Kind.CAMERA), owner_class=owner, mode=mode),
            context=_context(purpose, grant=True),
        )
        for purpose in Purpose
        for _, owner, mode in COLUMNS
    ]
    cells, width = _cells(action, every, OF_PICTURES, version), len(COLUMNS)
    return {purpose: cells[at * width : (at + 1) * width] for at, purpose in enumerate(Purpose)}


def act_cell(role: Role, action: Action, version: LoadedVersion) -> str:
    """What it takes for a role to do an act that shows no pictures."""
    on_a_grant = action in {Action.RENEW_GRANT, Action.END_GRANT}
    every = [
        Facts(
            person=_person(role),
            resource=_thing(kind),
            context=_context(Purpose.EMERGENCY_CALL, grant=on_a_grant),
        )
        for kind in _ON.get(action, (Kind.CAMERA,))
    ]
    # Nobody approves their own, so what is one's own is no better for some acts and needed for others.
    for conditions in (OF_OTHERS, OF_ACTS):
        kept = [each for each in conditions if each is not _DUTY or role is Role.SYSTEM]
        # What is taken away first may be replaced by what stays: asked both ways, both are told.
        both = [_cells(action, every, order, version) for order in (kept, kept[::-1])]
        found = [ways for ways in zip(*both, strict=True) if NO not in ways]
        if found:
            return " or ".join(dict.fromkeys(found[0]))
    return NO


def cells(version: LoadedVersion) -> dict[str, str]:
    """Every cell that is not empty, under words that name it: what two versions are compared by."""
    found: dict[str, str] = {}
    for role in Role:
        who = role.value.replace("_", " ")
        for action in Action:
            act = action.value.replace("_", " ")
            if action not in FOOTAGE:
                found[f"{who}: {act}"] = act_cell(role, action, version)
                continue
            for purpose, row in picture_cells(role, action, version).items():
                for (place, _, _), cell in zip(COLUMNS, row, strict=True):
                    found[f"{who}: {act}, {purpose.value.replace('_', ' ')}, {place} camera"] = cell
    return {words: cell for words, cell in found.items() if cell != NO}


def render(version: LoadedVersion) -> str:
    """The whole matrix in Markdown."""
    lines = [
        "# Policy matrix",
        "",
        "Written by `./run policy_matrix` from the starter version of the policy; a test compares them.",
        "Each cell says what it takes at least when all else is in order (training, agreed hours, an",
        f"open basis, a grant that covers the camera); {NO} means that nothing makes it lawful.",
        "",
        f"Policy version `{version.hash}`.",
        "",
        "## Acts that show no pictures",
        "",
    ]
    roles = list(Role)
    lines += _header(["act", *(role.value.replace("_", " ") for role in roles)])
    for action in Action:
        if action not in FOOTAGE:
            lines.append(_row([action, *(act_cell(role, action, version) for role in roles)]))
    lines += ["", "## Pictures", "", "Roles, acts and purposes that are not listed are never permitted.", ""]
    for role in Role:
        rows = _picture_rows(role, version)
        if rows:
            lines += [f"### {role.value.replace('_', ' ').capitalize()}", ""]
            lines += _header(["act", "purpose", *(name for name, _, _ in COLUMNS)])
            lines += [*rows, ""]
    return "\n".join(lines).rstrip() + "\n"


def _picture_rows(role: Role, version: LoadedVersion) -> list[str]:
    """A row for each act and all purposes that fare alike."""
    rows = []
    for action in (each for each in Action if each in FOOTAGE):
        alike: dict[tuple[str, ...], list[str]] = {}
        for purpose, cells in picture_cells(role, action, version).items():
            alike.setdefault(tuple(cells), []).append(purpose.value)
        rows += [
            _row([action, ", ".join(purposes), *cells])
            for cells, purposes in alike.items()
            if set(cells) != {NO}
        ]
    return rows


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _header(names: Sequence[str]) -> list[str]:
    return [_row(names), _row(["---"] * len(names))]
