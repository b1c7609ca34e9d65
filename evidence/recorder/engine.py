"""The recorder's engine: one thread that reads hundreds of cameras.

Cameras that somebody watches, that are being connected, or that send a lot are read at once (epoll).
The others are drained in turns every 250 ms, which costs about half: fewer system calls, more frames in
each. Nothing here blocks: addresses are resolved in a few threads of their own, and the sink must be quick
(it queues for a sealing thread).
"""

from __future__ import annotations

import random
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from evidence.recorder.camera import Camera, CameraSpec, CameraStatistics
from evidence.recorder.gaps import OnGap
from evidence.recorder.keeper import Keeper, Loop, Resolve
from evidence.recorder.live import Subscription
from evidence.recorder.reconnect import Backoff
from evidence.recorder.rtsp import check_url
from evidence.recorder.segment import SegmentSink
from rtcc.logs import log

DRAIN_S = 0.25
TURNS = 5
RESOLVERS = 4

_log = log("recorder")


class Engine:
    """Start it, add cameras, stop it. Public methods may be called from any thread.

    `on_gap` is called in the engine's thread and must neither block nor raise.
    """

    def __init__(
        self,
        *,
        resolve: Resolve,
        sink: SegmentSink,
        on_gap: OnGap,
        now_utc: Callable[[], datetime],
        monotonic: Callable[[], float],
        jitter: Callable[[], float] = random.random,
        drain_s: float = DRAIN_S,
    ) -> None:
        self._sink, self._on_gap = sink, on_gap
        self._now_utc, self._monotonic, self._jitter = now_utc, monotonic, jitter
        self._resolvers = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolve")
        self._loop = Loop(resolve, self._resolvers, self._tell, drain_s)
        self._wake_end, self._woken_end = socket.socketpair()
        self._wake_end.setblocking(False)
        self._woken_end.setblocking(False)
        self._loop.selector.register(self._woken_end, selectors.EVENT_READ, None)
        self._commands: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._keepers: dict[str, Keeper] = {}
        self._turns: list[list[Keeper]] = [[] for _ in range(TURNS)]
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._stopping = False
        self._wake_lock = threading.Lock()
        self._ended = False
        self.longest_round_s = 0.0
        """The longest the loop was away from its sockets; a measure of load."""

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Keeps what was received, closes all segments, says goodbye to the cameras, ends the thread."""
        self._tell(self._stop)
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        self._resolvers.shutdown(wait=False, cancel_futures=True)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def add_camera(self, spec: CameraSpec) -> None:
        """Records from now on. Raises ValueError for a known id, ProtocolError for an impossible URL."""
        check_url(spec.url)
        keeper = Keeper(Camera(spec, self._sink, self._on_gap), Backoff(self._jitter), self._loop)
        with self._lock:
            if spec.id in self._keepers:
                raise ValueError(f"camera {spec.id} is recorded already")
            self._keepers[spec.id] = keeper
        self._tell(lambda: self._add(keeper))

    def remove_camera(self, camera: str) -> None:
        """Stops recording. Raises KeyError."""
        with self._lock:
            keeper = self._keepers.pop(camera)
        self._tell(lambda: self._remove(keeper))

    def watch(self, camera: str) -> None:
        """Somebody looks: read this camera at once. Counted. Raises KeyError."""
        self._count_watchers(camera, 1)

    def unwatch(self, camera: str) -> None:
        """Undoes one `watch`. Raises KeyError."""
        self._count_watchers(camera, -1)

    def subscribe(self, camera: str, notify: Callable[[], None]) -> Subscription:
        """Live pictures from the last key frame in memory; the camera is read at once until
        `Subscription.close`. `notify` is called when there is something to `drain`, mostly in the
        engine's thread; it must not block. Raises KeyError."""
        with self._lock:
            keeper = self._keepers[camera]

        def refresh() -> None:
            self._tell(keeper.refresh)

        subscription = keeper.camera.live.subscribe(notify, refresh)
        refresh()
        return subscription

    def statistics(self) -> dict[str, CameraStatistics]:
        """A copy for each camera."""
        with self._lock:
            keepers = dict(self._keepers)
        return {name: replace(keeper.camera.statistics) for name, keeper in keepers.items()}

    def _count_watchers(self, camera: str, change: int) -> None:
        with self._lock:
            keeper = self._keepers[camera]
            keeper.watchers = max(keeper.watchers + change, 0)
        self._tell(keeper.refresh)

    def _tell(self, command: Callable[[], None]) -> None:
        """Has the engine's thread do it; does nothing once that has ended."""
        with self._wake_lock:
            if self._ended:
                return
            self._commands.append(command)
            try:
                self._wake_end.send(b"\0")
            except BlockingIOError:
                return  # as many wake-ups as fit are waiting to be read already

    def _run(self) -> None:
        try:
            self._rounds()
        except BaseException:
            _log.exception("engine_died")
            raise
        finally:
            with self._wake_lock:
                self._ended = True
                self._loop.selector.close()
                self._wake_end.close()
                self._woken_end.close()

    def _rounds(self) -> None:
        round_s = self._loop.drain_s / TURNS
        next_turn_s, turn = self._monotonic(), 0
        while not self._stopping:
            ready = self._loop.selector.select(max(next_turn_s - self._monotonic(), 0.0))
            began_s = self._look_at_clocks()
            for key, mask in ready:
                if key.data is None:
                    self._obey()
                else:
                    key.data.ready(mask)
            if began_s >= next_turn_s:
                for keeper in self._turns[turn]:
                    keeper.turn()
                turn = (turn + 1) % TURNS
                next_turn_s = max(next_turn_s + round_s, began_s)
            self.longest_round_s = max(self.longest_round_s, self._monotonic() - began_s)

    def _look_at_clocks(self) -> float:
        now = self._monotonic()
        self._loop.clocks.monotonic_s = now
        self._loop.clocks.utc_ahead_s = self._now_utc().timestamp() - now
        return now

    def _obey(self) -> None:
        try:
            self._woken_end.recv(4096)
        except BlockingIOError:
            return
        while self._commands:
            self._commands.popleft()()

    def _add(self, keeper: Keeper) -> None:
        min(self._turns, key=len).append(keeper)
        keeper.start()

    def _remove(self, keeper: Keeper) -> None:
        for keepers in self._turns:
            if keeper in keepers:
                keepers.remove(keeper)
        keeper.stop()

    def _stop(self) -> None:
        for keepers in self._turns:
            for keeper in keepers:
                keeper.stop()
            keepers.clear()
        self._stopping = True
