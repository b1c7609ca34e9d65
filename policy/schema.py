"""What a version's schema knows: its acts, and the facts that its rules may read.

A version published under an earlier release keeps deciding by its own schema: it is given the facts that it
declares and no others, and an act that it does not declare is denied. So the declarations are read here, in
the plain form in which they are written (`starter/schema.cedarschema`); the worked examples have the engine
confirm what was read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from policy.facttypes import ContextFacts, PersonFacts, ResourceFacts
from policy.vocabulary import Action

_COMMENT = re.compile(r"//[^\n]*")
_ATTRIBUTE = re.compile(r"\s*(\w+)\s*:\s*([\w<>]+)\s*")
_ACTIONS = re.compile(r"\baction\s+([\w,\s]+?)\s*(?:\bin\s*\[[\w,\s]*\]\s*)?\bappliesTo\b")
_TYPES: Mapping[str, str] = {"str": "String", "int": "Long", "bool": "Bool", "frozenset[str]": "Set<String>"}
# Written by `policy.decide` for every request, beside the facts.
_BESIDE: Mapping[str, str] = {"action": "String", "parameters": "Parameters"}


class BadSchema(ValueError):
    """The schema cannot be read, or wants a fact that this release does not give."""


@dataclass(frozen=True)
class Known:
    """The names that a schema declares. ``person``, ``thing``, ``situation``: facts; ``acts``: actions."""

    person: frozenset[str]
    thing: frozenset[str]
    situation: frozenset[str]
    acts: frozenset[str]

    @property
    def actions(self) -> frozenset[Action]:
        """The acts that this release can do and the schema knows."""
        return frozenset(action for action in Action if action.value in self.acts)


def given() -> dict[str, dict[str, str]]:
    """What this release gives to rules: declaration -> fact -> its Cedar type."""
    groups = {"entity Person": PersonFacts, "entity Thing": ResourceFacts, "type Situation": ContextFacts}
    facts = {
        name: {field.name: _TYPES[str(field.type)] for field in fields(group) if field.name != "now"}
        for name, group in groups.items()
    }
    facts["type Situation"] |= _BESIDE
    return facts


def read_schema(text: str) -> Known:
    """Read the declarations. Raises BadSchema for a form that is not read, or a fact that is not given."""
    plain = _COMMENT.sub("", text)
    declared = {name: _attributes(plain, name) for name in given()}
    lost = [
        f"{name.split()[1]}.{fact}"
        for name, facts in given().items()
        for fact, kind in sorted(declared[name].items())
        if facts.get(fact) != kind
    ]
    if lost:
        raise BadSchema(f"it reads facts that this release does not give (any more): {', '.join(lost)}")
    acts = {word.strip() for names in _ACTIONS.findall(plain) for word in names.split(",")}
    if not acts or not all(acts):
        raise BadSchema("its schema declares no acts that can be read")
    return Known(
        frozenset(declared["entity Person"]),
        frozenset(declared["entity Thing"]),
        frozenset(declared["type Situation"]),
        frozenset(acts),
    )


def _attributes(plain: str, name: str) -> dict[str, str]:
    bodies = re.findall(re.escape(name) + r"\s*=\s*\{([^{}]*)\}", plain)
    if len(bodies) != 1:
        raise BadSchema(f"its schema does not declare `{name}` once")
    found: dict[str, str] = {}
    for line in filter(str.strip, bodies[0].split(",")):
        read = _ATTRIBUTE.fullmatch(line)
        if read is None:
            raise BadSchema(f"its schema cannot be read at `{line.strip()}`")
        found[read[1]] = read[2]
    return found
