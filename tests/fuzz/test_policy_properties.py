"""Properties that hold for whatever facts: parity, no loss by not knowing, lists like single acts."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from policy import vocabulary as words
from policy.decide import Allow, Deny, decide, decide_many
from policy.examples import Case, read_examples
from policy.facttypes import UNKNOWN, Facts
from policy.invariants import INVARIANTS
from policy.publish import load_starter
from policy.vocabulary import Action, ObligationKind, OwnerClass, Role

VERSION = load_starter()
CASES = read_examples(VERSION.parts["examples.toml"], VERSION.rules)
NOBODY = ["none", UNKNOWN]
PEOPLE = ["ana", "sam", "lee", "olu", *NOBODY]
CLASSES = [str(member) for member in words.OrganisationClass]


def some(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(list(values))


def sets(values: list[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values), max_size=3)


YES_NO = some("yes", "no", UNKNOWN)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "person.roles": sets(list(Role)),
    "person.org_classes": sets([*CLASSES, UNKNOWN]),
    "person.organisation_ids": sets(["city", "garage-co"]),
    "person.agency_id": some("city", "county", *NOBODY),
    "person.rank": st.integers(-1, 4),
    "person.certified": YES_NO,
    "person.on_shift": YES_NO,
    "resource.kind": st.sampled_from(list(words.Kind)),
    "resource.owner_id": some("city", "garage-co", *NOBODY),
    "resource.owner_class": some(*words.OwnerClass, *NOBODY),
    "resource.mode": some(*words.Mode, UNKNOWN),
    "resource.purposes_accepted": sets([*words.Purpose, "any"]),
    "resource.sensitivity": sets(["clinic", "assembly", UNKNOWN]),
    "resource.agency_id": some("city", "county", *NOBODY),
    "resource.subject_id": some(*PEOPLE),
    "resource.opened_by": some(*PEOPLE),
    "resource.opener_rank": st.integers(0, 4),
    "resource.opener_organisation_ids": sets(["city", "garage-co", UNKNOWN]),
    "resource.subject_org_classes": sets([*CLASSES, UNKNOWN]),
    "context.purpose": some(*words.Purpose, *NOBODY),
    "context.basis_kind": some(*words.BasisKind, *NOBODY),
    "context.basis_verification": some(*words.Verification),
    "context.basis_agency_id": some("city", "county", *NOBODY),
    "context.grant_state": some(*words.GrantState, *NOBODY),
    "context.grant_expires_in_s": st.integers(-10, 200_000),
    "context.footage_age_h": st.integers(0, 2000),
    "context.offence_class": some(*words.OffenceClass, *NOBODY),
    "context.approvals": st.integers(0, 3),
    "context.approver_ids": sets(PEOPLE),
    "context.approver_org_classes": sets(CLASSES),
    "context.recipient_class": some(*CLASSES, *NOBODY),
}
BOOLEANS = [
    f"{part}.{field.name}"
    for part in ("person", "resource", "context")
    for field in fields(getattr(CASES[0].facts, part))
    if field.type == "bool"
]
ALL = sorted([*VALUES, *BOOLEANS])


def set_fact(facts: Facts, name: str, value: object) -> Facts:
    part, _, attribute = name.partition(".")
    return replace(facts, **{part: replace(getattr(facts, part), **{attribute: value})})


@st.composite
def acts(draw: st.DrawFn) -> tuple[Action, Facts]:
    """A worked example with up to four facts changed, under its own action or another."""
    case: Case = draw(st.sampled_from(CASES))
    facts = case.facts
    for name in draw(st.lists(st.sampled_from(ALL), max_size=4, unique=True)):
        facts = set_fact(facts, name, draw(VALUES.get(name, st.booleans())))
    action = draw(st.one_of(st.just(case.action), st.sampled_from(list(Action))))
    return action, facts


@settings(max_examples=600, deadline=None)
@given(acts())
def test_what_is_permitted_on_a_partners_camera_is_permitted_on_a_like_city_camera(
    act: tuple[Action, Facts],
) -> None:
    action, facts = act
    partners = set_fact(facts, "resource.owner_class", OwnerClass.PARTNER)
    answer = decide(action, partners, VERSION)
    event(type(answer).__name__)
    if isinstance(answer, Allow):
        citys = decide(action, set_fact(facts, "resource.owner_class", OwnerClass.PUBLIC), VERSION)
        assert isinstance(citys, Allow)


@settings(max_examples=150, deadline=None)
@given(acts())
def test_not_knowing_a_fact_never_opens_anything(act: tuple[Action, Facts]) -> None:
    action, facts = act
    if isinstance(decide(action, facts, VERSION), Allow):
        return
    for name in ALL:
        if name == "resource.kind":  # always known: the caller of guard names it
            continue
        part, _, attribute = name.partition(".")
        group = getattr(facts, part)
        default = next(field.default for field in fields(group) if field.name == attribute)
        if getattr(group, attribute) != default:
            answer = decide(action, set_fact(facts, name, default), VERSION)
            assert isinstance(answer, Deny) or (name == "context.exigent" and is_ordinary(answer)), name


def is_ordinary(answer: Allow) -> bool:
    """Who does not claim an emergency asks the ordinary question, of a number that follows."""
    return any(
        each.kind is ObligationKind.EXPIRE_AFTER and each.rules == ("order-pending-expires",)
        for each in answer.obligations
    )


@settings(max_examples=300, deadline=None)
@given(acts())
def test_whatever_is_allowed_breaks_no_invariant(act: tuple[Action, Facts]) -> None:
    action, facts = act
    answer = decide(action, facts, VERSION)
    if isinstance(answer, Allow):
        kinds = {each.kind for each in answer.obligations}
        assert [check.__name__ for check in INVARIANTS if check(action, facts, kinds)] == []
        if facts.context.exigent and action in {Action.VIEW_LIVE, Action.PLAYBACK, Action.OPEN_GRANT}:
            assert ObligationKind.JUSTIFY in kinds
    else:
        assert answer.rule != "engine-error"
        assert answer.rule in answer.rules


@settings(max_examples=60, deadline=None)
@given(st.lists(acts(), min_size=1, max_size=6))
def test_a_list_is_decided_like_each_of_its_acts(many: list[tuple[Action, Facts]]) -> None:
    action, first = many[0]
    listed = [replace(facts, person=first.person) for _, facts in many]

    assert decide_many(action, listed, VERSION) == [decide(action, facts, VERSION) for facts in listed]
