"""Live pictures of one camera in memory: the last GOP, and whoever watches.

The engine's thread pushes frames; viewers read from any thread. Nothing is packed for a camera that
nobody watches: a new viewer's last GOP is packed when it comes.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from evidence.recorder.fragments import CodecFacts, Sample, chunk
from evidence.recorder.timeline import CLOCK_HZ

MAX_GOP_BYTES = 16 * 1024 * 1024
MAX_GOP_FRAMES = 1500
MAX_QUEUED_BYTES = 8 * 1024 * 1024
MAX_QUEUED_CHUNKS = 1600
# A picture that waits longer is not live any more; its viewer goes on at the next key frame.
MAX_QUEUED_S = 2.0


@dataclass(frozen=True, slots=True)
class LiveInit:
    """What a player needs before the chunks that follow; comes again when the stream changes."""

    data: bytes
    facts: CodecFacts


@dataclass(frozen=True, slots=True)
class LiveChunk:
    """One frame as moof + mdat. `recorder_s` is the recorder's time of it, Unix seconds."""

    data: bytes
    key: bool
    recorder_s: float


@dataclass(frozen=True, slots=True)
class LiveState:
    """The stream paused (`playing` False, with the reason) or goes on."""

    playing: bool
    reason: str


LiveItem = LiveInit | LiveChunk | LiveState


class Subscription:
    """One viewer's bounded queue. A viewer that reads too slowly is cut: what it has not read is
    dropped (counted in `skipped`) and it goes on at the next key frame."""

    def __init__(self, notify: Callable[[], None], leave: Callable[[Subscription], None]) -> None:
        self._notify = notify
        self._leave = leave
        self._lock = threading.Lock()
        self._items: deque[LiveItem] = deque()
        self._since: deque[float] = deque()  # when each item was queued, monotonic seconds
        self._bytes = 0
        self._awaits_key = True
        self.skipped = 0

    def drain(self) -> list[LiveItem]:
        """Everything queued, in order; empty when there is nothing."""
        with self._lock:
            items = list(self._items)
            self._keep([])
        return items

    def take(self) -> LiveItem | None:
        """The oldest thing queued, or None. What is not taken yet may still be dropped."""
        with self._lock:
            if not self._items:
                return None
            self._since.popleft()
            item = self._items.popleft()
            if isinstance(item, LiveChunk):
                self._bytes -= len(item.data)
        return item

    @property
    def waiting(self) -> bool:
        """Whether `drain` has something to give."""
        return bool(self._items)

    def close(self) -> None:
        """The viewer leaves; nothing comes any more."""
        self._leave(self)

    def put(self, item: LiveItem) -> None:
        """Called by the camera only, in the engine's thread and under the camera's lock: `notify` must
        not block or call back."""
        with self._lock:
            if isinstance(item, LiveChunk):
                if not self._accepts(item):
                    return
                self._bytes += len(item.data)
            elif isinstance(item, LiveInit):
                self._awaits_key = True
            was_empty = not self._items
            self._items.append(item)
            self._since.append(time.monotonic())
        if was_empty:
            self._notify()

    def _accepts(self, item: LiveChunk) -> bool:
        full = self._bytes + len(item.data) > MAX_QUEUED_BYTES or len(self._items) >= MAX_QUEUED_CHUNKS
        late = bool(self._since) and time.monotonic() - self._since[0] > MAX_QUEUED_S
        if full or late:
            kept = [queued for queued in self._items if not isinstance(queued, LiveChunk)]
            self.skipped += len(self._items) - len(kept)
            self._keep(kept[-4:])
            self._awaits_key = True
        if self._awaits_key and not item.key:
            self.skipped += 1
            return False
        self._awaits_key = False
        return True

    def _keep(self, items: Sequence[LiveItem]) -> None:
        """Under the lock: only these stay queued, and none of them is a chunk."""
        self._items = deque(items)
        self._since = deque([time.monotonic()] * len(items))
        self._bytes = 0


