"""The recorder process: engine, vault, rows, live pictures and minute entries, started and stopped in order.

Start: 1. finish what a killed process left in the spool  2. rows and sealing  3. the engine and its roster
4. live pictures. Stop is the reverse, so that what was received is sealed and its rows are written.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, close_old_connections

from evidence.catalogue.minute import last_whole_minute, seal_minute
from evidence.models import Gap, Segment
from evidence.recorder.engine import Engine
from evidence.recorder.facts_of_init import facts_of_init
from evidence.recorder.health import write_health
from evidence.recorder.live_server import LiveServer
from evidence.recorder.roster import Roster, resolve
from evidence.recorder.rows import RowWriter, make_day, write_segment
from evidence.recorder.states import GapReason
from evidence.recorder.vault_sink import Finished, VaultSink, asset_camera
from evidence.vault.descriptor import AssetDescriptor
from evidence.vault.disk import DiskStore
from evidence.vault.keystore import KeyName, KeyStore
from evidence.vault.repair import Lost, Recovered, Waiting, recover
from evidence.vault.seal import SealedSegment
from evidence.vault.spool import Spool
from evidence.vault.tink import BlockReader
from evidence.vault.wraps import unwrap_key
from rtcc import clock
from rtcc.config import config
from rtcc.keys import provider
from rtcc.logs import log

HEALTH_S = 5.0
MINUTE_GRACE_S = 3.0
_log = log("recorder")


class Recorder:
    """One recorder process. ``run`` returns after ``stop``."""

    def __init__(self) -> None:
        self.store = DiskStore(config.store_dir)
        config.spool_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.spool = Spool(config.spool_dir)
        self.keys = KeyStore.initialise(config.period_keys_dirs, provider())
        self.roster = Roster()
        self.rows = RowWriter(self.spool, self.roster)
        self.sink = VaultSink(
            store=self.store,
            spool=self.spool,
            keys=self.keys,
            terms=self.roster.terms,
            finished=self.rows.put,
        )
        self.engine = Engine(
            resolve=resolve,
            sink=self.sink,
            on_gap=self.rows.put,
            now_utc=clock.now,
            monotonic=time.monotonic,
        )
        self.live = LiveServer(self.engine, config.live_socket)
        self._stop = threading.Event()
        self._sealed: datetime | None = None

    def stop(self) -> None:
        self._stop.set()

    def run(self) -> None:
        self.finish_what_was_left()
        self.rows.start()
        self.sink.start()
        self.engine.start()
        self.roster.start(self.engine)
        self.live.start()
        _log.info("recording")
        try:
            self._beat()
        finally:
            self._end()

    def _beat(self) -> None:
        """Health every few seconds, and a minute entry soon after each minute is over."""
        next_health_s = time.monotonic()
        while not self._stop.wait(0.5):
            if not self.engine.alive:
                raise RuntimeError("the recorder's engine has died")
            try:
                if time.monotonic() >= next_health_s:
                    next_health_s = time.monotonic() + HEALTH_S
                    write_health(self.engine.statistics())
                self._seal()
            except DatabaseError as error:
                _log.warning("beat_waits", error=type(error).__name__)
                close_old_connections()

    def _seal(self) -> None:
        if clock.now().second < MINUTE_GRACE_S:
            return
        minute = last_whole_minute()
        if minute == self._sealed:
            return
        seal_minute(minute, [UUID(name) for name, held in self.roster.held().items() if held.kept])
        self._sealed = minute

    def _end(self) -> None:
        self.live.stop()
        self.roster.stop()
        self.engine.stop()
        self.sink.stop()
        self.rows.stop()
        self.spool.close()
        _log.info("stopped")

    def finish_what_was_left(self) -> None:
        """Seal or give up every file that a killed process left open; gaps left open end now."""
        for outcome in recover(self.spool, self.store, self._period_key, _last_seal):
            if isinstance(outcome, Recovered):
                self._row_of(outcome.sealed)
            elif isinstance(outcome, Lost):
                _gap_of(outcome.asset)
            elif isinstance(outcome, Waiting):
                _log.error("footage_waits", asset=str(outcome.asset.id), reason=outcome.reason)
                continue
            self.spool.forget(_asset(outcome).id)
        Gap.objects.open().update(ends_at=clock.now())

    def _period_key(self, asset: AssetDescriptor) -> bytes:
        return self.keys.read(KeyName.of(asset.source, asset.period))

    def _row_of(self, sealed: SealedSegment) -> None:
        key = unwrap_key(self._period_key(sealed.asset), sealed.wrapped_key, sealed.asset)
        with self.store.open_read(sealed.location) as file:
            init = BlockReader(file, key, sealed.asset.canonical()).read(0, sealed.init_length)
        retention_class = self.roster.retention_class(sealed.asset.source)
        write_segment(Finished(sealed, facts_of_init(init), None, recovered=True), retention_class)


def _asset(outcome: Recovered | Lost) -> AssetDescriptor:
    return outcome.sealed.asset if isinstance(outcome, Recovered) else outcome.asset


def _last_seal(asset: AssetDescriptor) -> bytes | None:
    """The newest seal that has a row, of this source and lease epoch."""
    rows = Segment.objects.of_camera(asset_camera(asset)).filter(
        lease_epoch=asset.lease_epoch, day__gte=asset.day - timedelta(days=1)
    )
    found = rows.order_by("-starts_at").values_list("seal_sha256", flat=True).first()
    return bytes(found) if found is not None else None


def _gap_of(asset: AssetDescriptor) -> None:
    """Nothing playable was left of a segment: say so."""
    make_day(asset)
    Gap.objects.get_or_create(
        camera=asset_camera(asset),
        starts_at=asset.starts_at,
        reason=GapReason.STOPPED,
        defaults={"ends_at": clock.now(), "detail": "the recorder was killed before a block was written"},
    )
