"""From the engine to the vault: fragments are handed to one sealing thread, so that the thread that reads
cameras never waits for a disk.

A fragment that the vault could not keep breaks its segment: the file is left for recovery, the engine is
told at its next fragment, opens a gap and begins another segment.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from evidence.recorder.fragments import CodecFacts
from evidence.recorder.segment import CameraClock
from evidence.recorder.states import CloseReason, SinkFailed
from evidence.recorder.timeline import CLOCK_HZ
from evidence.vault.descriptor import AssetDescriptor, Period
from evidence.vault.errors import VaultFailure
from evidence.vault.keystore import KeyName, KeyStore
from evidence.vault.seal import SealedSegment
from evidence.vault.segmentfile import SegmentWriter
from evidence.vault.spool import Spool
from evidence.vault.store import ContentStore
from rtcc.ids import uuid7
from rtcc.logs import log

SYNC_S = 4.0
MOST_WAITING = 4000
_log = log("recorder")


@dataclass(frozen=True)
class Terms:
    """What the roster says of a camera's recording: its lease epoch and the length of its key period."""

    lease_epoch: int
    period_s: int


@dataclass(frozen=True)
class Finished:
    """A sealed segment whose row is due."""

    sealed: SealedSegment
    facts: CodecFacts
    clock: CameraClock | None
    recovered: bool = False


class _Handle:
    """One open segment, as the engine sees it."""

    def __init__(self, sink: VaultSink, camera: str, start: datetime, init: bytes, facts: CodecFacts) -> None:
        self.sink = sink
        self.camera = camera
        self.start = start
        self.init = init
        self.facts = facts
        self.clock: CameraClock | None = None
        self.writer: SegmentWriter | None = None
        self.failed = False

    def append(self, fragment: bytes, starts_at: datetime, duration_s: float, key: bool) -> None:
        if self.failed:
            raise SinkFailed("the vault could not keep a fragment of this segment")
        self.sink.hand(lambda: self.sink.write(self, fragment, starts_at, duration_s, key))

    def close(self, reason: CloseReason) -> None:
        self.sink.hand(lambda: self.sink.finish(self), always=True)


class VaultSink:
    """The `SegmentSink` of the recorder. ``finished`` is called in the sealing thread and must not block."""

    def __init__(
        self,
        *,
        store: ContentStore,
        spool: Spool,
        keys: KeyStore,
        terms: Callable[[str], Terms | None],
        finished: Callable[[Finished], None],
    ) -> None:
        self._store, self._spool, self._keys = store, spool, keys
        self._terms, self._finished = terms, finished
        self._work: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._open: set[_Handle] = set()
        self._previous: dict[tuple[str, int], bytes] = {}
        self._period_keys: dict[KeyName, bytes] = {}
        self._thread = threading.Thread(target=self._run, name="sealing", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Everything handed over so far is written; then the thread ends."""
        self._work.put(None)
        self._thread.join(30)

    def open(
        self, camera: str, start: datetime, init: bytes, facts: CodecFacts, clock: CameraClock | None
    ) -> _Handle:
        """Engine's thread: nothing is opened before the first fragment reaches the sealing thread."""
        handle = _Handle(self, camera, start, init, facts)
        handle.clock = clock
        return handle

    def hand(self, act: Callable[[], None], *, always: bool = False) -> None:
        """Queue work. Raises SinkFailed when the disk is so far behind that memory would not hold."""
        if not always and self._work.qsize() > MOST_WAITING:
            raise SinkFailed("the disk is too slow for what arrives")
        self._work.put(act)

    def write(
        self, handle: _Handle, fragment: bytes, starts_at: datetime, duration_s: float, key: bool
    ) -> None:
        """Sealing thread: append one fragment; the first one makes the file."""
        if handle.failed:
            return
        try:
            if handle.writer is None:
                terms = self._terms(handle.camera)
                if terms is None:
                    return  # Watched, but policy has it recorded never, or not now.
                handle.writer = self._begin(handle, starts_at, terms)
                self._open.add(handle)
            handle.writer.append(fragment, starts_at, round(duration_s * CLOCK_HZ), key)
        except (OSError, VaultFailure, ValueError) as error:
            self._fail(handle, error)

    def finish(self, handle: _Handle) -> None:
        """Sealing thread: close and seal; the row is somebody else's."""
        self._open.discard(handle)
        if handle.writer is None or handle.failed:
            return
        asset = handle.writer.asset
        chain = (asset.source, asset.lease_epoch)
        try:
            if not handle.writer.fragments:
                handle.writer.discard()
                return
            sealed = handle.writer.close(self._previous.get(chain))
        except (OSError, VaultFailure, ValueError) as error:
            self._fail(handle, error)
            return
        self._previous[chain] = sealed.seal.hash()
        self._finished(Finished(sealed, handle.facts, handle.clock))

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
            if len(self._period_keys) > 4096:
                self._period_keys.clear()
            self._period_keys[name] = self._keys.create(name)
        return self._period_keys[name]

    def _fail(self, handle: _Handle, error: Exception) -> None:
        _log.error("segment_broken", camera=handle.camera, error=type(error).__name__, detail=str(error))
        handle.failed = True
        self._open.discard(handle)
        if handle.writer is not None:
            handle.writer.abandon()

    def _run(self) -> None:
        next_sync_s = time.monotonic() + SYNC_S
        while True:
            try:
                act = self._work.get(timeout=max(0.0, next_sync_s - time.monotonic()))
            except queue.Empty:
                next_sync_s = time.monotonic() + SYNC_S
                self._sync()
                continue
            if act is None:
                return
            act()
            if time.monotonic() >= next_sync_s:
                next_sync_s = time.monotonic() + SYNC_S
                self._sync()

    def _sync(self) -> None:
        for handle in list(self._open):
            try:
                if handle.writer is not None:
                    handle.writer.sync()
            except OSError as error:
                self._fail(handle, error)


def asset_camera(asset: AssetDescriptor) -> UUID:
    """The camera of a segment: its source is the camera's id."""
    return UUID(asset.source)
