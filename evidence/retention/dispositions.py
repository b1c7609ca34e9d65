"""The record of a destruction, for people and for programs: what was destroyed, why, when each part of it was
gone, what proves that, and what nothing proves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from audit import receipts
from audit.standing import has_leaf
from cameras.models import Camera
from evidence.models import Disposition, Segment
from evidence.retention.states import DispositionState
from policy import publish
from policy.parameters import ParameterRow


@dataclass(frozen=True)
class Destroyed:
    """A stretch of time whose footage was destroyed, and by which disposition."""

    starts_at: datetime
    ends_at: datetime
    disposition: Disposition


def covering(camera: UUID, starts_at: datetime, ends_at: datetime) -> list[Destroyed]:
    """What was destroyed of a camera's footage in [starts_at, ends_at), in order of time, merged where it
    touches.
    """
    rows = Segment.objects.of_camera(camera).overlapping(starts_at, ends_at).filter(tombstone__isnull=False)
    spans = list(rows.values_list("starts_at", "ends_at", "tombstone"))
    known = Disposition.objects.in_bulk({name for _, _, name in spans})
    found: list[Destroyed] = []
    for first, last, name in spans:
        row = known.get(name)
        if row is None:
            continue
        before = found[-1] if found else None
        if before is not None and before.disposition.id == name and first <= before.ends_at:
            found[-1] = Destroyed(before.starts_at, max(before.ends_at, last), row)
        else:
            found.append(Destroyed(first, last, row))
    return found


def rule_of(row: Disposition) -> ParameterRow | None:
    """The parameter row that set the time, where the policy version in force still has it."""
    return next((each for each in publish.active().parameters.rows if each.id == row.rule), None)


@dataclass(frozen=True)
class Statement:
    """One thing that the record says, whether it is proved, and by what."""

    proved: bool
    says: str
    by: str


def statements(row: Disposition, *, outside: bool = False) -> list[Statement]:
    """What is proved of this destruction, and what is not. ``outside``: for readers who may not know how many
    keeps stand on a camera, because each is a case.
    """
    done = row.state == DispositionState.PROVED
    leaf = row.entry is not None and has_leaf(row.entry)
    return [
        Statement(
            leaf,
            "The decision stands in the log and cannot be taken back unseen.",
            "the receipt of the entry, against any checkpoint of the log that a witness signed",
        ),
        Statement(
            True,
            "No hold or other keep stood on any of this footage when it was decided.",
            "all keeps of the camera were read under the lock that placing one takes"
            + ("" if outside else f", {len(row.keeps_checked)} of them on the same hours")
            + "; the database alone shows this",
        ),
        Statement(
            done,
            "Every file is gone from the store.",
            "each was removed, that was brought to disk, and it was looked for again; this machine alone"
            " shows this"
            if done
            else "not all of it is done and looked for yet",
        ),
        Statement(
            row.beyond_recovery_at is not None,
            "Nobody can decrypt a copy of it, wherever one may be left.",
            _by_keys(row),
        ),
        Statement(
            False,
            "That nobody copied the pictures while they could be watched.",
            "nothing can prove this; the log says who was shown them",
        ),
    ]


def _by_keys(row: Disposition) -> str:
    if row.beyond_recovery_at is None:
        return "a key above it still lives: other footage of its time, or a keep, needs it"
    replicas = f"{row.replicas} replica{'s' if row.replicas != 1 else ''} of the key store"
    return f"the keys above it were overwritten and unlinked on {replicas}, and looked for again"


def _extent(row: Disposition) -> dict[str, Any]:
    """What exactly was destroyed."""
    return {
        "ranges": row.ranges,
        row.what if row.what == "assets" else "segments": row.count,
        "bytes_of_ciphertext": row.bytes,
    }


def as_json(row: Disposition, *, outside: bool = False) -> dict[str, Any]:
    """The record for programs: a destruction certificate (governance, section 4). ``outside``: without the
    names of the keeps that were looked at, and without ranges, count and size: their holes show what is kept.
    """
    rule, camera = rule_of(row), Camera.objects.select_related("owner").filter(id=row.camera).first()
    named = {"decided": row.entry, "proved": row.proof_entry, "keys_destroyed": row.keys_entry}
    return {
        "type": "watchlight.disposition",
        "version": 1,
        "id": str(row.id),
        "state": row.state,
        "camera": {
            "id": str(camera.id),
            "code": camera.code,
            "name": camera.name,
            "owner": camera.owner.name,
        }
        if camera
        else None,
        "retention_class": row.retention_class,
        "rule": {
            "id": row.rule,
            "value": rule.value if rule and isinstance(rule.value, int) else None,
            "unit": rule.unit if rule else None,
            "authority": rule.authority if rule else None,
            "citation": rule.citation if rule else None,
        },
        "policy": row.policy,
        "footage": {
            "oldest": _text(row.starts_at),
            "newest": _text(row.ends_at),
            "due": _text(row.due_at),
        }
        | ({} if outside else _extent(row)),
        "keeps_checked": {"matches": 0} | ({} if outside else {"ids": row.keeps_checked}),
        "times": {
            "row": _text(row.tombstoned_at),
            "segment_keys": _text(row.segment_keys_at),
            "bytes": _text(row.bytes_gone_at),
            "proved": _text(row.proved_at),
            "beyond_recovery": _text(row.beyond_recovery_at),
        },
        "keys": {name: row.keys_gone.get(name) for name in row.keys},
        "key_store_replicas": row.replicas,
        "executed_by": "system:retention",
        "entries": {
            what: {"id": str(entry), "receipt": receipts.receipt(entry)}
            for what, entry in named.items()
            if entry is not None
        },
        "statements": [
            {"proved": each.proved, "says": each.says, "by": each.by}
            for each in statements(row, outside=outside)
        ],
    }


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
