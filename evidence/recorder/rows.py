"""Rows of what the recorder made: segments and gaps. While the database is away they wait, and catch up.

A sealed segment's spool entry is dropped only after its row has committed, so a kill in between loses
nothing: recovery finds the seal in the spool and makes the row again.
"""

from __future__ import annotations

import queue
import threading
from collections import deque

from django.db import DatabaseError, close_old_connections, connection, transaction

from evidence.models import Gap, Segment
from evidence.recorder.roster import Roster
from evidence.recorder.states import Gap as GapTold
from evidence.recorder.vault_sink import Finished, asset_camera
from evidence.vault.descriptor import AssetDescriptor
from evidence.vault.spool import Spool
from policy.publish import active
from rtcc import clock
from rtcc.logs import log

RETRY_S = 1.0
_log = log("recorder")


class RowWriter:
    """One thread that writes rows in the order in which things happened."""

    def __init__(self, spool: Spool, roster: Roster) -> None:
        self._spool, self._roster = spool, roster
        self._work: queue.SimpleQueue[Finished | GapTold | None] = queue.SimpleQueue()
        self._waiting: deque[Finished | GapTold] = deque()
        self._thread = threading.Thread(target=self._run, name="rows", daemon=True)
        self._stopping = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, if the database answers; the spool keeps the rest."""
        self._stopping = True
        self._work.put(None)
        self._thread.join(10)

    def put(self, item: Finished | GapTold) -> None:
        """From any thread; never blocks."""
        self._work.put(item)

    def _run(self) -> None:
        while True:
            try:
                item = self._work.get(timeout=RETRY_S if self._waiting else None)
            except queue.Empty:
                item = None
            if item is not None:
                self._waiting.append(item)
            self._catch_up()
            if self._stopping and self._work.empty():
                return

    def _catch_up(self) -> None:
        try:
            while self._waiting:
                item = self._waiting[0]
                self._write_segment(item) if isinstance(item, Finished) else _write_gap(item)
                self._waiting.popleft()
        except DatabaseError as error:
            _log.warning("rows_wait", waiting=len(self._waiting), error=type(error).__name__)
            close_old_connections()

    def _write_segment(self, finished: Finished) -> None:
        write_segment(finished, self._roster.retention_class(finished.sealed.asset.source))
        self._spool.forget(finished.sealed.asset.id)


def write_segment(finished: Finished, retention_class: str) -> None:
    """The row of one sealed segment; writing it again changes nothing."""
    sealed, seal = finished.sealed, finished.sealed.seal
    asset = seal.asset
    span, parameter = active().parameters.retention(retention_class, clock.now())
    told = finished.clock
    with transaction.atomic():
        make_day(asset)
        Segment.objects.bulk_create(
            [
                Segment(
                    day=asset.day,
                    id=asset.id,
                    camera=asset_camera(asset),
                    lease_epoch=asset.lease_epoch,
                    starts_at=asset.starts_at,
                    ends_at=seal.ends_at,
                    clock_offset_ms=round(told.offset_s * 1000) if told else None,
                    clock_error_ms=round(told.error_s * 1000) if told else None,
                    codec=finished.facts.codec,
                    width=finished.facts.width,
                    height=finished.facts.height,
                    retention_class=retention_class,
                    destroy_after=seal.ends_at + span,
                    destroy_rule=parameter.id,
                    plain_bytes=seal.plain_bytes,
                    ciphertext_bytes=seal.ciphertext_bytes,
                    ciphertext_sha256=seal.ciphertext_sha256,
                    fragments=seal.fragments,
                    merkle_root=seal.merkle_root,
                    index=sealed.index,
                    init_length=sealed.init_length,
                    previous=seal.previous,
                    commitment=seal.commitment,
                    period_starts_at=asset.period.starts_at,
                    period_s=asset.period.length_s,
                    wrapped_key=sealed.wrapped_key,
                    recovered=finished.recovered,
                    seal_sha256=seal.hash(),
                )
            ],
            ignore_conflicts=True,
        )


_days_made: set[str] = set()


def make_day(asset: AssetDescriptor) -> None:
    """Make the partition of the asset's day where nobody has made it yet."""
    day = str(asset.day)
    if day in _days_made:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT evidence_make_day(%s::date)", [day])
    _days_made.add(day)


def _write_gap(told: GapTold) -> None:
    """A gap is told when it opens and again when it closes."""
    Gap.objects.update_or_create(
        camera=told.camera,
        starts_at=told.starts_at,
        reason=told.reason,
        defaults={"ends_at": told.ends_at, "detail": told.detail[:300]},
    )
