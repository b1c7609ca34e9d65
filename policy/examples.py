"""Worked examples: each rule shows one act it lets through and one it stops; both are run at every load.

`examples.toml` holds scenarios (facts under a name; `from` begins with another scenario) and examples. An
example names its rule and changes the scenario twice: a permit or forbid rule under `permit` and `deny`, a
require rule under `obliged` and `free`. What is not said is not known, with the defaults of
`policy.facttypes`. A forbid rule must be the one that is told, so that its sentence is known to reach people.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from policy.cedar import Effect, LoadedVersion, Rule
from policy.decide import Allow, Answer, Deny, decide
from policy.facttypes import ContextFacts, Facts, PersonFacts, ResourceFacts
from policy.vocabulary import Action

_GROUPS = ("person", "resource", "context")
_BESIDE = frozenset({"from", "action"})
_CASES: Mapping[Effect, tuple[str, str]] = {
    Effect.PERMIT: ("permit", "deny"),
    Effect.FORBID: ("permit", "deny"),
    Effect.REQUIRE: ("obliged", "free"),
}


class BadExample(ValueError):
    """An example is missing, cannot be read, or comes out otherwise; the sentence names the rule."""


@dataclass(frozen=True)
class Case:
    """One act of an example: what it is called, and its facts."""

    rule: str
    case: str
    action: Action
    facts: Facts


@dataclass(frozen=True)
class Failure:
    """An example that comes out otherwise, and how."""

    rule: str
    case: str
    words: str

    def __str__(self) -> str:
        return f"rule {self.rule}: its example `{self.case}` comes out as {self.words}"


def check_examples(version: LoadedVersion, *, published: bool = False) -> int:
    """Run all examples; returns how many acts were decided. Raises BadExample at the first that fails.

    A version that was ``published`` (under an earlier release, perhaps) is not refused for an invariant that
    has come since: invariants stand above every version and only ever refuse more.
    """
    cases = read_examples(version.parts["examples.toml"], version.rules)
    for failure in _failures(cases, version, published=published):
        raise BadExample(str(failure))
    if cases:
        _check_every_act(version, cases[0].facts)
    return len(cases)


def failures(version: LoadedVersion) -> list[Failure]:
    """Every example that fails, for whoever is to mend them. Raises BadExample where they cannot be run."""
    cases = read_examples(version.parts["examples.toml"], version.rules)
    found = list(_failures(cases, version, published=False))
    if cases and not found:
        _check_every_act(version, cases[0].facts)
    return found


def _failures(cases: Iterable[Case], version: LoadedVersion, *, published: bool) -> Iterator[Failure]:
    for case in cases:
        answer = decide(case.action, case.facts, version)
        if published and isinstance(answer, Deny) and answer.rule.startswith("invariant-"):
            continue
        if not _AS_EXPECTED[version.rule(case.rule).effect, case.case](case.rule, answer):
            yield Failure(case.rule, case.case, _words(answer))


def _check_every_act(version: LoadedVersion, facts: Facts) -> None:
    """The engine answers to every act of the schema: what was read of it is what the engine reads."""
    for action in version.actions:
        answer = decide(action, facts, version)
        if isinstance(answer, Deny) and answer.rule.startswith("engine"):
            raise BadExample(f"act {action}: {answer.sentence}")


def read_examples(text: str, rules: Mapping[str, Rule]) -> tuple[Case, ...]:
    """Read the examples; every rule has its two cases. Raises BadExample."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadExample(f"examples.toml cannot be read: {error}") from error
    scenarios = document.get("scenario", {})
    cases: list[Case] = []
    for example in document.get("example", []):
        name = str(example.get("rule"))
        if name not in rules:
            raise BadExample(f"examples.toml: there is no rule {name}")
        wanted = _CASES[rules[name].effect]
        wrong = set(example) ^ {"rule", "from", *wanted}
        if wrong:
            raise BadExample(
                f"rule {name}: its example has missing or unknown parts {', '.join(sorted(wrong))}"
            )
        base = _scenario(example["from"], scenarios)
        cases += [_case(name, which, _change(base, example[which], scenarios)) for which in wanted]
    for name in rules:
        if sum(case.rule == name for case in cases) < 2:
            raise BadExample(f"rule {name} has no worked examples")
    return tuple(cases)


def _scenario(name: str, scenarios: Mapping[str, Any], seen: tuple[str, ...] = ()) -> dict[str, Any]:
    if name not in scenarios or name in seen:
        raise BadExample(f"examples.toml: there is no scenario {name}, or it begins with itself")
    raw = scenarios[name]
    base = _scenario(raw["from"], scenarios, (*seen, name)) if "from" in raw else {}
    return _merge(base, raw)


def _change(base: Mapping[str, Any], raw: Mapping[str, Any], scenarios: Mapping[str, Any]) -> dict[str, Any]:
    return _merge(_scenario(raw["from"], scenarios) if "from" in raw else base, raw)


def _merge(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(change) - set(_GROUPS) - _BESIDE
    if unknown:
        raise BadExample(f"examples.toml: unknown parts {', '.join(sorted(unknown))}")
    merged = {group: {**base.get(group, {}), **change.get(group, {})} for group in _GROUPS}
    return merged | {"action": change.get("action", base.get("action"))}


def _case(rule: str, which: str, raw: Mapping[str, Any]) -> Case:
    try:
        facts = Facts(
            person=PersonFacts(**_typed(raw["person"])),
            resource=ResourceFacts(**_typed(raw["resource"])),
            context=ContextFacts(**_typed(raw["context"])),
        )
        return Case(rule, which, Action(raw["action"]), facts)
    except (TypeError, ValueError) as error:
        raise BadExample(f"rule {rule}: its example `{which}` cannot be read: {error}") from error


def _typed(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in raw.items()}


def _value(value: object) -> object:
    if isinstance(value, list):
        return frozenset(value)
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _allowed_by(rule: str, answer: Answer) -> bool:
    return isinstance(answer, Allow) and rule in answer.rules


def _allowed(rule: str, answer: Answer) -> bool:
    return isinstance(answer, Allow)


def _denied(rule: str, answer: Answer) -> bool:
    return isinstance(answer, Deny) and not answer.rule.startswith("engine")


def _told(rule: str, answer: Answer) -> bool:
    return isinstance(answer, Deny) and answer.rule == rule


def _obliged(rule: str, answer: Answer) -> bool:
    return isinstance(answer, Allow) and any(rule in each.rules for each in answer.obligations)


def _free(rule: str, answer: Answer) -> bool:
    return isinstance(answer, Allow) and not _obliged(rule, answer)


_AS_EXPECTED: Mapping[tuple[Effect, str], Callable[[str, Answer], bool]] = {
    (Effect.PERMIT, "permit"): _allowed_by,
    (Effect.PERMIT, "deny"): _denied,
    (Effect.FORBID, "permit"): _allowed,
    (Effect.FORBID, "deny"): _told,
    (Effect.REQUIRE, "obliged"): _obliged,
    (Effect.REQUIRE, "free"): _free,
}


def _words(answer: Answer) -> str:
    if isinstance(answer, Deny):
        return f"a Deny by {answer.rule} (all: {', '.join(answer.rules)}): {answer.sentence}"
    owed = ", ".join(each.kind for each in answer.obligations) or "nothing"
    return f"an Allow by {', '.join(answer.rules)}, owing {owed}"
