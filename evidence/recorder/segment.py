"""Segments: fragments of one camera in order, cut at key frames near the UTC minute.

Where the bytes go is behind `SegmentSink`; the vault writes them, tests keep them in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from evidence.recorder.fragments import CodecFacts, Sample, fragment
from evidence.recorder.states import CloseReason, SinkFailed
from evidence.recorder.timeline import CLOCK_HZ
from rtcc.logs import log

SEGMENT_S = 60
SHORTEST_S = 5.0
"""A recording that starts just before a minute is not cut there."""

FRAGMENT_LIMIT_S = 6.0
FRAGMENT_LIMIT_BYTES = 8 * 1024 * 1024
"""A GOP longer than this is kept in several fragments, so that memory and loss at a kill are bounded."""

HELD_LIMIT = 16
"""Fragments that may wait until the time of the first frame is certain."""

SLEW_S = 0.5
"""How much a segment's start may be moved from the end of the one before, to follow drift."""
STEP_S = 2.0
"""A difference above this is no drift but a step of the recorder's clock."""

_log = log("recorder")


@dataclass(frozen=True, slots=True)
class CameraClock:
    """Camera time minus recorder time, by RTCP sender reports, and how wrong that may be (seconds)."""

    offset_s: float
    error_s: float


class SegmentHandle(Protocol):
    """An open segment. Its methods raise SinkFailed or OSError when the bytes can't be kept."""

    def append(self, fragment: bytes, starts_at: datetime, duration_s: float, key: bool) -> None:
        """The next whole fragment; `key`: it begins with a key frame and nothing before it is needed."""

    def close(self, reason: CloseReason) -> None:
        """No more fragments come."""


class SegmentSink(Protocol):
    """Where segments go."""

    def open(
        self, camera: str, start: datetime, init: bytes, facts: CodecFacts, clock: CameraClock | None
    ) -> SegmentHandle:
        """A new segment; `init` (ftyp + moov) is its first bytes, the first fragment follows at once."""


class StreamTime(Protocol):
    """What a connection knows of recorder time."""

    def recorder_s(self, timestamp: int) -> float:
        """Recorder time (Unix seconds) of a presentation time stamp, as well as it is known by now."""

    @property
    def settled(self) -> bool:
        """Whether that will hardly change any more."""


def instant(seconds: float) -> datetime:
    """A UTC instant of Unix seconds."""
    return datetime.fromtimestamp(seconds, UTC)


