"""The sealing thread: stands between the engine and a sink that encrypts, hashes and writes.

The engine's thread only queues. What fails here is raised at the engine's next call for that segment, with
the instant up to which footage was kept, so that the gap starts in the right place.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from evidence.recorder.fragments import CodecFacts
from evidence.recorder.segment import CameraClock, SegmentHandle, SegmentSink
from evidence.recorder.states import CloseReason, SinkFailed

LIMIT_BYTES = 256 * 1024 * 1024
"""Footage in memory that the sink has not kept yet; beyond it fragments are refused."""

log = structlog.get_logger()


class SealingThread:
    """A SegmentSink that hands everything on to another one, in order, in one thread of its own."""

    def __init__(self, sink: SegmentSink, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self._sink = sink
        self._limit_bytes = limit_bytes
        self._queue: deque[tuple[int, Callable[[], None]]] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="sealing", daemon=True)
        self.waiting_bytes = 0
        """Bytes queued now; a measure of how far the sink is behind."""

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 30.0) -> None:
        """Finishes what is queued and ends. Call it after the engine has stopped."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def open(
        self, camera: str, start: datetime, init: bytes, facts: CodecFacts, clock: CameraClock | None
    ) -> SegmentHandle:
        """Raises SinkFailed when too much is waiting."""
        handle = _Handle(self, camera, start)
        self.put(
            len(init),
            start,
            lambda: handle.opened(self._sink.open(camera, start, init, facts, clock)),
            handle,
        )
        return handle

    def put(self, size: int, kept_until: datetime, act: Callable[[], None], handle: _Handle) -> None:
        """Queues one act on a segment. Raises SinkFailed when `size` more bytes are too many."""
        with self._changed:
            if size and self.waiting_bytes + size > self._limit_bytes:
                behind = self.waiting_bytes >> 20
                raise SinkFailed(f"the vault is {behind} MiB behind", kept_until)
            self.waiting_bytes += size
            self._queue.append((size, lambda: handle.carefully(act)))
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._stopping)
                if not self._queue:
                    return
                size, act = self._queue.popleft()
            act()
            with self._changed:
                self.waiting_bytes -= size


class _Handle:
    """A segment on its way through the queue. `failure` and `_kept_until` are written by the sealing thread
    and read by the engine's."""

    def __init__(self, sealing: SealingThread, camera: str, start: datetime) -> None:
        self._sealing = sealing
        self._camera = camera
        self._kept_until = self._queued_until = start
        self._handle: SegmentHandle | None = None
        self._failure: str | None = None

    def append(self, fragment: bytes, starts_at: datetime, duration_s: float, key: bool) -> None:
        self._raise_failure()
        ends_at = starts_at + timedelta(seconds=duration_s)

        def act() -> None:
            if self._handle is not None:
                self._handle.append(fragment, starts_at, duration_s, key)
                self._kept_until = ends_at

        self._sealing.put(len(fragment), self._queued_until, act, self)
        self._queued_until = ends_at

    def close(self, reason: CloseReason) -> None:
        self._raise_failure()

        def act() -> None:
            if self._handle is not None:
                self._handle.close(reason)

        self._sealing.put(0, self._queued_until, act, self)

    def opened(self, handle: SegmentHandle) -> None:
        self._handle = handle

    def carefully(self, act: Callable[[], None]) -> None:
        """Runs one act of the queue; after a failure the rest of this segment is left out."""
        if self._failure is not None:
            return
        try:
            act()
        except (SinkFailed, OSError) as error:
            self._give_up(str(error))
            log.error("recorder.sink_failed", camera=self._camera, error=str(error))
        except Exception as error:
            # A fault with one camera's segment must not end the sealing of all the others.
            self._give_up(f"{type(error).__name__} in the vault")
            log.exception("recorder.sink_error", camera=self._camera)

    def _give_up(self, failure: str) -> None:
        """What stands of the segment is closed, so that the sink can let go of it."""
        self._failure = failure
        handle, self._handle = self._handle, None
        try:
            if handle is not None:
                handle.close(CloseReason.STORAGE_FAILED)
        except (SinkFailed, OSError) as error:
            log.error("recorder.segment_left_open", camera=self._camera, error=str(error))

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise SinkFailed(self._failure, self._kept_until)
