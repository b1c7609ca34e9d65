"""Keeps that end by their own time: bookmarks and keeps, never holds."""

from __future__ import annotations

from django.db import transaction

from audit.record import Touch, record
from audit.vocabulary import Event, Outcome
from evidence.models import Keep
from evidence.retention import keeping
from evidence.retention.destruction import RETENTION
from rtcc import clock

WHY = "Its time was over."


def end_run_out() -> int:
    """Enter the end of each keep whose time is over; how many. Their footage goes back to its own time."""
    ended = 0
    for keep in list(Keep.objects.run_out_at(clock.now()).prefetch_related("intervals")[:200]):
        with transaction.atomic(durable=True):
            intervals = list(keep.intervals.all())
            keeping.lock_custody(interval.camera for interval in intervals)
            row = Keep.objects.run_out_at(clock.now()).select_for_update().filter(id=keep.id).first()
            if row is None:
                continue
            entry = record(
                Event.KEEP_RELEASED,
                outcome=Outcome.PERMIT,
                actor=RETENTION.key,
                actor_role="system",
                parent=row.entry,
                object_kind="keep",
                object_id=row.id,
                basis=row.basis_id,
                reason=WHY,
                detail={"kind": row.kind, "rule": row.expiry_rule},
                touches=[
                    Touch(camera=each.camera, footage=(each.starts_at, each.ends_at)) for each in intervals
                ],
            )
            row.released_at, row.released_why, row.released_entry = clock.now(), WHY, entry.id
            row.save(update_fields=["released_at", "released_why", "released_entry"])
            ended += 1
    return ended
