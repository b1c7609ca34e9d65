"""One camera over all its connections: segments, live pictures, gaps, statistics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from evidence.recorder.auth import Credentials
from evidence.recorder.fragments import CodecFacts, Sample
from evidence.recorder.gaps import GapLedger, OnGap
from evidence.recorder.live import LiveCamera
from evidence.recorder.segment import CameraClock, SegmentRecorder, SegmentSink, StreamTime, instant
from evidence.recorder.states import CameraState, CloseReason, GapReason, SinkFailed
from evidence.recorder.timeline import CLOCK_HZ
from rtcc.logs import log

HOLE_S = 2.0
"""Frames further apart than this (and than four usual distances) are told as a gap."""
SINK_RETRY_S = 2.0

_log = log("recorder")


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """What the registry tells the recorder. `url` is rtsp:// without user information."""

    id: str
    url: str
    credentials: Credentials | None = field(default=None, repr=False)
    allow_basic: bool = True


@dataclass(slots=True)
class CameraStatistics:
    """Counted since the camera was added. Written by the engine's thread; read copies of it."""

    state: CameraState = CameraState.WAITING
    reason: GapReason | None = GapReason.CONNECTING
    detail: str = ""
    connections: int = 0
    bytes: int = 0
    frames: int = 0
    lost_packets: int = 0
    dropped_frames: int = 0
    malformed_packets: int = 0
    frames_per_second: float = 0.0
    bits_per_second: float = 0.0
    last_frame_at: datetime | None = None
    clock: CameraClock | None = None
    facts: CodecFacts | None = None


class Camera:
    """Takes frames of whatever connection stands. All methods belong to the engine's thread, except
    those of `live`."""

    def __init__(self, spec: CameraSpec, sink: SegmentSink, on_gap: OnGap) -> None:
        self.spec = spec
        self.live = LiveCamera()
        self.statistics = CameraStatistics()
        self._gaps = GapLedger(spec.id, on_gap)
        self._segments = SegmentRecorder(spec.id, sink, self._gaps.close)
        self._last: Sample | None = None
        self._frame_ticks = 1
        self._sink_failed_s: float | None = None
        self._counted = (0.0, 0, 0)

    def added(self, now_s: float) -> None:
        """Footage is expected from here."""
        self._counted = (now_s, 0, 0)
        self._gaps.open(GapReason.CONNECTING, now_s, "the camera is being connected")

    def begin(self, init: bytes, facts: CodecFacts, time: StreamTime, first: Sample, same: bool) -> None:
        """A stream starts, or goes on with other parameter sets (`same` connection), at this key frame."""
        self._guard_sink(lambda: self._segments.begin(init, facts, time, first, same), first.recorder_s)
        if not same:
            self._last = None
        self.live.begin(init, facts, first)
        self.statistics.facts = facts

    def frame(self, sample: Sample, frame_ticks: int, lossy: bool) -> None:
        """The next frame; `lossy`: something is missing directly before it."""
        self._note_missing(sample, lossy)
        self._frame_ticks = frame_ticks
        self._last = sample
        statistics = self.statistics
        statistics.frames += 1
        statistics.reason = None
        self.live.push(sample, frame_ticks)
        if self._sink_failed_s is not None and not self._sink_again(sample):
            return
        try:
            self._segments.frame(sample)
        except (SinkFailed, OSError) as error:
            self._storage_failed(error, sample.recorder_s)

    def clock_measured(self, clock: CameraClock) -> None:
        self._segments.clock = self.statistics.clock = clock

    def end(self, reason: GapReason, detail: str, now_s: float) -> None:
        """The connection ended, or none came about. What was received is kept; the gap starts where
        footage ends."""
        close = CloseReason.STOPPED if reason is GapReason.STOPPED else CloseReason.CONNECTION_ENDED
        had_frames, self._last = self._last is not None, None
        try:
            self._guard_sink(lambda: self._segments.end(close, self._frame_ticks), now_s)
        except Exception:  # noqa: BLE001 - logged; the line below says why
            # A fault of the sink must not keep this camera from ending, nor the others from going on.
            _log.exception("sink_error", camera=self.spec.id)
            self._segments.forget()
        self.statistics.reason, self.statistics.detail = reason, detail
        self.statistics.frames_per_second = self.statistics.bits_per_second = 0.0
        self.live.pause(reason.value)
        ended_s = self._segments.ended_s
        from_s = ended_s if had_frames and ended_s is not None and ended_s < now_s else now_s
        self._gaps.open(reason, from_s, detail)
        _log.info("camera_down", camera=self.spec.id, reason=reason.value, detail=detail)

    def count(self, now_s: float) -> None:
        """Refreshes the rates; called every few seconds."""
        then_s, frames, received = self._counted
        elapsed_s = now_s - then_s
        statistics = self.statistics
        if elapsed_s < 2:
            return
        statistics.frames_per_second = (statistics.frames - frames) / elapsed_s
        statistics.bits_per_second = 8 * (statistics.bytes - received) / elapsed_s
        self._counted = (now_s, statistics.frames, statistics.bytes)
        if self._last is not None:
            statistics.last_frame_at = instant(self._last.recorder_s)

    def _note_missing(self, sample: Sample, lossy: bool) -> None:
        last, frame_ticks = self._last, self._frame_ticks
        if last is None:
            return
        last_end_s = last.recorder_s + frame_ticks / CLOCK_HZ
        if lossy and sample.key:
            self._gaps.note(GapReason.LOST_PACKETS, last_end_s, sample.recorder_s, "packets are missing")
        elif sample.damaged and self._gaps.open_reason is None:
            self._gaps.open(GapReason.LOST_PACKETS, last_end_s, "packets are missing")
        if sample.key and self._gaps.open_reason is GapReason.LOST_PACKETS:
            self._gaps.close(sample.recorder_s)
        distance = sample.dts - last.dts
        if distance > HOLE_S * CLOCK_HZ and distance > 4 * frame_ticks:
            to_s = last.recorder_s + distance / CLOCK_HZ
            self._gaps.note(GapReason.STALLED, last_end_s, to_s, "the camera sent no frames")

    def _guard_sink(self, act: Callable[[], None], at_s: float) -> None:
        try:
            act()
        except (SinkFailed, OSError) as error:
            self._storage_failed(error, at_s)

    def _storage_failed(self, error: Exception, at_s: float) -> None:
        """Live pictures go on; the gap tells what is missing; the next key frame tries again."""
        from_s = min(self._segments.abandon(), at_s)
        if isinstance(error, SinkFailed) and error.kept_until is not None:
            from_s = min(from_s, error.kept_until.timestamp())
        self._sink_failed_s = at_s
        self._gaps.open(GapReason.STORAGE_FAILED, from_s, str(error))
        _log.error("storage_failed", camera=self.spec.id, error=str(error))

    def _sink_again(self, sample: Sample) -> bool:
        if not sample.key or sample.recorder_s < (self._sink_failed_s or 0.0) + SINK_RETRY_S:
            return False
        self._sink_failed_s = None
        return True
