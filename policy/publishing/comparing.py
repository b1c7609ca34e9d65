"""What changes between two versions, in words: rules, numbers, acts and facts, and who may do what."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from cedarpy import PolicySet, pst

from policy.cedar import PARTS, LoadedVersion, Rule
from policy.models import PolicyMatrix
from policy.parameters import ParameterRow

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Changed(Generic[Thing]):
    """One thing that is there before and after, or only once. ``lines``: what differs in its text."""

    name: str
    before: Thing | None
    after: Thing | None
    lines: tuple[tuple[str, str], ...] = ()

    @property
    def how(self) -> str:
        return "added" if self.before is None else "removed" if self.after is None else "changed"


@dataclass(frozen=True)
class Difference:
    """Everything that differs. ``cells`` is None while the table of a version is still worked out."""

    rules: tuple[Changed[Rule], ...]
    numbers: tuple[Changed[str], ...]
    acts: tuple[Changed[str], ...]
    facts: tuple[Changed[str], ...]
    sentences: tuple[Changed[str], ...]
    cells: tuple[Changed[str], ...] | None

    @property
    def is_nothing(self) -> bool:
        return not any((self.rules, self.numbers, self.acts, self.facts, self.sentences, self.cells))

    @property
    def counts(self) -> dict[str, int]:
        """How many of each, for the proposal's words and its entry."""
        found = {"rules": self.rules, "numbers": self.numbers, "acts": self.acts, "facts": self.facts}
        return {name: len(changes) for name, changes in found.items() if changes}


def compare(before: LoadedVersion, after: LoadedVersion) -> Difference:
    """What a person has to read before they say yes."""
    own, new = before.known, after.known
    facts_before = own.person | own.thing | own.situation
    facts_after = new.person | new.thing | new.situation
    return Difference(
        rules=_rules(before, after),
        numbers=_pairs(_numbers(before), _numbers(after)),
        acts=_pairs({act: act for act in own.acts}, {act: act for act in new.acts}),
        facts=_pairs({fact: fact for fact in facts_before}, {fact: fact for fact in facts_after}),
        sentences=_pairs(_sentences(before), _sentences(after)),
        cells=_cells(before.hash, after.hash),
    )


def _rules(before: LoadedVersion, after: LoadedVersion) -> tuple[Changed[Rule], ...]:
    one, other = _texts(before), _texts(after)
    found = []
    for name in sorted(set(one) | set(other)):
        if one.get(name) == other.get(name):
            continue
        lines = _lines(one.get(name, ""), other.get(name, ""))
        found.append(Changed(name, before.rules.get(name), after.rules.get(name), lines))
    return tuple(found)


def _texts(version: LoadedVersion) -> dict[str, str]:
    """Each rule as the engine writes it: spaces and comments are no change."""
    statements = {**version.law.to_pst().static_policies, **version.requires.to_pst().static_policies}
    return {
        name: str(
            PolicySet.from_pst(
                pst.PolicySet(templates={}, static_policies={name: statement}, template_links=())
            )
        )
        for name, statement in statements.items()
    }


def _lines(before: str, after: str) -> tuple[tuple[str, str], ...]:
    """The lines that went ("-") and came ("+"), with one line around them (" ")."""
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm="")
    return tuple(
        (line[:1], line[1:]) for line in found if line[:3] not in ("---", "+++") and line[:2] != "@@"
    )


def part_lines(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, tuple[tuple[str, str], ...]]:
    """The lines that differ, by part: all that can be said of a text that makes no version."""
    found = {part: _lines(before.get(part, ""), after.get(part, "")) for part in PARTS}
    return {part: lines for part, lines in found.items() if lines}


def _pairs(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Changed[str], ...]:
    return tuple(
        Changed(name, before.get(name), after.get(name))
        for name in sorted(set(before) | set(after))
        if before.get(name) != after.get(name)
    )


def _numbers(version: LoadedVersion) -> dict[str, str]:
    """Every row of a number by its key, so that what is to come is seen too."""
    found: dict[str, list[str]] = {}
    for row in sorted(version.parameters.rows, key=lambda row: (row.key, row.begins)):
        found.setdefault(row.key, []).append(words_of(row))
    return {key: "; ".join(rows) for key, rows in found.items()}


def words_of(row: ParameterRow) -> str:
    """A value with its time and authority."""
    value = ", ".join(sorted(row.value)) if isinstance(row.value, frozenset) else str(row.value)
    unit = "" if row.unit in ("list", "count") else f" {row.unit}"
    until = f" until {row.ends:%Y-%m-%d}" if row.ends else ""
    override = f", overriding the floor by {row.override}" if row.override else ""
    return f"{value}{unit} from {row.begins:%Y-%m-%d}{until} ({row.authority}; {row.citation}{override})"


def _sentences(version: LoadedVersion) -> dict[str, str]:
    """What is said when no rule permits an act."""
    return {
        action.value: f"{default.says} {default.way_out} ({default.citation})"
        for action, default in version.defaults.items()
    }


def _cells(before: str, after: str) -> tuple[Changed[str], ...] | None:
    tables = dict(PolicyMatrix.objects.filter(hash__in=(before, after)).values_list("hash", "cells"))
    if len(tables) < len({before, after}):
        return None
    return _pairs(tables[before], tables[after])