class LiveCamera:
    """The live end of one camera. `push` and `begin` belong to the engine's thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._init: LiveInit | None = None
        self._state = LiveState(False, "connecting")
        self._gop: list[Sample] = []
        self._gop_bytes = 0
        self._whole = False  # the GOP in memory begins with its key frame and lacks nothing
        self._showing = False  # no frame is missing since the last key frame
        self._origin = 0
        self._number = 0
        self._newest: Sample | None = None  # waits for the next frame, which tells how long it lasts
        self._duration = 1  # the usual length of a frame, for the last one before a pause
        self._born_s: float | None = None
        self._subscriptions: list[Subscription] = []

    @property
    def watched(self) -> bool:
        return bool(self._subscriptions)

    def begin(self, init: bytes, facts: CodecFacts, first: Sample) -> None:
        """A new connection, or new parameter sets; `first` is the key frame that comes next.

        Live time goes on in recorder time over reconnects, so that one player can show both.
        """
        with self._lock:
            self._hand_on(self._duration)
            if self._born_s is None:
                self._born_s = first.recorder_s
            elapsed = max(first.recorder_s - self._born_s, 0.0)
            self._origin = first.dts - int(elapsed * CLOCK_HZ)
            self._init = LiveInit(init, facts)
            self._forget()
            self._newest = None
            self._state = LiveState(True, "")
            for subscription in self._subscriptions:
                subscription.put(self._state)
                subscription.put(self._init)

    def push(self, sample: Sample, duration: int) -> None:
        """The next frame, which lets the one before go out with its true length.

        A guess would do until a camera skips a frame: Media Source Extensions take decode times further
        apart than twice the last length for a break, and then show nothing up to the next key frame.
        """
        with self._lock:
            newest = self._newest
            if newest is not None:
                self._hand_on(duration if sample.damaged else sample.dts - newest.dts)
            self._duration = duration
            if sample.key:
                self._gop, self._gop_bytes = [], 0
                self._whole = self._showing = True
            elif sample.damaged:
                self._whole = self._showing = False
            if self._whole:
                self._remember(sample)
            self._newest = sample if self._showing else None

    def _hand_on(self, duration: int) -> None:
        newest, self._newest = self._newest, None
        if newest is not None and self._subscriptions:
            item = self._pack(newest, duration)
            for subscription in self._subscriptions:
                subscription.put(item)

    def _remember(self, sample: Sample) -> None:
        self._gop.append(sample)
        self._gop_bytes += len(sample.data)
        if self._gop_bytes > MAX_GOP_BYTES or len(self._gop) > MAX_GOP_FRAMES:
            self._forget()

    def _forget(self) -> None:
        self._gop, self._gop_bytes = [], 0
        self._whole = False

    def pause(self, reason: str) -> None:
        """No frames for now. The last GOP is forgotten: nobody is shown old pictures as live ones."""
        with self._lock:
            self._hand_on(self._duration)
            self._forget()
            self._showing = False
            self._init = None
            self._state = LiveState(False, reason)
            for subscription in self._subscriptions:
                subscription.put(self._state)

    def subscribe(self, notify: Callable[[], None], left: Callable[[], None]) -> Subscription:
        """A viewer that starts at once, from the last key frame in memory. `left` is called when it
        closes."""

        def leave(subscription: Subscription) -> None:
            with self._lock:
                if subscription in self._subscriptions:
                    self._subscriptions.remove(subscription)
            left()

        subscription = Subscription(notify, leave)
        with self._lock:
            subscription.put(self._state)
            if self._init is not None:
                subscription.put(self._init)
            for sample, following in pairwise(self._gop):
                subscription.put(self._pack(sample, following.dts - sample.dts))
            self._subscriptions.append(subscription)
        return subscription

    def _pack(self, sample: Sample, duration: int) -> LiveChunk:
        self._number += 1
        return LiveChunk(chunk(self._number, sample, self._origin, duration), sample.key, sample.recorder_s)
