"""Destroying footage on time. Each step is committed before the next one begins, and can be repeated; a run
that was killed anywhere is taken up where it stood.

    0. look     entries get their places in the log; where they do not, nothing is destroyed
    1. plan     a disposition names the camera, the key period, the rule and the segments; nothing is decided
    2. decide   guard: custody locked, all keeps read; tombstones and the entry in one commit
    3. keys     the wrapped keys are cleared from the rows, and wraps of keeps dropped
    4. bytes    each file is removed from the store, with every version of it
    5. prove    each file and each wrapped key is looked for and not found; a second entry says so
    6. shred    the keys above are destroyed as soon as nothing kept needs them (`shredding.py` beside):
                from then on it is beyond recovery, whatever backup of the database there may be

A keep that commits before step 2 wins; one that commits later finds the tombstone and says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from audit.record import record
from audit.standing import check_log_follows, standing
from audit.vocabulary import Event, Outcome
from cameras.models import Camera
from evidence.actions.destroy_footage import destroy_footage
from evidence.models import Asset, Disposition, KeepWrap, Segment
from evidence.retention import due
from evidence.retention.states import DispositionState, check_transition
from evidence.vault import removal
from evidence.vault.descriptor import DAY_S, HOUR_S
from evidence.vault.errors import StillThere, VaultFailure
from policy.actors import SystemActor
from policy.denied import Denied, Hidden
from policy.vocabulary import Action, Purpose
from rtcc import clock
from rtcc.errors import Conflict, Unavailable
from rtcc.logs import log

RETENTION = SystemActor("retention")
_ONE_AT_A_TIME = 0x57_4C_52_45  # "WLRE": the advisory lock of destruction
_log = log("retention")


def run() -> Counter[str]:
    """One run over everything that is due; how many batches came to which end. One run at a time."""
    done: Counter[str] = Counter()
    with _alone() as alone:
        if not alone:
            return Counter(busy=1)
        try:
            for row, step in _work():
                check_can_destroy()
                done[step(row)] += 1
        except Unavailable as waits:
            _log.warning("destruction_waits", reason=waits.sentence)
            done["waiting"] += 1
    return done


def _work() -> Iterator[tuple[Disposition, Callable[[Disposition], str]]]:
    """What was begun first, then what was planned, then what is due now, planned as it is come to."""
    for row in list(Disposition.objects.begun().order_by("planned_at")):
        yield row, _finish
    for row in list(Disposition.objects.planned().order_by("planned_at")):
        yield row, _take
    for period_s in (HOUR_S, DAY_S):
        for row in due.plan(clock.now(), period_s):
            yield row, _take
    for row in due.plan_assets(clock.now()):
        yield row, _take


def check_can_destroy() -> None:
    """Step 0. Raises Unavailable with the sentence why nothing may be destroyed just now."""
    check_log_follows()
    alarms = standing().alarms
    if alarms:
        raise Unavailable(f"Nothing is destroyed while the log alarms: {alarms[0]}")


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether this is the only run; the lock goes with the session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ONE_AT_A_TIME])
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_ONE_AT_A_TIME])


def _take(row: Disposition) -> str:
    """Steps 2 to 5 of one planned batch."""
    try:
        decided = destroy_footage(by=RETENTION, disposition=row.id)
    except (Denied, Hidden, Conflict) as refusal:
        # Something was kept since it was planned. The refusal is an entry; the next run plans without it.
        _step(row, DispositionState.GIVEN_UP)
        _log.info("destruction_given_up", disposition=str(row.id), reason=refusal.sentence)
        return "given_up"
    return _finish(decided)


def _finish(row: Disposition) -> str:
    """Steps 3 to 5, from wherever the batch stands."""
    try:
        while (step := _NEXT.get(DispositionState(row.state))) is not None:
            step(row)
    except (VaultFailure, OSError) as error:
        # One disk that does not let go must not keep the others: the next run tries again, and the record
        # shows where it stands.
        _log.error("destruction_stuck", disposition=str(row.id), state=row.state, error=type(error).__name__)
        return "stuck"
    return str(row.state)


def _step(row: Disposition, after: DispositionState, *also: str) -> None:
    """Take a step and write it down with the columns that belong to it."""
    check_transition(DispositionState(row.state), after)
    row.state = after
    row.save(update_fields=["state", *also])


def clear_keys(row: Disposition) -> None:
    """Step 3."""
    with transaction.atomic():
        row.things.update(wrapped_key=None)
        KeepWrap.objects.filter(segment__in=[name for _, name in row.asset_names]).delete()
        row.segment_keys_at = clock.now()
        _step(row, DispositionState.KEYLESS, "segment_keys_at")


def remove_bytes(row: Disposition) -> None:
    """Step 4. Raises StillThere, OSError."""
    removal.remove_bytes(segment.location for segment in _segments(row))
    row.bytes_gone_at = clock.now()
    _step(row, DispositionState.BYTES_GONE, "bytes_gone_at")


def prove(row: Disposition) -> None:
    """Step 5. Raises StillThere where anything is left, naming it."""
    segments = _segments(row)
    if len(segments) != row.count:
        raise StillThere(f"{row.count - len(segments)} rows of disposition {row.id} are not there")
    for segment in segments:
        if segment.wrapped_key is not None:
            raise StillThere(str(segment.location))
    for location in removal.left(segment.location for segment in segments):
        raise StillThere(str(location))
    if KeepWrap.objects.filter(segment__in=[segment.id for segment in segments]).exists():
        raise StillThere(f"wrapped keys of disposition {row.id}")
    with transaction.atomic():
        row.proved_at = clock.now()
        row.beyond_recovery_at = None if row.keys else row.proved_at
        entry = record(
            Event.FOOTAGE_DESTROYED,
            outcome=Outcome.PERMIT,
            actor=RETENTION.key,
            actor_role="system",
            action=str(Action.DESTROY),
            purpose=str(Purpose.SYSTEM_DUTY),
            parent=row.entry,
            object_kind="destruction",
            object_id=row.id,
            cameras=[row.camera] if Camera.objects.filter(id=row.camera).exists() else None,
            footage_from=row.starts_at,
            footage_to=row.ends_at,
            count=row.count,
            detail={
                "step": "proved",
                "row_at": row.tombstoned_at,
                "segment_keys_at": row.segment_keys_at,
                "bytes_gone_at": row.bytes_gone_at,
                "beyond_recovery_at": row.beyond_recovery_at,
            },
        )
        row.proof_entry = entry.id
        _step(row, DispositionState.PROVED, "proved_at", "proof_entry", "beyond_recovery_at")


def _segments(row: Disposition) -> list[Segment | Asset]:
    return list(row.things.filter(tombstone=row.id))


_NEXT = {
    DispositionState.TOMBSTONED: clear_keys,
    DispositionState.KEYLESS: remove_bytes,
    DispositionState.BYTES_GONE: prove,
}
