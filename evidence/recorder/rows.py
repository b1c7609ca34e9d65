"""Rows of what the recorder made: segments and gaps. While the database is away they wait, and catch up.

A sealed segment's spool entry is dropped only after its row has committed, so a kill in between loses
nothing: recovery finds the seal in the spool and makes the row again.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, DataError, IntegrityError, close_old_connections, connection, transaction

from cameras.models import Camera
from evidence.models import Gap, OpenFile, Segment
from evidence.recorder.gap_journal import GapJournal
from evidence.recorder.roster import Roster
from evidence.recorder.states import Gap as GapTold
from evidence.recorder.states import GapReason
from evidence.recorder.vault_sink import Finished, Opened, asset_camera
from evidence.vault.descriptor import AssetDescriptor
from policy.publish import active
from rtcc import clock
from rtcc.logs import log

RETRY_S = 1.0
Told = Opened | Finished | GapTold
_log = log("recorder")


class RowWriter:
    """One thread that writes rows in the order in which things happened. ``forget(asset)`` is called once the
    row of a segment has committed.
    """

    def __init__(self, forget: Callable[[UUID], None], journal: GapJournal, roster: Roster) -> None:
        self._forget, self._journal, self._roster = forget, journal, roster
        self._work: queue.SimpleQueue[Told | None] = queue.SimpleQueue()
        self._waiting: deque[Told] = deque()
        self._thread = threading.Thread(target=self._run, name="rows", daemon=True)
        self._stopping = False
        self._order = threading.Lock()  # two threads tell of gaps; the journal has them as they are queued
        self._gaps_written = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, if the database answers; the spool keeps the rest."""
        self._stopping = True
        self._work.put(None)
        self._thread.join(10)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def put(self, item: Told) -> None:
        """From any thread; never blocks. A gap of a camera that policy does not have recorded just now is
        none: only the end of an earlier one is of interest.
        """
        if not isinstance(item, GapTold):
            self._work.put(item)
            return
        kept = self._roster.terms(item.camera) is not None
        if kept or item.ends_at is not None:
            with self._order:
                self._journal.add(item, kept=kept)
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
                self._write(self._waiting[0])
                self._gaps_written += isinstance(self._waiting.popleft(), GapTold)
                self._journal.written(self._gaps_written)
        except DatabaseError as error:
            _log.warning("rows_wait", waiting=len(self._waiting), error=type(error).__name__)
            self._journal.sync()
            close_old_connections()
        except Exception:  # noqa: BLE001  rows wait whatever is wrong (a policy that cannot be read)
            _log.exception("rows_wait", waiting=len(self._waiting))

    def _write(self, item: Told) -> None:
        """One row. What the database refuses for good must not keep the others waiting: it stays in the
        spool.
        """
        try:
            if isinstance(item, Finished):
                write_segment(item, self._roster.retention_class(item.sealed.asset.source))
                self._forget(item.sealed.asset.id)
            elif isinstance(item, Opened):
                write_opened(item.asset)
            else:
                write_gap(item, kept=self._roster.terms(item.camera) is not None)
        except (IntegrityError, DataError, Camera.DoesNotExist) as error:
            _log.error("row_refused", error=type(error).__name__, detail=str(error)[:300])


def write_segment(finished: Finished, retention_class: str) -> None:
    """The row of one sealed segment; writing it again changes nothing."""
    sealed, seal = finished.sealed, finished.sealed.seal
    asset = seal.asset
    span, parameter = active().parameters.retention(retention_class, clock.now())
    told, facts = finished.clock, finished.facts
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
                    codec=facts.codec if facts else "unknown",
                    width=facts.width if facts else 0,
                    height=facts.height if facts else 0,
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
                    wrapped_key=sealed.wrapped_key if not finished.shredded else None,
                    recovered=finished.recovered,
                    seal_sha256=seal.hash(),
                )
            ],
            ignore_conflicts=True,
        )


