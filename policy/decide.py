"""The decision: facts and a policy version in, `Allow` or `Deny` out. No database, clock or request.

Cedar decides over permits and forbids; then the invariants are checked; then the require rules add
obligations. Whatever the engine reports as an error is a Deny: a forbid that errors would otherwise be
skipped. A Deny names the rule most useful to the person, and all that matched.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cedarpy import AuthzResult, Decision, Entities, PolicySet, is_authorized_batch

from policy import invariants
from policy.cedar import Default, LoadedVersion, Rule
from policy.facttypes import Facts
from policy.parameters import NotInForce, Value
from policy.schema import Known
from policy.vocabulary import Action, ObligationKind

_REPORT = "Nothing is wrong with what you did: report this page to an operator."
_DEFAULT_DENY = "Default deny: what no rule of the policy in force names is not done"
_PUBLISH = "A policy owner and a second person publish a version that does."


@dataclass(frozen=True)
class ObligationSpec:
    """Something owed with a permit. `within_s`: seconds from the act, or None where no time is set.

    Of several rules that oblige the same, the shortest time counts, and `parameter` is its row's id.
    """

    kind: ObligationKind
    within_s: int | None
    parameter: str | None
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Allow:
    """Permitted by `rules`, under `obligations` (one per kind)."""

    rules: tuple[str, ...]
    obligations: tuple[ObligationSpec, ...]


@dataclass(frozen=True)
class Deny:
    """Refused. `rule` is the one to tell; `rules` are all that spoke against it."""

    rule: str
    sentence: str
    citation: str
    way_out: str
    rules: tuple[str, ...]


Answer = Allow | Deny


class MixedPersons(ValueError):
    """A list is decided for one person at one instant."""


def decide(action: Action, facts: Facts, version: LoadedVersion) -> Answer:
    """Decide one act. Pure; never raises for what the facts hold."""
    return decide_many(action, [facts], version)[0]


def decide_many(action: Action, many: Sequence[Facts], version: LoadedVersion) -> list[Answer]:
    """Decide the same act by one person on many things, in the order given. Raises MixedPersons."""
    if not many:
        return []
    if len({facts.person for facts in many}) > 1 or len({facts.context.now for facts in many}) > 1:
        raise MixedPersons("a list is decided for one person at one instant")
    if action not in version.actions:
        return [_not_known(version) for _ in many]
    try:
        parameters = version.parameters.in_force(version.parameters_read, many[0].context.now)
        question = _Question(action, many, version, parameters)
    except (NotInForce, ValueError) as error:  # ValueError: the engine cannot read the facts
        return [_engine_error(str(error)) for _ in many]
    results = question.ask(version.law, range(len(many)))
    allowed = [index for index, result in results.items() if _allowed(result)]
    refused = [index for index in results if index not in set(allowed)]
    answers: dict[int, Answer] = {}
    for index, result in question.ask(version.requires, allowed).items():
        answers[index] = _oblige(action, many[index], results[index], result, version)
    for index, result in question.ask(version.permits, refused).items():
        answers[index] = _explain(action, results[index], result, version)
    return [answers[index] for index in range(len(many))]


class _Question:
    """One action, one person, many things: as Cedar wants it."""

    def __init__(
        self, action: Action, many: Sequence[Facts], version: LoadedVersion, parameters: Mapping[str, Value]
    ) -> None:
        self._version = version
        self._entities = Entities.from_json_str(_entities(many, version.known), version.schema)
        self._requests = [
            _request(action, facts, position, parameters, version.known)
            for position, facts in enumerate(many)
        ]

    def ask(self, rules: PolicySet, positions: Sequence[int]) -> dict[int, AuthzResult]:
        if not positions:
            return {}
        requests = [self._requests[position] for position in positions]
        results = is_authorized_batch(requests, rules, self._entities, self._version.schema)
        return dict(zip(positions, results, strict=True))


def _entities(many: Sequence[Facts], known: Known) -> str:
    """The person once, each thing by its position: two askings may hold different facts of one thing.

    Only facts that the version's schema declares are given; it was published when there were no others.
    """
    person = many[0].person
    entities: list[dict[str, object]] = [
        {
            "uid": {"type": "Person", "id": person.id},
            "attrs": _known(vars(person), known.person),
            "parents": [],
        }
    ]
    for position, facts in enumerate(many):
        uid = {"type": "Thing", "id": str(position)}
        entities.append({"uid": uid, "attrs": _known(vars(facts.resource), known.thing), "parents": []})
    return json.dumps(entities, default=_as_list)


def _known(facts: Mapping[str, object], names: frozenset[str]) -> dict[str, object]:
    return {name: value for name, value in facts.items() if name in names}


def _request(
    action: Action, facts: Facts, position: int, parameters: Mapping[str, Value], known: Known
) -> dict[str, object]:
    said = vars(facts.context) | {
        "action": action.value,
        "approvals": facts.other_approvals(),
        "parameters": parameters,
    }
    return {
        "principal": {"type": "Person", "id": facts.person.id},
        "action": {"type": "Action", "id": action.value},
        "resource": {"type": "Thing", "id": str(position)},
        "context": json.dumps(_known(said, known.situation), default=_as_list),
    }


def _as_list(value: object) -> list[str]:
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"a fact holds a {type(value).__name__}")


def _allowed(result: AuthzResult) -> bool:
    return result.decision is Decision.Allow and not result.diagnostics.errors


def _names(result: AuthzResult) -> tuple[str, ...]:
    return tuple(sorted(result.diagnostics.reasons))


def _oblige(
    action: Action, facts: Facts, law: AuthzResult, requires: AuthzResult, version: LoadedVersion
) -> Answer:
    """Add obligations to what the law allows, then check the invariants."""
    if requires.diagnostics.errors or requires.decision is Decision.NoDecision:
        return _engine_error("; ".join(requires.diagnostics.errors))
    matched = [version.rule(name) for name in _names(requires)]
    obligations = _union(matched, version, facts.context.now)
    broken = invariants.first_broken(action, facts, {each.kind for each in obligations})
    if broken is not None:
        return Deny(broken.rule, broken.sentence, invariants.CITATION, broken.way_out, (broken.rule,))
    return Allow(_names(law), obligations)


def _union(matched: Sequence[Rule], version: LoadedVersion, at: datetime) -> tuple[ObligationSpec, ...]:
    """One obligation per kind: the shortest time counts, and every rule that asked is named."""
    found: dict[ObligationKind, ObligationSpec] = {}
    for rule in matched:
        for each in rule.obliges:
            within_s = parameter = None
            if each.parameter is not None:
                within_s = int(version.parameters.duration(each.parameter, at).total_seconds())
                parameter = version.parameters.row(each.parameter, at).id
            spec = ObligationSpec(each.kind, within_s, parameter, (rule.id,))
            found[each.kind] = _stricter(found[each.kind], spec) if each.kind in found else spec
    return tuple(found[kind] for kind in sorted(found))


def _stricter(one: ObligationSpec, other: ObligationSpec) -> ObligationSpec:
    times = [spec for spec in (one, other) if spec.within_s is not None]
    chosen = min(times, key=lambda spec: spec.within_s or 0) if times else one
    return ObligationSpec(one.kind, chosen.within_s, chosen.parameter, (*one.rules, *other.rules))


def _explain(action: Action, law: AuthzResult, permits: AuthzResult, version: LoadedVersion) -> Deny:
    """Tell the most useful reason: who may never is not told to wait for the agreed hours."""
    errors = [*law.diagnostics.errors, *permits.diagnostics.errors]
    if errors or Decision.NoDecision in (law.decision, permits.decision):
        return _engine_error("; ".join(errors))
    forbids = [version.rule(name) for name in _names(law)]
    reasons: list[Rule | Default] = sorted(forbids, key=lambda rule: (rule.tell, rule.id))
    if not _allowed(permits):
        reasons = sorted([*reasons, version.defaults[action]], key=lambda reason: reason.tell)
    told = reasons[0]
    return Deny(told.id, told.says, told.citation, told.way_out, tuple(reason.id for reason in reasons))


def _not_known(version: LoadedVersion) -> Deny:
    """An act that is younger than the version in force; or a stand-in that only lets it be mended."""
    if version.trouble:
        rule, way_out = "policy-cannot-be-read", "A policy owner and a second person publish another version."
        return Deny(rule, version.trouble, _DEFAULT_DENY, way_out, (rule,))
    rule = "policy-does-not-know"
    sentence = f"The policy in force, version {version.hash[:12]}, does not know this act."
    return Deny(rule, sentence, _DEFAULT_DENY, _PUBLISH, (rule,))


def _engine_error(what: str) -> Deny:
    """Facts that the engine could not read, or a parameter not in force: never an Allow."""
    sentence = (
        f"The rules could not be read against the facts, so the answer is no ({what or 'no decision'})."
    )
    return Deny("engine-error", sentence, invariants.CITATION, _REPORT, ("engine-error",))
