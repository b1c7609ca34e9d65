"""Destroying keys, so that no backup and no forgotten disk brings footage back (step 6 of destruction).

A period's key:
    1. custody locked: the period is over, nothing of it waits for its row, and each segment that stands is
       due and kept
    2. the key of each of these is wrapped under every keep that holds it, and the wraps are committed
    3. the period's key is destroyed on every replica
    4. an entry; the period's wrapped keys are cleared, and dispositions learn when they went beyond recovery

A released keep's key:
    1. custody locked: each segment it wraps is opened by its period's key or by another standing keep; where
       another keep holds it, it is wrapped under that one first. What nothing holds is destroyed first
    2. its wraps are dropped
    3. its key is destroyed on every replica     4. an entry, as above

Killed anywhere, the next run finds the same state or a later one, and goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction

from audit.record import record
from audit.vocabulary import Event, Outcome
from cameras.models import Camera
from evidence.models import Asset, AssetWriting, Disposition, Keep, KeepInterval, KeepWrap, Segment
from evidence.retention import keeping
from evidence.retention.destruction import RETENTION, check_can_destroy
from evidence.vault.descriptor import Period
from evidence.vault.errors import VaultFailure
from evidence.vault.footage_keys import destroy_key, live_keys, opens, period_of, wrap_under
from evidence.vault.names import KeyName
from evidence.vault.removal import waiting_for_rows
from policy.vocabulary import Action, Purpose
from rtcc import clock
from rtcc.errors import Unavailable
from rtcc.logs import log

# After this long a period whose camera recorded nothing needs no key any more.
EMPTY_AFTER = timedelta(days=1)
_log = log("retention")


def run() -> Counter[str]:
    """One run over periods with something destroyed in them and over released keeps; what was done."""
    done: Counter[str] = Counter()
    if not _may_destroy():
        return Counter(waiting=1)
    pending = Disposition.objects.with_keys_to_destroy()
    # A period whose key is destroyed already is not asked about again while a keep's key is waited for.
    periods = {
        (row.camera, row.period)
        for row in pending
        if row.what == "footage" and row.period_key in row.keys_left
    }
    for camera, period in sorted(periods, key=lambda each: (each[1], str(each[0]))):
        done["periods"] += _tried(partial(shred_period, camera, period))
    for row in [row for row in pending if row.what == "assets"]:
        done["assets"] += _tried(partial(shred_assets, row))
    for keep in list(Keep.objects.with_key_to_destroy().order_by("released_at")):
        done["keeps"] += _tried(partial(shred_keep, keep.id))
    return done


def _may_destroy() -> bool:
    """Not while the log lags or alarms; the next run asks again."""
    try:
        check_can_destroy()
    except Unavailable as waits:
        _log.warning("shredding_waits", reason=waits.sentence)
        return False
    return True


def shred_empty_periods() -> int:
    """Keys made ahead for periods in which nothing stands; how many were destroyed."""
    now = clock.now()
    done = 0
    if not _may_destroy():
        return done
    for name in live_keys():
        period = name.period
        if period is None or period.ends_at + EMPTY_AFTER > now or _of_an_asset(UUID(name.file)):
            continue
        done += _tried(partial(shred_period, UUID(name.file), period))
    return done


def _of_an_asset(key: UUID) -> bool:
    """A key above one asset dies with the asset, or with the sweep of a write that was cut."""
    return Asset.objects.filter(id=key).exists() or AssetWriting.objects.filter(id=key).exists()


def shred_assets(row: Disposition) -> bool:
    """Destroy the keys above the assets of a proved destruction; each is above one asset alone. Raises
    ReplicaAway, StillThere.
    """
    names = [KeyName(*text.split("/")) for text in sorted(row.keys_left)]
    for name in names:
        destroy_key(name)
    with transaction.atomic():
        keeping.lock_custody([row.camera])
        _enter(names, [row.camera] if Camera.objects.filter(id=row.camera).exists() else [], {})
    return True


def _tried(work: Callable[[], bool]) -> int:
    """One key that cannot be destroyed just now must not keep the others; the next run tries again."""
    try:
        return int(work())
    except (VaultFailure, OSError) as error:
        _log.error("key_not_destroyed", error=type(error).__name__, detail=str(error)[:200])
        return 0


def shred_period(camera: UUID, period: Period) -> bool:
    """Destroy the key of a camera's period, if nothing needs it any more. Raises ReplicaAway, StillThere."""
    now = clock.now()
    standing = Segment.objects.of_period(camera, period).standing()
    if period.ends_at > now or standing.filter(destroy_after__gt=now).exists():
        return False
    if _waits_for_row(camera, period):
        return False
    with transaction.atomic():
        keeping.lock_custody([camera])
        kept = list(standing.all())
        if kept and not _wrapped(kept, now):
            return False
    name = KeyName.of(str(camera), period)
    destroy_key(name)
    with transaction.atomic():
        keeping.lock_custody([camera])
        gone = Segment.objects.of_period(camera, period).filter(wrapped_key__isnull=False)
        cleared = gone.update(wrapped_key=None)
        _enter([name], [camera], {"kept": len(kept), "cleared": cleared})
    return True


