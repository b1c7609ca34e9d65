"""What rules may read about keeps, destructions and recorded footage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from cameras.facts import camera_facts
from evidence.models import Asset, Disposition, Keep, KeepInterval
from evidence.retention import keeping
from policy.facttypes import NONE, ResourceFacts
from policy.loaders import PLAIN
from policy.vocabulary import Kind
from rtcc import clock


def keep_facts(ids: Sequence[UUID], *, lock: bool) -> Mapping[UUID, ResourceFacts]:
    """Facts of each keep that exists."""
    now = clock.now()
    rows = Keep.objects.filter(id__in=ids).order_by("id")
    return {
        row.id: ResourceFacts(
            **{**PLAIN, "held": row.is_hold and row.released_at is None},
            kind=Kind.KEEP,
            id=str(row.id),
            agency_id=str(row.agency_id or NONE),
            state=_state(row, now),
            subject_id=NONE,
            opened_by=str(row.placed_by_id or NONE),
        )
        for row in (rows.select_for_update(of=("self",)) if lock else rows)
    }


def _state(row: Keep, now: datetime) -> str:
    if row.released_at is not None:
        return "released"
    return "run_out" if row.expires_at is not None and row.expires_at <= now else "standing"


def destruction_facts(ids: Sequence[UUID], *, lock: bool) -> Mapping[UUID, ResourceFacts]:
    """Facts of each planned destruction. With ``lock`` custody of its cameras is locked before keeps are
    read, so that what is kept by then stays, and what is kept later finds a tombstone.
    """
    now = clock.now()
    rows = list(Disposition.objects.filter(id__in=ids).order_by("id"))
    if lock:
        keeping.lock_custody(row.camera for row in rows)
    found = {}
    for row in rows:
        standing = keeping.standing_on(row.camera, row.starts_at, row.ends_at, now)
        held = any(keeping.kept_by(each, standing) for each in row.things) if standing else False
        found[row.id] = ResourceFacts(
            **{**PLAIN, "held": held},
            kind=Kind.DESTRUCTION,
            id=str(row.id),
            agency_id=NONE,
            state=row.state,
            subject_id=NONE,
            opened_by=NONE,
        )
    return found


def asset_facts(ids: Sequence[UUID], *, lock: bool) -> Mapping[UUID, ResourceFacts]:
    """Facts of each asset: who owns what it shows, which agency has it, whether it still stands. What a
    camera's terms demanded was demanded when it was made.
    """
    rows = list(Asset.objects.filter(id__in=ids).select_related("basis").order_by("id"))
    if lock:
        keeping.lock_custody(row.custody for row in rows)
    cameras = camera_facts([row.camera for row in rows if row.camera], lock=False)
    found = {}
    for row in rows:
        seen = cameras.get(row.camera) if row.camera else None
        owner = (seen.owner_id, seen.owner_class) if seen else (str(row.owner_id or NONE), NONE)
        found[row.id] = ResourceFacts(
            **{**PLAIN, "owner_id": owner[0], "owner_class": owner[1]},
            kind=Kind.ASSET,
            id=str(row.id),
            agency_id=str(row.basis.agency_id) if row.basis else NONE,
            state="destroyed" if row.tombstone else "standing",
            subject_id=NONE,
            opened_by=str(row.made_by_id or NONE),
        )
    return found


def footage_facts(ids: Sequence[UUID], *, lock: bool) -> Mapping[UUID, ResourceFacts]:
    """The recorded footage of a camera, named by the camera's id: the camera's terms, and whether a hold
    stands on any of it.
    """
    if lock:
        keeping.lock_custody(ids)
    kept = KeepInterval.objects.of_cameras(ids).standing_at(clock.now()).values_list("camera", flat=True)
    held = set(kept.distinct())
    return {
        key: replace(facts, kind=Kind.FOOTAGE, held=key in held)
        for key, facts in camera_facts(ids, lock=False).items()
    }
