"""From the engine to the vault: fragments are handed to one sealing thread, so that the thread that reads
cameras never waits for a disk.

A fragment that the vault could not keep breaks its segment: the engine is told at its next fragment, opens a
gap and begins another segment, and what stands of the broken file is finished as after a crash.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from evidence.recorder.fragments import CodecFacts
from evidence.recorder.segment import CameraClock
from evidence.recorder.states import CloseReason, Gap, GapReason, SinkFailed
from evidence.recorder.timeline import CLOCK_HZ
from evidence.vault.descriptor import AssetDescriptor, Period
from evidence.vault.errors import VaultFailure
from evidence.vault.keystore import KeyStore
from evidence.vault.names import KeyName
from evidence.vault.repair import Lost, Recovered, Waiting, recover_one
from evidence.vault.seal import SealedSegment
from evidence.vault.segmentfile import SegmentWriter
from evidence.vault.spool import Spool, read_entry
from evidence.vault.store import ContentStore
from rtcc import clock
from rtcc.config import config
from rtcc.ids import uuid7
from rtcc.logs import log

SYNC_S = 4.0
MEND_S = 30.0
MOST_WAITING_BYTES = 256 * 1024 * 1024
_log = log("recorder")


@dataclass(frozen=True)
class Terms:
    """What the roster says of a camera's recording: its lease epoch and the length of its key period."""

    lease_epoch: int
    period_s: int


@dataclass(frozen=True)
class Opened:
    """A file was begun: who looks for the newest footage of this camera finds it here."""

    asset: AssetDescriptor


@dataclass(frozen=True)
class Finished:
    """A sealed segment whose row is due. ``facts`` are unknown, and it is ``shredded``, where its key period
    was destroyed before its row was written."""

    sealed: SealedSegment
    facts: CodecFacts | None
    clock: CameraClock | None
    recovered: bool = False
    shredded: bool = False


class _Handle:
    """One open segment, as the engine sees it. ``failure`` and ``kept_until`` are the sealing thread's."""

    def __init__(self, sink: VaultSink, camera: str, start: datetime, init: bytes, facts: CodecFacts) -> None:
        self.sink = sink
        self.camera = camera
        self.init = init
        self.facts = facts
        self.clock: CameraClock | None = None
        self.writer: SegmentWriter | None = None
        self.failure = ""
        self.kept_until = start

    def append(self, fragment: bytes, starts_at: datetime, duration_s: float, key: bool) -> None:
        if self.failure:
            raise SinkFailed(self.failure, self.kept_until)
        size = len(fragment)
        self.sink.hand(
            lambda: self.sink.write(self, fragment, starts_at, duration_s, key), self, size, starts_at
        )

    def close(self, reason: CloseReason) -> None:
        self.sink.hand(lambda: self.sink.finish(self), self, 0, self.kept_until)
        if self.failure:
            raise SinkFailed(self.failure, self.kept_until)


