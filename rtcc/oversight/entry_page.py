"""One entry for people: its sentence, its fields by group, and its inclusion proof step by step."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from audit import receipts
from audit.keyfiles import witnesses
from audit.merkle import leaf_hash, node_hash
from audit.receipts import Receipt
from audit.vocabulary import FIELDS_V1
from cameras.models import Camera
from rtcc.oversight.reading import Proof, Proved
from rtcc.oversight.sentences import sentence

_RULES = "Under which rule"
GROUPS: dict[str, tuple[str, ...]] = {
    "What happened": (
        "time", "event", "outcome", "action", "count", "seconds", "bytes", "exact", "seeded", "act", "parent",
    ),
    "Who": (
        "actor_name", "actor", "actor_pseudonym", "actor_role", "actor_rank", "agency", "unit", "on_shift",
        "certification", "session", "mfa", "device", "address",
    ),
    "What it was done on": (
        "object_kind", "object_id", "cameras", "camera_names", "footage_from", "footage_to", "owner",
        "owner_name", "zone", "sensitivity", "ptz", "touches",
    ),
    "Why": (
        "purpose", "offence_class", "basis_kind", "basis_number", "basis", "basis_verification",
        "basis_verified_by", "authority", "approver", "exigent", "reason",
    ),
    _RULES: (
        "policy", "rules", "rule_sentence", "obligations", "facts", "permit", "grant", "agreement",
    ),
    "What followed": ("recipient", "legal_standard", "reviewer", "clock_offset_ms", "detail"),
}  # fmt: skip
_INSTANTS = ("time", "footage_from", "footage_to")


@dataclass(frozen=True)
class Shown:
    """One field for people: its name and value in words, what the field means, and whether it is a hash."""

    name: str
    value: str
    says: str
    mono: bool


@dataclass(frozen=True)
class Step:
    """One step of the inclusion proof: the two hashes that are put together, and what they give."""

    number: int
    left: str
    right: str
    given: str
    result: str


def groups(seen: Mapping[str, Any]) -> list[tuple[str, list[Shown]]]:
    """The fields that say something, by group and in a fixed order."""
    names = _camera_names(seen)
    found: list[tuple[str, list[Shown]]] = []
    for title, fields in GROUPS.items():
        shown = [_shown(name, seen[name], names) for name in fields if seen.get(name) not in (None, [], {})]
        if title == _RULES and seen.get("refused"):
            text = "\n".join(_refusal(ref, rule, names) for ref, rule in seen["refused"].items())
            shown.append(
                Shown("refused beside it", text, "cameras of the same question, and the rule", False)
            )
        if shown:
            found.append((title, shown))
    return found


def _camera_names(seen: Mapping[str, Any]) -> dict[str, str]:
    ids = [UUID(camera) for camera in seen.get("cameras") or ()]
    return {str(key): name for key, name in Camera.objects.with_ids(ids).values_list("id", "name")}


def _shown(name: str, value: Any, cameras: Mapping[str, str]) -> Shown:
    if name == "cameras":
        text, mono = ", ".join(cameras.get(camera, camera) for camera in value), False
    elif name == "touches":
        text, mono = "\n".join(_touch(touch, cameras) for touch in value), False
    elif isinstance(value, bool):
        text, mono = ("yes" if value else "no"), False
    elif isinstance(value, list):
        text, mono = ", ".join(map(str, value)), False
    elif isinstance(value, dict):
        text, mono = "\n".join(f"{key}: {_words(item)}" for key, item in value.items()), True
    else:
        text = str(value)
        mono = name not in _INSTANTS and len(text) >= 22 and " " not in text
    return Shown(name.replace("_", " "), text, FIELDS_V1[name].says, mono)


def _refusal(ref: str, rule: str, cameras: Mapping[str, str]) -> str:
    thing = ref.partition(":")[2]
    return f"{cameras.get(thing, thing)}: {rule}"


def _words(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _touch(touch: Mapping[str, Any], cameras: Mapping[str, str]) -> str:
    name = cameras.get(touch["camera"], touch["camera"]) or "no camera"
    footage = f", footage {touch['footage_from']} to {touch['footage_to']}" if touch["footage_from"] else ""
    return f"{name}: {touch['watched_from']} to {touch['watched_to']}{footage}"


def steps(receipt: Receipt) -> tuple[str, list[Step]]:
    """The leaf's hash, and how the path leads from it to the signed root (RFC 9162, 2.1.3.2)."""
    found = leaf_hash(receipt.body)
    made, position, last = [], receipt.index, receipt.checkpoint.size - 1
    for number, sibling in enumerate(receipt.path, start=1):
        on_left = bool(position & 1) or position == last
        left, right = (sibling, found) if on_left else (found, sibling)
        result = node_hash(left, right)
        made.append(Step(number, left.hex(), right.hex(), "left" if on_left else "right", result.hex()))
        if on_left:
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        found, position, last = result, position >> 1, last >> 1
    return leaf_hash(receipt.body).hex(), made


def _cosigners(receipt: Receipt) -> list[tuple[str, datetime]]:
    """Witnesses whose cosignature on the receipt's checkpoint verifies, and when they put it there."""
    return [
        (witness.key.name, datetime.fromtimestamp(signature.cosigned_s, UTC))
        for witness in witnesses()
        for signature in receipt.note.signatures
        if signature.is_by(witness.key) and witness.key.verifies(receipt.note.text, signature.bytes)
    ]


def entry_context(row: Proved, seen: Mapping[str, Any]) -> dict[str, Any]:
    """What the entry's page shows."""
    receipt = receipts.proof(row.entry) if row.proof is Proof.PROVED else None
    context: dict[str, Any] = {
        "row": row,
        "sentence": sentence(seen),
        "groups": groups(seen),
        "hidden": len(
            [name for name in row.said if row.said[name] not in (None, [], {}) and name not in seen]
        ),
        "receipt": receipt,
    }
    if receipt is not None:
        leaf, made = steps(receipt)
        context |= {
            "leaf_hash": leaf,
            "steps": made,
            "root": receipt.checkpoint.root.hex(),
            "root_base64": base64.b64encode(receipt.checkpoint.root).decode(),
            "size": receipt.checkpoint.size,
            "cosigners": _cosigners(receipt),
        }
    return context
