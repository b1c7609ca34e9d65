"""The policy in force in sentences: each with who wrote it and where, in the order of the layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from policy import publish
from policy.cedar import RULE_PARTS, Effect, Rule
from policy.models.versions import PolicyVersion, VersionState
from policy.parameters import ParameterRow
from rtcc import clock
from rtcc.public.kept import for_a_minute

LAYERS: dict[str, str] = {
    "floor.cedar": "What no order may go below",
    "order.cedar": "The department's order",
    "parity.cedar": "Partners under the same rules",
    "agreements.cedar": "What agreements add",
}
_EFFECT = {
    Effect.PERMIT: "Allowed",
    Effect.FORBID: "Refused",
    Effect.REQUIRE: "A duty",
}
_KEPT = {
    "retention_floor": "no shorter than this, by the records law",
    "retention_standard": "cameras of the city",
    "retention_partner": "cameras that are lent",
    "retention_demonstration": "two cameras of this demonstration",
}
MOST_VERSIONS = 20


@dataclass(frozen=True)
class Said:
    """One rule in a sentence."""

    id: str
    says: str
    effect: str
    authority: str
    citation: str


@dataclass(frozen=True)
class Number:
    """One number that rules and jobs go by."""

    name: str
    value: str
    note: str
    authority: str
    citation: str
    override: str


@dataclass(frozen=True)
class Version:
    hash: str
    from_when: datetime


@dataclass(frozen=True)
class InForce:
    """The policy version that decides now."""

    hash: str
    layers: tuple[tuple[str, tuple[Said, ...]], ...]
    retention: tuple[Number, ...]
    numbers: tuple[Number, ...]
    versions: tuple[Version, ...]


def in_force() -> InForce:
    """The policy in force; three queries a minute."""
    return for_a_minute("policy", _read)


def _read() -> InForce:
    now = clock.now()
    version = publish.active()
    rows = [row for row in version.parameters.rows if row.in_force(now)]
    published = PolicyVersion.objects.filter(state=VersionState.PUBLISHED, effective_from__lte=now)
    return InForce(
        hash=version.hash,
        layers=tuple((LAYERS[part], _layer(part, list(version.rules.values()))) for part in RULE_PARTS),
        retention=tuple(_number(row) for row in rows if row.key.startswith("retention_")),
        numbers=tuple(_number(row) for row in rows if not row.key.startswith("retention_")),
        versions=tuple(
            Version(row.hash, row.effective_from)
            for row in published.order_by("-effective_from", "-published_at")[:MOST_VERSIONS]
        ),
    )


def _layer(part: str, rules: Sequence[Rule]) -> tuple[Said, ...]:
    return tuple(
        Said(rule.id, rule.says, _EFFECT[rule.effect], rule.authority, rule.citation)
        for rule in rules
        if rule.layer == part.removesuffix(".cedar")
    )


def _number(row: ParameterRow) -> Number:
    value = row.value if isinstance(row.value, int) else ", ".join(sorted(row.value)).replace("_", " ")
    unit = "" if row.unit in ("list", "count", "rank") else f" {row.unit}"
    name = _KEPT.get(row.key) or row.key.replace("_", " ")
    return Number(name, f"{value}{unit}", row.note, row.authority, row.citation, row.override)