class VaultSink:
    """The `SegmentSink` of the recorder. ``put`` is called in the sealing thread and must not block."""

    def __init__(
        self,
        *,
        store: ContentStore,
        spool: Spool,
        keys: KeyStore,
        terms: Callable[[str], Terms | None],
        put: Callable[[Opened | Finished | Gap], None],
    ) -> None:
        self._store, self._spool, self._keys = store, spool, keys
        self._terms, self._put = terms, put
        self._work: deque[tuple[int, _Handle, Callable[[], None]]] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._open: set[_Handle] = set()
        self._broken: list[_Handle] = []
        self._previous: dict[tuple[str, int], bytes] = {}
        self._period_keys: dict[KeyName, bytes] = {}
        self._thread = threading.Thread(target=self._run, name="sealing", daemon=True)
        self.waiting_bytes = 0
        """Footage in memory that is not written yet; a measure of how far the disk is behind."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Everything handed over so far is written; then the thread ends."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(30)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def open(
        self, camera: str, start: datetime, init: bytes, facts: CodecFacts, clock: CameraClock | None
    ) -> _Handle:
        """Engine's thread: nothing is opened before the first fragment reaches the sealing thread."""
        handle = _Handle(self, camera, start, init, facts)
        handle.clock = clock
        return handle

    def hand(self, act: Callable[[], None], handle: _Handle, size: int, kept_until: datetime) -> None:
        """Queue work. Raises SinkFailed when the disk is so far behind that memory would not hold."""
        with self._changed:
            if size and self.waiting_bytes + size > MOST_WAITING_BYTES:
                raise SinkFailed(f"the disk is {self.waiting_bytes >> 20} MiB behind", kept_until)
            self.waiting_bytes += size
            self._work.append((size, handle, act))
            self._changed.notify()

    def write(
        self, handle: _Handle, fragment: bytes, starts_at: datetime, duration_s: float, key: bool
    ) -> None:
        """Sealing thread: append one fragment; the first one makes the file. Nothing is kept of a camera
        that is only watched, and nothing more from the moment on in which it is paused.
        """
        terms = self._terms(handle.camera)
        if terms is None:
            self.finish(handle)
            return
        if handle.writer is None:
            if not key:
                return
            handle.writer = self._begin(handle, starts_at, terms)
            self._open.add(handle)
            self._put(Opened(handle.writer.asset))
        handle.writer.append(fragment, starts_at, round(duration_s * CLOCK_HZ), key)
        handle.kept_until = starts_at + timedelta(seconds=duration_s)

    def finish(self, handle: _Handle) -> None:
        """Sealing thread: close and seal; the row is somebody else's."""
        writer = handle.writer
        if writer is None:
            return
        if not writer.fragments:
            writer.discard()
        else:
            chain = (writer.asset.source, writer.asset.lease_epoch)
            sealed = writer.close(self._previous.get(chain))
            self._previous[chain] = sealed.seal.hash()
            self._put(Finished(sealed, handle.facts, handle.clock))
        self._open.discard(handle)
        handle.writer = None

    def _begin(self, handle: _Handle, start: datetime, terms: Terms) -> SegmentWriter:
        asset = AssetDescriptor(
            kind="segment",
            id=uuid7(),
            source=handle.camera,
            starts_at=start,
            lease_epoch=terms.lease_epoch,
            period=Period.of(start, terms.period_s),
        )
        period_key = self._period_key(KeyName.of(asset.source, asset.period))
        return SegmentWriter.open(asset, period_key, self._store, self._spool, init=handle.init)

    def _period_key(self, name: KeyName) -> bytes:
        if name not in self._period_keys:
            self._period_keys[name] = self._keys.create(name)
        return self._period_keys[name]

    def _fail(self, handle: _Handle, error: Exception) -> None:
        _log.error("segment_broken", camera=handle.camera, error=type(error).__name__, detail=str(error))
        handle.failure = f"the vault could not keep a fragment ({type(error).__name__})"
        self._open.discard(handle)
        if handle.writer is not None:
            handle.writer.abandon()
            self._broken.append(handle)

    def _run(self) -> None:
        sync_s = mend_s = time.monotonic()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._work or self._stopping, timeout=SYNC_S)
                if not self._work and self._stopping:
                    return
                size, handle, act = self._work.popleft() if self._work else (0, None, None)
            if act is not None and handle is not None:
                self._carefully(handle, act)
                with self._changed:
                    self.waiting_bytes -= size
            if time.monotonic() >= sync_s + SYNC_S:
                sync_s = time.monotonic()
                self._sync()
            if time.monotonic() >= mend_s + MEND_S:
                mend_s = time.monotonic()
                self._mend()

    def _carefully(self, handle: _Handle, act: Callable[[], None]) -> None:
        """One act; after a failure the rest of its segment is left out."""
        if handle.failure:
            return
        try:
            act()
        except (OSError, VaultFailure, ValueError) as error:
            self._fail(handle, error)
        except Exception as error:  # noqa: BLE001  one camera's fault must not end the others' sealing
            _log.exception("sealing_failed", camera=handle.camera)
            self._fail(handle, error)

    def _sync(self) -> None:
        """Bring what was written to disk, and forget keys of periods that are over."""
        for handle in list(self._open):
            if handle.writer is not None:
                self._carefully(handle, handle.writer.sync)
        now = clock.now()
        over = [name for name in self._period_keys if name.period and name.period.ends_at <= now]
        for name in over:
            del self._period_keys[name]

    def _mend(self) -> None:
        """Finish broken files as after a crash; where the disk still fails, later again."""
        for handle in list(self._broken):
            assert handle.writer is not None
            asset = handle.writer.asset
            try:
                entry = read_entry(config.spool_dir, asset.id)
                previous = self._previous.get((asset.source, asset.lease_epoch))
                outcome = recover_one(entry, self._spool, self._store, self._key_of, previous)
            except (OSError, VaultFailure) as error:
                _log.warning("segment_still_broken", camera=handle.camera, error=type(error).__name__)
                continue
            self._broken.remove(handle)
            self._mended(handle, asset, outcome)

    def _mended(self, handle: _Handle, asset: AssetDescriptor, outcome: Recovered | Lost | Waiting) -> None:
        """Tell of what was kept of a broken file, and of what was not."""
        if isinstance(outcome, Waiting):
            _log.error("footage_waits", asset=str(asset.id), reason=outcome.reason)
            return
        kept_until = asset.starts_at
        if isinstance(outcome, Recovered):
            kept_until = outcome.sealed.seal.ends_at
            self._previous[(asset.source, asset.lease_epoch)] = outcome.sealed.seal.hash()
            self._put(Finished(outcome.sealed, handle.facts, handle.clock, recovered=True))
        else:
            self._spool.forget(asset.id)
        if kept_until < handle.kept_until:
            gap = Gap(handle.camera, kept_until, handle.kept_until, GapReason.STORAGE_FAILED, handle.failure)
            self._put(gap)

    def _key_of(self, asset: AssetDescriptor) -> bytes:
        return self._keys.read(KeyName.of(asset.source, asset.period))


def asset_camera(asset: AssetDescriptor) -> UUID:
    """The camera of a segment: its source is the camera's id."""
    return UUID(asset.source)