def _wrapped(kept: list[Segment], now: datetime) -> bool:
    """Wrap what is kept; False where something of the period is not due or not kept."""
    first, last = min(each.starts_at for each in kept), max(each.ends_at for each in kept)
    standing = keeping.standing_on(kept[0].camera, first, last, now)
    holders = {segment.id: keeping.kept_by(segment, standing) for segment in kept}
    if any(segment.destroy_after > now or not holders[segment.id] for segment in kept):
        return False
    for segment in kept:
        wrap_under(segment, holders[segment.id])
    return True


def _waits_for_row(camera: UUID, period: Period) -> bool:
    """Whether the recorder's spool still holds a file of this period, whose row is to come."""
    return any(asset.source == str(camera) and asset.period == period for asset in waiting_for_rows())


def shred_keep(keep_id: UUID) -> bool:
    """Destroy the key of a released keep, if nothing needs it any more. Raises ReplicaAway, StillThere."""
    cameras = sorted(set(KeepInterval.objects.filter(keep=keep_id).values_list("camera", flat=True)))
    now = clock.now()
    with transaction.atomic():
        keeping.lock_custody(cameras)
        wraps = KeepWrap.objects.filter(keep=keep_id)
        for wrap in wraps:
            segment = Segment.objects.of_assets([(wrap.day, wrap.segment)]).standing().first()
            if segment is not None and not _opens_without(segment, keep_id, now):
                return False
        wraps.delete()
    name = KeyName.keep(keep_id)
    destroy_key(name)
    with transaction.atomic():
        keeping.lock_custody(cameras)
        Keep.objects.filter(id=keep_id).update(key_gone_at=clock.now())
        _enter([name], cameras, {})
    return True


def _opens_without(segment: Segment, keep_id: UUID, now: datetime) -> bool:
    """Whether the segment opens once this keep's key is gone; wraps it under those that hold it."""
    standing = keeping.standing_on(segment.camera, segment.starts_at, segment.ends_at, now)
    others = [keep for keep in keeping.kept_by(segment, standing) if keep != keep_id]
    if others:
        wrap_under(segment, others)
        return True
    return segment.wrapped_key is not None and opens(period_of(segment))


def _enter(names: list[KeyName], cameras: list[UUID], detail: dict[str, int]) -> None:
    """The entry of destroyed keys, and the dispositions that it puts beyond recovery."""
    now = clock.now()
    texts = [str(name) for name in names]
    waiting = Disposition.objects.with_keys_to_destroy().filter(keys__contains=texts)
    rows = list(waiting.select_for_update().order_by("id"))
    entry = record(
        Event.FOOTAGE_DESTROYED,
        outcome=Outcome.PERMIT,
        actor=RETENTION.key,
        actor_role="system",
        action=str(Action.DESTROY),
        purpose=str(Purpose.SYSTEM_DUTY),
        object_kind="key",
        cameras=cameras or None,
        count=len(rows),
        detail={
            "step": "key",
            "key": " ".join(texts),
            "dispositions": [str(row.id) for row in rows],
            **detail,
        },
    )
    for row in rows:
        row.keys_gone |= dict.fromkeys(texts, now.isoformat())
        if not row.keys_left:
            row.beyond_recovery_at, row.keys_entry = now, entry.id
        row.save(update_fields=["keys_gone", "beyond_recovery_at", "keys_entry"])
