"""One connection from bytes to frames: RTSP, RTP, access units, time. Sans-io; the engine owns the socket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from evidence.recorder import h264, rtp, sps
from evidence.recorder.auth import Authenticator
from evidence.recorder.camera import Camera
from evidence.recorder.client import Client, TakeVideo
from evidence.recorder.fragments import CodecFacts, Sample, init_segment
from evidence.recorder.rtsp import Framer, Message
from evidence.recorder.segment import CameraClock
from evidence.recorder.states import GapReason, ProtocolError
from evidence.recorder.timeline import Timeline

SUPPORTED = frozenset({"H264"})
"""Codecs by their rtpmap name. Another one needs a depacketiser, its parameter sets and a sample entry."""

HANDSHAKE_S = 10.0
SILENCE_S = 10.0
KEY_FRAME_S = 120.0
CLOCK_REPORTS = 8


@dataclass(slots=True)
class Clocks:
    """The recorder's clocks at the time of the present read; the engine sets them before each."""

    monotonic_s: float = 0.0
    utc_ahead_s: float = 0.0
    """UTC (Unix seconds) minus monotonic."""


@dataclass(slots=True)
class _ClockReports:
    """Newest camera clock offsets. Delay makes each too small, so the largest is the best and their
    spread says how wrong it may be."""

    offsets: list[float] = field(default_factory=list)

    def add(self, offset_s: float, reading_s: float) -> CameraClock:
        self.offsets = [*self.offsets[1 - CLOCK_REPORTS :], offset_s]
        best = max(self.offsets)
        return CameraClock(best, best - min(self.offsets) + reading_s)


class Capture:
    """Feeds one camera from one connection. Methods raise ProtocolError when the connection must end."""

    def __init__(self, camera: Camera, url: str, clocks: Clocks, reading_s: Callable[[], float]) -> None:
        spec = camera.spec
        authenticator = Authenticator(spec.credentials, allow_basic=spec.allow_basic)
        self.client = Client(url, authenticator, SUPPORTED)
        self.framer = Framer(self._message)
        self.playing_since_s: float | None = None
        self._camera = camera
        self._clocks = clocks
        self._reading_s = reading_s
        self._reports = _ClockReports()
        self._parameters = h264.ParameterSets()
        self._units = h264.Depacketiser(self._parameters, self._unit)
        self._receiver = rtp.Receiver(0, self._units)
        self._timeline = Timeline(None, None)
        self._version = -1  # of the parameter sets the stream under way began with; -1 before it does
        self._losses = (0, 0, 0)
        self._started_s = self._heard_s = self._key_s = self._alive_s = clocks.monotonic_s
        self.client.start()

    def receive(self, buffer: bytearray, end: int) -> int:
        """Reads buffer[:end]; returns how much was used."""
        self._heard_s = self._clocks.monotonic_s
        return self.framer.feed(buffer, end)

    def check(self) -> None:
        """Time passes: keep-alive, and what has taken too long. Called a few times a second."""
        now = self._clocks.monotonic_s
        if self.playing_since_s is None:
            if now - self._started_s > HANDSHAKE_S:
                raise ProtocolError("the camera did not answer in time", GapReason.TIMEOUT)
            return
        if now - self._heard_s > SILENCE_S:
            raise ProtocolError("the camera fell silent", GapReason.TIMEOUT)
        if now - self._key_s > KEY_FRAME_S:
            raise ProtocolError("the camera sends no key frame", GapReason.NO_KEY_FRAME)
        if now - self._alive_s >= self.client.keep_alive_every_s:
            self._alive_s = now
            self.client.keep_alive()

    def _message(self, message: Message) -> None:
        self.client.received(message)
        wish = self.client.wish
        if isinstance(wish, TakeVideo):
            self.client.wish = None
            self._take(wish)

    def _take(self, video: TakeVideo) -> None:
        video.media.packetization_mode()
        for nal in video.media.parameter_sets():
            self._parameters.take(nal)
        ticks = video.media.frames_per_second and int(90_000 / video.media.frames_per_second)
        self._timeline = Timeline(ticks or None, None)
        self._receiver = rtp.Receiver(video.media.payload_type, self._units)
        self.framer.sinks[video.channel] = self._receiver.packet
        self.framer.sinks[video.rtcp_channel] = self._control
        self.playing_since_s = self._key_s = self._alive_s = self._clocks.monotonic_s

    def _control(self, buffer: bytearray, start: int, stop: int) -> None:
        report = rtp.parse_rtcp(buffer, start, stop)
        if report is not None:
            recorder_s = self._clocks.monotonic_s + self._clocks.utc_ahead_s
            offset_s = report.camera_time_s - recorder_s
            self._camera.clock_measured(self._reports.add(offset_s, self._reading_s()))

    def _unit(self, data: bytearray, timestamp: int, key: bool, damaged: bool) -> None:
        """A whole access unit. Those before the first key frame are of no use to anybody."""
        version = self._parameters.version
        if key and version != self._version:
            if not self._parameters.complete:
                return
        elif self._version < 0:
            return
        timeline = self._timeline
        parameters = sps.parse(self._parameters.sequence[0]) if key and version != self._version else None
        if parameters is not None:
            timeline.expect(parameters.frame_ticks, parameters.reorder_frames)
        now = self._clocks.monotonic_s
        dts = timeline.stamp(timestamp, now)
        sample = Sample(data, dts, timestamp, key, damaged, self.recorder_s(timestamp))
        if parameters is not None:
            self._begin(parameters, sample)
        if key:
            self._key_s = now
        self._camera.frame(sample, timeline.frame_ticks, self._lossy())

    def _begin(self, parameters: sps.SequenceParameters, first: Sample) -> None:
        init = init_segment(parameters, self._parameters.sequence, self._parameters.picture)
        same, self._version = self._version >= 0, self._parameters.version
        self._camera.begin(init, CodecFacts.of(parameters), self, first, same)

    def recorder_s(self, timestamp: int) -> float:
        """Recorder time (Unix seconds) of a frame, as well as it is known by now (`StreamTime`)."""
        return self._timeline.arrived_s(timestamp) + self._clocks.utc_ahead_s

    @property
    def settled(self) -> bool:
        return self._timeline.settled

    def _lossy(self) -> bool:
        """Whether anything was lost since the last frame; adds it to the camera's statistics."""
        receiver, units = self._receiver, self._units
        losses = (receiver.lost_packets, receiver.malformed_packets, units.dropped_units)
        if losses == self._losses:
            return False
        statistics = self._camera.statistics
        statistics.lost_packets += losses[0] - self._losses[0]
        statistics.malformed_packets += losses[1] - self._losses[1]
        statistics.dropped_frames += losses[2] - self._losses[2]
        self._losses = losses
        return True
