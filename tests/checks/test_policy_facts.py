"""A fact that is missing or not known never opens anything."""

from __future__ import annotations

import copy
import json
from dataclasses import MISSING, fields, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from cedarpy import Entities, is_authorized_batch

from policy import decide as decision
from policy.decide import Allow, Deny, decide
from policy.examples import Case, read_examples
from policy.facttypes import ContextFacts, Facts, PersonFacts, ResourceFacts
from policy.publish import load_starter
from policy.vocabulary import ObligationKind

CASES = read_examples(load_starter().parts["examples.toml"], load_starter().rules)
PARTS = ("person", "resource", "context")


def unknown_in_turn(facts: Facts) -> list[tuple[str, Facts]]:
    """The same facts with one attribute after the other not known."""
    changed = []
    for part in PARTS:
        group = getattr(facts, part)
        for field in fields(group):
            if field.default is not MISSING and getattr(group, field.name) != field.default:
                changed.append((f"{part}.{field.name}", replace(facts, **{
                    part: replace(group, **{field.name: field.default})
                })))  # fmt: skip
    return changed


def is_ordinary(answer: Allow) -> bool:
    """An emergency is claimed by the person: who does not claim it asks the ordinary question, and gets the
    ordinary time of a number that follows.
    """
    return any(
        each.kind is ObligationKind.EXPIRE_AFTER and each.rules == ("order-pending-expires",)
        for each in answer.obligations
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.case}")
def test_a_fact_not_known_never_turns_a_refusal_into_a_permit(case: Case) -> None:
    version = load_starter()
    if isinstance(decide(case.action, case.facts, version), Allow):
        return
    for name, facts in unknown_in_turn(case.facts):
        answer = decide(case.action, facts, version)
        assert isinstance(answer, Deny) or (name == "context.exigent" and is_ordinary(answer)), name


def test_every_fact_but_the_ids_can_be_unknown_and_unknown_is_its_default() -> None:
    without = {
        f"{group.__name__}.{field.name}"
        for group in (PersonFacts, ResourceFacts, ContextFacts)
        for field in fields(group)
        if field.default is MISSING
    }

    assert without == {"PersonFacts.id", "ResourceFacts.kind", "ResourceFacts.id", "ContextFacts.now"}


def asked() -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What the engine is given for a view that is permitted: entities and request."""
    version = load_starter()
    case = next(case for case in CASES if (case.rule, case.case) == ("order-live", "permit"))
    assert isinstance(decide(case.action, case.facts, version), Allow)
    parameters = version.parameters.in_force(version.parameters_read, case.facts.context.now)
    return json.loads(decision._entities([case.facts], version.known)), decision._request(
        case.action, case.facts, 0, parameters, version.known
    )


def permitted(entities: list[dict[str, Any]], request: dict[str, Any]) -> bool:
    version = load_starter()
    handle = Entities.from_json_str(json.dumps(entities), version.schema)
    return decision._allowed(is_authorized_batch([request], version.law, handle, version.schema)[0])


@pytest.mark.parametrize("position", [0, 1], ids=["person", "thing"])
def test_an_attribute_that_never_reaches_the_engine_is_an_error(position: int) -> None:
    entities, request = asked()
    assert permitted(entities, request)
    for name in entities[position]["attrs"]:
        dropped = copy.deepcopy(entities)
        del dropped[position]["attrs"][name]
        with pytest.raises(ValueError, match="does not conform"):
            permitted(dropped, request)


def test_a_circumstance_that_never_reaches_the_engine_is_no_permit() -> None:
    entities, request = asked()
    context = json.loads(request["context"])
    for name in context:
        rest = {key: value for key, value in context.items() if key != name}
        assert not permitted(entities, {**request, "context": json.dumps(rest)}), name


@pytest.mark.parametrize("position", [0, 1], ids=["person", "thing"])
def test_a_missing_entity_is_no_permit(position: int) -> None:
    """Cedar skips a forbid that cannot read its entity; reported errors make it a refusal."""
    entities, request = asked()
    del entities[position]

    assert not permitted(entities, request)


def test_a_fact_of_the_wrong_type_is_a_refusal_and_not_a_crash() -> None:
    case = next(case for case in CASES if (case.rule, case.case) == ("order-live", "permit"))
    for wrong in ("sergeant", 2**70):
        facts = replace(case.facts, person=replace(case.facts.person, rank=wrong))  # type: ignore[arg-type]
        answer = decide(case.action, facts, load_starter())
        assert isinstance(answer, Deny)
        assert answer.rule == "engine-error"


def test_an_id_that_is_no_text_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match=r"PersonFacts\.id"):
        PersonFacts(id=uuid4())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="approver_ids"):
        ContextFacts(now=CASES[0].facts.context.now, approver_ids=frozenset({uuid4()}))  # type: ignore[arg-type]


def test_an_instant_without_zone_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="aware"):
        ContextFacts(now=datetime(2026, 1, 1))  # noqa: DTZ001