def write_opened(asset: AssetDescriptor) -> None:
    """Where the newest footage of a camera is being written; overwritten by the next file."""
    OpenFile.objects.update_or_create(
        camera=asset_camera(asset), defaults={"asset": asset.id, "starts_at": asset.starts_at}
    )


_days_made: set[tuple[str, str]] = set()


def make_day(asset: AssetDescriptor) -> None:
    """Make the partition of the asset's day where nobody has made it yet."""
    day = (str(connection.settings_dict["NAME"]), str(asset.day))
    if day in _days_made:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT evidence_make_day(%s::date)", [day[1]])
    # Remembered only after the commit: the day of a transaction that rolled back was not made.
    transaction.on_commit(lambda: _days_made.add(day))


def write_gap(told: GapTold, *, kept: bool) -> None:
    """A gap is told when it opens and again when it closes; a camera has at most one that is open."""
    rows = Gap.objects.of_camera(UUID(told.camera))
    if told.ends_at is None:
        rows.open().filter(starts_at__lt=told.starts_at).update(ends_at=told.starts_at)
    same = rows.filter(starts_at=told.starts_at, reason=told.reason)
    if same.update(ends_at=told.ends_at, detail=told.detail[:300]) or not kept:
        return
    Gap.objects.create(
        camera=told.camera,
        starts_at=told.starts_at,
        reason=told.reason,
        ends_at=told.ends_at,
        detail=told.detail[:300],
    )


def tell_again(journal: GapJournal) -> None:
    """Write the gaps that a killed recorder told and had no row of yet."""
    for gap, kept in journal.left():
        try:
            with transaction.atomic():
                write_gap(gap, kept=kept)
        except (IntegrityError, DataError) as error:
            _log.error("row_refused", error=type(error).__name__, detail=str(error)[:300])
    journal.written(journal.told)


def end_gaps(camera: UUID, at: datetime) -> None:
    """The camera is not expected from here on: a gap that lasts ends."""
    Gap.objects.of_camera(camera).open().filter(starts_at__lte=at).update(ends_at=at)


def lost(asset: AssetDescriptor, *, missing: bool) -> None:
    """Nothing of a file is left: a gap until the next footage. ``missing``: it was sealed, and somebody has
    removed it since.
    """
    camera = asset_camera(asset)
    later = Segment.objects.of_camera(camera).filter(starts_at__gt=asset.starts_at)
    ends_at = later.order_by("starts_at").values_list("starts_at", flat=True).first() or clock.now()
    reason = GapReason.FILE_MISSING if missing else GapReason.STOPPED
    detail = (
        "a sealed file is gone from the store"
        if missing
        else "nothing readable was left of a file when the recorder stopped"
    )
    write_gap(GapTold(asset.source, asset.starts_at, ends_at, reason, detail), kept=True)


def explain_downtime(camera: UUID, held_until: datetime, now: datetime) -> None:
    """The recorder that held this camera last is gone: from where its footage ends until now is a gap.

    ``held_until`` is its last sign of life. A gap that was open then ends there, unless it says already that
    recording stopped.
    """
    newest = Segment.objects.of_camera(camera).order_by("-starts_at")
    last = newest.values_list("ends_at", flat=True).first()
    open_gap = Gap.objects.of_camera(camera).open().first()
    if open_gap is not None and open_gap.reason == GapReason.STOPPED:
        return
    if open_gap is not None:
        open_gap.ends_at = min(now, max(open_gap.starts_at, held_until))
        open_gap.save(update_fields=["ends_at"])
    ended = Gap.objects.of_camera(camera).filter(ends_at__isnull=False).order_by("-starts_at")
    closed = ended.values_list("ends_at", flat=True).first()
    starts_at = max((each for each in (last, closed) if each is not None), default=held_until)
    if starts_at < now:
        detail = "the recorder was not running"
        told = GapTold(str(camera), starts_at, now, GapReason.NOT_RUNNING, detail)
        write_gap(told, kept=True)
