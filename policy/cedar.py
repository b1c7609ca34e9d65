"""A policy version, compiled: handles of the Cedar engine, what each rule says, and the hash of it all.

A version is made of named parts (files of `policy/starter`, or the same kept in a row). Compiling checks
what can be checked without running a decision: the parts are complete, every rule is annotated, rules of
the floor, of parity and of agreements permit nothing, and Cedar's validator finds nothing. The worked
examples are run by `policy.examples`; `policy.publish.load` does both.

Cedar has no *require*: a permit-shaped rule with `@obliges` belongs to a second set, whose matches add
obligations and permit nothing.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import rfc8785
from cedarpy import PolicySet, Schema, pst, validate_policies

from policy.parameters import Parameters, parse
from policy.schema import BadSchema, Known, read_schema
from policy.vocabulary import Action, ObligationKind

RULE_PARTS = ("floor.cedar", "order.cedar", "parity.cedar", "agreements.cedar")
PARTS = (*RULE_PARTS, "schema.cedarschema", "parameters.toml", "defaults.toml", "examples.toml")
_MAY_PERMIT = frozenset({"order.cedar"})
_HASH_LABEL = b"watchlight policy version 1\n"
_DEFAULT_TELL = 100
_ID = re.compile(r"[a-z][a-z0-9-]{2,78}")
_PARAMETER = re.compile(r"context\.parameters\.([a-z0-9_]+)")
_ANNOTATIONS = frozenset({"id", "authority", "citation", "says", "wayout", "tell", "obliges"})
_ALWAYS = frozenset({"id", "authority", "citation", "says"})


class BadPolicy(ValueError):
    """The parts do not make a policy version; the sentence names the rule or the part."""


class Effect(StrEnum):
    PERMIT = "permit"
    FORBID = "forbid"
    REQUIRE = "require"


@dataclass(frozen=True)
class Obliges:
    """What a require rule adds: a kind, and the parameter that says within which time (or None)."""

    kind: ObligationKind
    parameter: str | None


@dataclass(frozen=True)
class Rule:
    """What a rule says of itself. `tell`: of several refusals the lowest is told first."""

    id: str
    effect: Effect
    layer: str
    authority: str
    citation: str
    says: str
    way_out: str
    tell: int
    obliges: tuple[Obliges, ...]


@dataclass(frozen=True)
class Default:
    """What is told when no rule permits an action at all."""

    id: str
    says: str
    citation: str
    way_out: str
    tell: int = _DEFAULT_TELL


@dataclass(frozen=True)
class LoadedVersion:
    """One policy version, ready to decide.

    `law`: permits and forbids together, which decide. `permits`: the permits alone, asked only after a
    refusal, to tell "nobody of your role may" from "you may, but not now". `requires`: the second set.
    `known`: what its schema declares; `actions`: the acts that it decides, all others are denied. `trouble`:
    why the version in force could not be loaded, where this one only stands in for it.
    """

    hash: str
    parts: Mapping[str, str]
    schema: Schema
    law: PolicySet
    permits: PolicySet
    requires: PolicySet
    rules: Mapping[str, Rule]
    defaults: Mapping[Action, Default]
    parameters: Parameters
    parameters_read: tuple[str, ...]
    known: Known
    actions: frozenset[Action]
    trouble: str = ""

    def rule(self, name: str) -> Rule:
        return self.rules[name]


def version_hash(parts: Mapping[str, str]) -> str:
    """SHA-256 in hex over a label and the RFC 8785 form of {part: text}."""
    return hashlib.sha256(_HASH_LABEL + rfc8785.dumps(dict(parts))).hexdigest()


def compile_parts(parts: Mapping[str, str]) -> LoadedVersion:
    """Compile the parts of a version. Raises BadPolicy or BadParameters."""
    if set(parts) != set(PARTS):
        raise BadPolicy(f"a policy version has exactly the parts {', '.join(PARTS)}")
    parameters = parse(parts["parameters.toml"])
    read = _parameters_read(parts, parameters)
    known, schema = _schema(parts["schema.cedarschema"], _parameter_type(read, parameters))
    rules: dict[str, Rule] = {}
    statements: dict[Effect, list[pst.Template]] = {effect: [] for effect in Effect}
    for part in RULE_PARTS:
        for rule, statement in _rules_of(part, parts[part]):
            if rule.id in rules:
                raise BadPolicy(f"rule {rule.id} stands twice")
            _check_parameters(rule, parameters)
            rules[rule.id] = rule
            statements[rule.effect].append(statement)
    return LoadedVersion(
        hash=version_hash(parts),
        parts=dict(parts),
        schema=schema,
        law=_policy_set([*statements[Effect.PERMIT], *statements[Effect.FORBID]], schema),
        permits=_policy_set(statements[Effect.PERMIT], schema),
        requires=_policy_set(statements[Effect.REQUIRE], schema),
        rules=rules,
        defaults=_defaults(parts["defaults.toml"], known),
        parameters=parameters,
        parameters_read=read,
        known=known,
        actions=known.actions,
    )


def _schema(text: str, parameter_type: str) -> tuple[Known, Schema]:
    """What the schema declares, and the engine's handle of it."""
    try:
        # The engine first: its words for a slip of the pen are better than ours.
        schema = Schema.from_str(text + parameter_type)
        return read_schema(text), schema
    except BadSchema as error:
        raise BadPolicy(f"schema.cedarschema: {error}") from error
    except ValueError as error:
        raise BadPolicy(f"schema.cedarschema cannot be read: {error}") from error


