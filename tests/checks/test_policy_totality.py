"""Every action, every enum word and every fact has its place in the starter version."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import UTC, datetime
from enum import StrEnum

import pytest
from cedarpy import PolicySet, pst

from policy import vocabulary
from policy.cedar import RULE_PARTS
from policy.decide import Deny, decide
from policy.facttypes import FOOTAGE, LEAVING, WATCHING, ContextFacts, Facts, PersonFacts, ResourceFacts
from policy.publish import load_starter, starter_parts
from policy.vocabulary import Action, Kind, Role

NOW = datetime(2026, 6, 15, 18, tzinfo=UTC)
FREE_WORDS = {"yes", "no", "none", "unknown", "any", "assembly", "footage", "watching", "leaving", "granting",
              "open",
              "two_persons",
              # States of a request that lies with the legal reviewer (evidence.records.states).
              "legal_review", "second_review", "appealed", "litigation"}  # fmt: skip


@pytest.mark.parametrize("action", Action)
def test_every_action_on_every_kind_gets_an_answer_in_words(action: Action) -> None:
    for kind in Kind:
        facts = Facts(
            person=PersonFacts(id="somebody", active=True, mfa=True),
            resource=ResourceFacts(kind=kind, id="something"),
            context=ContextFacts(now=NOW, kill_switch=False),
        )

        answer = decide(action, facts, load_starter())

        if action is Action.SIGN_OUT and kind is not Kind.LOG:
            continue
        assert isinstance(answer, Deny), kind
        assert answer.rule != "engine-error", kind
        assert all((answer.sentence, answer.citation, answer.way_out)), kind


def test_every_action_is_permitted_to_somebody() -> None:
    version = load_starter()
    named = {
        str(uid.id)
        for statement in version.permits.to_pst().static_policies.values()
        for uid in pst.entity_uids(statement)
    }

    assert {action.value for action in Action} <= named


def test_the_shipped_version_knows_every_act_of_this_release() -> None:
    """What its schema forgets would be refused as an act that is younger than the policy."""
    assert load_starter().actions == frozenset(Action)


def test_every_role_is_named_by_a_rule() -> None:
    text = "".join(starter_parts()[part] for part in RULE_PARTS)

    assert not {role for role in Role if f'"{role}"' not in text}


def test_rules_use_only_words_of_the_vocabulary() -> None:
    """A misspelt word in a rule would never match, and a forbid would be open for ever."""
    known = FREE_WORDS | {
        str(member)
        for enum in vars(vocabulary).values()
        if isinstance(enum, type) and issubclass(enum, StrEnum)
        for member in enum
    }
    for part in RULE_PARTS:
        code = re.sub(r"//.*|@\w+\(\"[^\"]*\"\)", "", starter_parts()[part])
        assert set(re.findall(r'"([^"]*)"', code)) <= known, part


def test_the_groups_of_the_schema_are_those_of_the_code() -> None:
    schema = starter_parts()["schema.cedarschema"]
    groups: dict[str, set[str]] = {}
    for names, parents in re.findall(r"action ([\w, \n]+?)(?: in \[([\w, ]+)\])?\s*(?:appliesTo|;)", schema):
        for parent in filter(None, (word.strip() for word in (parents or "").split(","))):
            groups.setdefault(parent, set()).update(name.strip() for name in names.split(","))
    deep = {child for member in groups["footage"] for child in groups.get(member, {member})}

    assert groups["watching"] == WATCHING
    assert groups["leaving"] == LEAVING
    assert deep == FOOTAGE


@pytest.mark.parametrize(
    ("entity", "facts", "beside"),
    [
        ("entity Person", PersonFacts, set()),
        ("entity Thing", ResourceFacts, set()),
        ("type Situation", ContextFacts, {"action", "parameters"}),
    ],
)
def test_the_schema_has_exactly_the_facts_and_none_is_optional(
    entity: str, facts: type[PersonFacts | ResourceFacts | ContextFacts], beside: set[str]
) -> None:
    schema = starter_parts()["schema.cedarschema"]
    body = re.search(re.escape(entity) + r" = \{(.*?)\}", schema, re.S)

    assert body is not None
    assert "?" not in body.group(1)
    declared = set(re.findall(r"^\s*(\w+):", body.group(1), re.M))
    assert declared - beside == {field.name for field in fields(facts)} - {"now"}


def test_the_floor_parity_and_agreements_permit_nothing() -> None:
    for part in ("floor.cedar", "parity.cedar", "agreements.cedar"):
        for statement in PolicySet.from_str(starter_parts()[part]).to_pst().static_policies.values():
            assert statement.effect == "forbid" or "obliges" in statement.annotations


def test_real_citations_stand_only_as_comparison_or_for_numbers_of_their_own() -> None:
    """No real order is claimed to say what the demonstration says."""
    for rule in load_starter().rules.values():
        assert "emonstration" in rule.citation, rule.id
    for row in load_starter().parameters.rows:
        real = {"POL 011", "AC-7", "AC-11", "RSMo 610.023.3"}
        assert "Demonstration" in row.citation or any(word in row.citation for word in real), row.key