class SegmentRecorder:
    """Makes one camera's frames into segments. Times of a segment run on without holes: each fragment
    starts where the one before ended, by the camera's time stamps; drift is taken up where segments meet.
    """

    def __init__(self, camera: str, sink: SegmentSink, on_start: Callable[[float], None]) -> None:
        self._camera = camera
        self._sink = sink
        self._on_start = on_start
        self._handle: SegmentHandle | None = None
        self._init = b""
        self._facts: CodecFacts | None = None
        self._time: StreamTime | None = None
        self._pending: list[Sample] = []
        self._pending_bytes = 0
        self._number = 0
        self._origin = 0
        self._zero_pts = 0
        self._start_s = 0.0
        self._next_start_s: float | None = None
        self._held: list[tuple[list[Sample], Sample]] = []
        self._unkept_s = 0.0  # recorder time of the oldest frame in memory
        self._announces = False  # `on_start` is owed once the first fragment is kept
        self.clock: CameraClock | None = None
        self.ended_s: float | None = None
        """Where kept footage ends so far, Unix seconds."""

    def begin(self, init: bytes, facts: CodecFacts, time: StreamTime, first: Sample, same: bool) -> None:
        """Frames from here need this init segment; `same`: it is the same connection, and the time stamps
        go on from the frames before."""
        try:
            if same:
                self._flush(first, cut=CloseReason.STREAM_CHANGED)
        finally:
            self._init, self._facts, self._time = init, facts, time

    def frame(self, sample: Sample) -> None:
        """The next frame in decode order. Raises SinkFailed or OSError."""
        pending = self._pending
        if pending and (
            sample.key
            or self._pending_bytes + len(sample.data) > FRAGMENT_LIMIT_BYTES
            or sample.dts - pending[0].dts > FRAGMENT_LIMIT_S * CLOCK_HZ
            or sample.damaged is not pending[-1].damaged
        ):
            self._flush(sample, cut=CloseReason.MINUTE if sample.key else None)
        if not self._pending and not self._held:
            self._unkept_s = sample.recorder_s
        self._pending.append(sample)
        self._pending_bytes += len(sample.data)

    def end(self, reason: CloseReason, frame_ticks: int) -> None:
        """Keeps what is there and closes. Raises SinkFailed or OSError."""
        if self._pending:
            last = self._pending[-1]
            newest = max(sample.pts for sample in self._pending)
            after = Sample(b"", last.dts + frame_ticks, newest + frame_ticks, False, False, 0.0)
            self._flush(after, cut=reason)
        self._close(reason)
        self._next_start_s = None

    def abandon(self) -> float:
        """The sink failed: frames not kept are forgotten, and the segment ends where it is. Returns from
        when on footage is missing, Unix seconds."""
        handle = self._handle
        self.forget()
        try:
            if handle is not None:
                handle.close(CloseReason.STORAGE_FAILED)
        except (SinkFailed, OSError) as error:
            _log.error("segment_left_open", camera=self._camera, error=str(error))
        ended_s = self.ended_s
        return self._unkept_s if ended_s is None or abs(self._unkept_s - ended_s) > STEP_S else ended_s

    def forget(self) -> None:
        """Lets go of the segment and of what waits in memory, without a word to the sink."""
        self._handle = None
        self._next_start_s = None
        self._held = []
        self._clear()

    def _flush(self, following: Sample, cut: CloseReason | None) -> None:
        """Ends the pending fragment where the following frame starts, and keeps it. While it is not yet
        certain when the first frames of a connection were taken, fragments wait in memory."""
        if not self._pending:
            return
        self._held.append((self._pending, following))
        self._clear()
        if cut in (None, CloseReason.MINUTE) and self._waits():
            return
        held, self._held = self._held, []
        for samples, after in held:
            self._keep(samples, after, cut if after is following else None)

    def _waits(self) -> bool:
        """Whether the next segment can't be opened yet for want of a certain time."""
        if self._handle is not None or self._next_start_s is not None or self._time is None:
            return False
        return not self._time.settled and len(self._held) < HELD_LIMIT

    def _keep(self, samples: list[Sample], following: Sample, cut: CloseReason | None) -> None:
        first = samples[0]
        handle = self._handle or self._open(first)
        starts_s = self._start_s + (first.pts - self._zero_pts) / CLOCK_HZ
        ends_s = max(self._start_s + (following.pts - self._zero_pts) / CLOCK_HZ, starts_s)
        cut = self._cut_now(cut, ends_s)
        if cut in (CloseReason.MINUTE, CloseReason.STREAM_CHANGED):
            ends_s = self._meet(following, starts_s, ends_s)
        self._number += 1
        data = fragment(self._number, samples, self._origin, following.dts, starts_s)
        handle.append(data, instant(starts_s), ends_s - starts_s, first.key)
        self.ended_s = ends_s
        if self._announces:
            self._announces = False
            self._on_start(self._start_s)
        if cut:
            self._close(cut)

    def _clear(self) -> None:
        self._pending = []
        self._pending_bytes = 0

    def _cut_now(self, cut: CloseReason | None, ends_s: float) -> CloseReason | None:
        if cut is not CloseReason.MINUTE:
            return cut
        next_minute = ends_s // SEGMENT_S > self._start_s // SEGMENT_S
        return cut if next_minute and ends_s - self._start_s >= SHORTEST_S else None

    def _meet(self, following: Sample, starts_s: float, ends_s: float) -> float:
        """The instant where this segment ends and the next one starts: recorder time of the next key
        frame, as far as drift explains it."""
        wanted_s = self._time.recorder_s(following.pts) if self._time else ends_s
        if abs(wanted_s - ends_s) > STEP_S:
            self._next_start_s = None
            return ends_s
        reach_s = min(SLEW_S, (ends_s - starts_s) / 2)
        ends_s += min(max(wanted_s - ends_s, -reach_s), reach_s)
        self._next_start_s = ends_s
        return ends_s

    def _open(self, first: Sample) -> SegmentHandle:
        if self._facts is None or self._time is None:
            raise RuntimeError("frames came before their stream began")
        start_s = self._next_start_s
        self._announces = start_s is None
        if start_s is None:
            start_s = self._time.recorder_s(first.pts)
            if self.ended_s is not None and self.ended_s - STEP_S < start_s < self.ended_s:
                start_s = self.ended_s
        self._handle = self._sink.open(self._camera, instant(start_s), self._init, self._facts, self.clock)
        self._start_s, self._zero_pts, self._origin = start_s, first.pts, first.dts
        self._number = 0
        return self._handle

    def _close(self, reason: CloseReason) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.close(reason)