def _parameters_read(parts: Mapping[str, str], parameters: Parameters) -> tuple[str, ...]:
    """The parameters that rules name, so that a decision carries no others (each costs 5 microseconds)."""
    named = {key for part in RULE_PARTS for key in _PARAMETER.findall(parts[part])}
    missing = {key for key in named if not parameters.has(key)}
    if missing:
        raise BadPolicy(f"there is no parameter {', '.join(sorted(missing))}")
    return tuple(sorted(named))


def _parameter_type(read: tuple[str, ...], parameters: Parameters) -> str:
    """The Cedar type of `context.parameters`. Times arrive in seconds."""
    lines = [f"  {key}: {'Set<String>' if parameters.is_list(key) else 'Long'}" for key in read]
    return "\ntype Parameters = {\n" + ",\n".join(lines) + "\n};\n"


def _rules_of(part: str, text: str) -> Iterable[tuple[Rule, pst.Template]]:
    """Each rule of a part with its statement, whose positional id (`policy0`) gives way to its `@id`."""
    try:
        parsed = PolicySet.from_str(text).to_pst()
    except ValueError as error:
        raise BadPolicy(f"{part} cannot be read: {error}") from error
    if parsed.templates:
        raise BadPolicy(f"{part}: templates are not used")
    for statement in parsed.static_policies.values():
        rule = _rule(part, statement)
        yield rule, replace(statement, id=rule.id)


def _rule(part: str, statement: pst.Template) -> Rule:
    notes = dict(statement.annotations)
    name = notes.get("id", "")
    if not _ID.fullmatch(name):
        raise BadPolicy(f"{part}: a rule needs an @id of small letters, digits and hyphens, not {name!r}")
    effect = Effect.REQUIRE if "obliges" in notes else Effect(statement.effect)
    needed = _ALWAYS | ({"wayout", "tell"} if effect is Effect.FORBID else set())
    wrong = (set(notes) - _ANNOTATIONS) | {note for note in needed if not notes.get(note, "").strip()}
    if wrong:
        raise BadPolicy(f"rule {name}: missing or unknown annotations {', '.join(sorted(wrong))}")
    if effect is Effect.REQUIRE and statement.effect != "permit":
        raise BadPolicy(f"rule {name}: a rule with @obliges is written as a permit")
    if effect is Effect.PERMIT and part not in _MAY_PERMIT:
        raise BadPolicy(f"rule {name}: {part} only forbids and requires")
    return Rule(
        id=name, effect=effect, layer=part.removesuffix(".cedar"), authority=notes["authority"],
        citation=notes["citation"], says=notes["says"], way_out=notes.get("wayout", ""),
        tell=_tell(name, notes.get("tell", "0")), obliges=_obliges(name, notes.get("obliges")),
    )  # fmt: skip


def _tell(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise BadPolicy(f"rule {name}: @tell is a whole number")
    return int(text)


def _obliges(name: str, text: str | None) -> tuple[Obliges, ...]:
    """Read `kind` or `kind:parameter`, separated by blanks."""
    if text is None:
        return ()
    obligations = []
    for word in text.split():
        kind, _, parameter = word.partition(":")
        if kind not in list(ObligationKind):
            raise BadPolicy(f"rule {name}: unknown obligation {kind}")
        obligations.append(Obliges(ObligationKind(kind), parameter or None))
    if not obligations:
        raise BadPolicy(f"rule {name}: @obliges names nothing")
    return tuple(obligations)


def _check_parameters(rule: Rule, parameters: Parameters) -> None:
    for each in rule.obliges:
        if each.parameter is not None and not parameters.has(each.parameter):
            raise BadPolicy(f"rule {rule.id}: there is no parameter {each.parameter}")


def _policy_set(statements: list[pst.Template], schema: Schema) -> PolicySet:
    """One handle, checked against the schema. The engine names its rules by their `@id`."""
    named = {statement.id: statement for statement in statements}
    handle = PolicySet.from_pst(pst.PolicySet(templates={}, static_policies=named, template_links=()))
    result = validate_policies(str(handle), schema)
    if not result.validation_passed:
        first = result.errors[0]
        name = result.id_annotations_by_policy_id.get(first.policy_id, first.policy_id)
        raise BadPolicy(f"rule {name}: {first.error}")
    return handle


def _defaults(text: str, known: Known) -> dict[Action, Default]:
    """Read `defaults.toml`: a table per act of the version's own schema."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadPolicy(f"defaults.toml cannot be read: {error}") from error
    wrong = set(document) ^ known.acts
    if wrong:
        raise BadPolicy(f"defaults.toml: missing or unknown actions {', '.join(sorted(wrong))}")
    defaults = {}
    for act, table in document.items():
        if set(table) != {"says", "citation", "wayout"} or not all(
            str(value).strip() for value in table.values()
        ):
            raise BadPolicy(f"defaults.toml: {act} needs says, citation and wayout")
        defaults[act] = Default(f"default-{act}", table["says"], table["citation"], table["wayout"])
    return {action: defaults[action] for action in known.actions}
