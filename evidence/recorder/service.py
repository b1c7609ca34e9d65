"""The recorder process: engine, vault, rows, live pictures and minute entries, started and stopped in order.

Start: 1. finish what a killed process left in the spool  2. rows and sealing  3. the engine and its roster
4. live pictures. Stop is the reverse, so that what was received is sealed and its rows are written.
"""

from __future__ import annotations

import threading
import time
from datetime import timedelta

from django.db import DatabaseError, close_old_connections

from cameras.models import Camera
from evidence.catalogue.minute import Minutes, seal_minute
from evidence.models import Segment
from evidence.recorder.ahead import Ahead
from evidence.recorder.engine import Engine
from evidence.recorder.facts_of_init import facts_of_init
from evidence.recorder.fragments import CodecFacts
from evidence.recorder.gap_journal import GapJournal
from evidence.recorder.health import write_health
from evidence.recorder.live_server import LiveServer
from evidence.recorder.roster import Roster, resolve
from evidence.recorder.rows import (
    RowWriter,
    end_gaps,
    explain_downtime,
    lost,
    tell_again,
    write_segment,
)
from evidence.recorder.states import ProtocolError
from evidence.recorder.vault_sink import Finished, VaultSink, asset_camera
from evidence.vault.descriptor import AssetDescriptor
from evidence.vault.disk import DiskStore
from evidence.vault.errors import KeyDestroyed, VaultFailure
from evidence.vault.keystore import KeyStore
from evidence.vault.names import KeyName
from evidence.vault.repair import Lost, Recovered, Waiting, recover
from evidence.vault.seal import SealedSegment
from evidence.vault.spool import Spool
from evidence.vault.states import FileState
from evidence.vault.tink import BlockReader
from evidence.vault.wraps import unwrap_key
from rtcc import clock
from rtcc.config import config
from rtcc.keys import provider
from rtcc.logs import log

HEALTH_S = 5.0
_log = log("recorder")


class Recorder:
    """One recorder process. ``run`` returns after ``stop``."""

    def __init__(self) -> None:
        self.store = DiskStore(config.store_dir)
        config.spool_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.spool = Spool(config.spool_dir)
        self.keys = KeyStore.initialise(config.period_keys_dirs, provider())
        self.roster = Roster(explain=explain_downtime, release=end_gaps)
        self.journal = GapJournal(config.spool_dir)
        self.rows = RowWriter(self.spool.forget, self.journal, self.roster)
        self.sink = VaultSink(
            store=self.store,
            spool=self.spool,
            keys=self.keys,
            terms=self.roster.terms,
            put=self.rows.put,
        )
        self.engine = Engine(
            resolve=resolve,
            sink=self.sink,
            on_gap=self.rows.put,
            now_utc=clock.now,
            monotonic=time.monotonic,
        )
        self.minutes = Minutes()
        self.ahead = Ahead(self.keys.create, self.roster)
        self.live = LiveServer(self.engine, config.live_socket)
        self._stop = threading.Event()

    def stop(self) -> None:
        self._stop.set()

    def run(self) -> None:
        """Record until `stop`. Raises RuntimeError when a part of it has died: the process starts anew."""
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
        """Health every few seconds, a minute entry soon after each minute is over, keys and days ahead."""
        next_health_s = time.monotonic()
        while not self._stop.wait(0.5):
            for name in ("engine", "sink", "rows", "roster"):
                if not getattr(self, name).alive:
                    raise RuntimeError(f"the recorder's {name} has died")
            try:
                if time.monotonic() >= next_health_s:
                    next_health_s = time.monotonic() + HEALTH_S
                    write_health(self.engine.statistics())
                for minute in self.minutes.due(clock.now()):
                    seal_minute(minute, self.roster.expected_since(minute))
                    self.minutes.sealed(minute)
                self.ahead.make(clock.now())
            except DatabaseError as error:
                _log.warning("beat_waits", error=type(error).__name__)
                close_old_connections()

    def _end(self) -> None:
        self.live.stop()
        self.roster.stop()
        self.engine.stop()
        self.sink.stop()
        self.rows.stop()
        self.journal.close()
        self.spool.close()
        _log.info("stopped")

    def finish_what_was_left(self) -> None:
        """Seal or give up every file that a killed process left open, and write the rows that are due."""
        tell_again(self.journal)
        for outcome in recover(self.spool, self.store, self._period_key, _last_seal):
            try:
                self._settle(outcome)
            except (VaultFailure, Camera.DoesNotExist) as error:
                # One file that cannot be settled waits for an operator; the cameras do not wait with it.
                asset = _asset(outcome)
                _log.error("footage_waits", asset=str(asset.id), reason=f"{type(error).__name__}: {error}")

    def _settle(self, outcome: Recovered | Lost | Waiting) -> None:
        asset = _asset(outcome)
        if isinstance(outcome, Waiting):
            _log.error("footage_waits", asset=str(asset.id), reason=outcome.reason)
            return
        if isinstance(outcome, Recovered):
            self._row_of(outcome.sealed)
        else:
            if outcome.was is FileState.MISSING:
                _log.error("sealed_file_missing", asset=str(asset.id), camera=asset.source)
            lost(asset, missing=outcome.was is FileState.MISSING)
        self.spool.forget(asset.id)

    def _period_key(self, asset: AssetDescriptor) -> bytes:
        return self.keys.read(KeyName.of(asset.source, asset.period))

    def _row_of(self, sealed: SealedSegment) -> None:
        """The row of a file whose row was due. Where its key period was destroyed meanwhile nobody will read
        it again; its row stands all the same, so that its bytes are destroyed on the usual way.
        """
        retention_class = self.roster.retention_class(sealed.asset.source)
        try:
            facts, shredded = self._facts(sealed), False
        except KeyDestroyed:
            facts, shredded = None, True
        write_segment(Finished(sealed, facts, None, recovered=True, shredded=shredded), retention_class)

    def _facts(self, sealed: SealedSegment) -> CodecFacts | None:
        key = unwrap_key(self._period_key(sealed.asset), sealed.wrapped_key, sealed.asset)
        with self.store.open_read(sealed.location) as file:
            init = BlockReader(file, key, sealed.asset.canonical()).read(0, sealed.init_length)
        try:
            return facts_of_init(init)
        except ProtocolError:
            return None


def _asset(outcome: Recovered | Lost | Waiting) -> AssetDescriptor:
    return outcome.sealed.asset if isinstance(outcome, Recovered) else outcome.asset


def _last_seal(asset: AssetDescriptor) -> bytes | None:
    """The newest seal that has a row, of this source and lease epoch."""
    rows = Segment.objects.of_camera(asset_camera(asset)).filter(
        lease_epoch=asset.lease_epoch, day__gte=asset.day - timedelta(days=1)
    )
    found = rows.order_by("-starts_at").values_list("seal_sha256", flat=True).first()
    return bytes(found) if found is not None else None
