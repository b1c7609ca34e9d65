"""What rules may read about keeps, destructions and recorded footage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from cameras.facts import camera_facts
from evidence.models import Disposition, Keep, KeepInterval, Segment
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
        segments = Segment.objects.of_assets(row.asset_names)
        held = any(keeping.kept_by(segment, standing) for segment in segments) if standing else False
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
