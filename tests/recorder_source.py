"""A source of video for recorder tests whose every byte and time is known: clips, a scripted camera that
speaks RTSP without sockets, and a sink that keeps segments in memory.
"""

from __future__ import annotations

import base64
import hashlib
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np

from evidence.recorder.camera import Camera, CameraSpec
from evidence.recorder.capture import Capture, Clocks
from evidence.recorder.fragments import CodecFacts
from evidence.recorder.segment import CameraClock
from evidence.recorder.states import CloseReason, Gap

REAL_CLIPS = Path(__file__).resolve().parents[2] / "shared" / "video"
EPOCH_S = datetime(2026, 11, 22, 15, 0, 30, tzinfo=UTC).timestamp()
URL = "rtsp://127.0.0.1:8554/corner"
MTU = 1400


@dataclass(frozen=True)
class Unit:
    """One coded picture: NAL units without start codes; times in 90 kHz ticks from the first dts."""

    nals: tuple[bytes, ...]
    pts: int
    dts: int
    key: bool


@dataclass(frozen=True)
class Clip:
    """A coded clip in decode order; `pictures` are (ticks from the first shown, hash) in display order."""

    units: tuple[Unit, ...]
    sps: bytes
    pps: bytes
    pictures: tuple[tuple[int, str], ...]


def encode(
    path: Path, *, frames: int = 60, rate: int = 10, gop: int = 10, b_frames: int = 0,
    size: tuple[int, int] = (160, 96), options: dict[str, str] | None = None,
) -> Path:  # fmt: skip
    """A moving test picture, coded by x264."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.options = {
            "g": str(gop), "bf": str(b_frames), "preset": "veryfast", "threads": "1",
            "x264-params": "scenecut=0:b-adapt=0", **(options or {}),
        }  # fmt: skip
        generator = np.random.default_rng(7)
        noise = generator.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
        for number in range(frames):
            picture = np.roll(noise, number * 3, axis=1) // 2
            picture[:, : 2 + number % size[0]] += 60
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def read_clip(path: Path) -> Clip:
    """Demuxes a clip (avcC or Annex B inside) and hashes its decoded pictures."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        packets = [packet for packet in container.demux(video) if packet.size]
        extradata = video.codec_context.extradata or b""
        base = video.time_base or Fraction(1, 90_000)
    sps, pps = _parameter_sets(extradata)
    first = min(int((packet.dts or 0) * base * 90_000) for packet in packets)
    units = tuple(
        Unit(
            tuple(_nal_units(bytes(packet))),
            int((packet.pts or 0) * base * 90_000) - first,
            int((packet.dts or 0) * base * 90_000) - first,
            packet.is_keyframe,
        )
        for packet in packets
    )
    return Clip(units, sps, pps, tuple(pictures(path.read_bytes())))


def pictures(data: bytes) -> list[tuple[int, str]]:
    """(ticks from the first, hash) of each decoded picture, in display order."""
    with av.open(BytesIO(data), "r") as container:
        video = container.streams.video[0]
        base = video.time_base or Fraction(1, 90_000)
        found = [
            (
                round((frame.pts or 0) * base * 90_000),
                hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest(),
            )
            for frame in container.decode(video)
        ]
    return [(at - found[0][0], digest) for at, digest in found]


def _nal_units(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 4 + size]
        at += 4 + size


def _parameter_sets(avcc: bytes) -> tuple[bytes, bytes]:
    (sps_size,) = struct.unpack_from(">H", avcc, 6)
    sps = avcc[8 : 8 + sps_size]
    (pps_size,) = struct.unpack_from(">H", avcc, 9 + sps_size)
    return sps, avcc[11 + sps_size : 11 + sps_size + pps_size]


def payloads(nal: bytes, mtu: int = MTU) -> Iterator[bytes]:
    """RTP payloads of one NAL unit: alone, or in FU-A pieces (RFC 6184, 5.6 and 5.8)."""
    if len(nal) <= mtu:
        yield nal
        return
    indicator, kind, body = nal[0] & 0xE0 | 28, nal[0] & 0x1F, nal[1:]
    step = mtu - 2
    for at in range(0, len(body), step):
        flags = (0x80 if at == 0 else 0) | (0x40 if at + step >= len(body) else 0)
        yield bytes((indicator, flags | kind)) + body[at : at + step]


class Wire:
    """Packs RTP packets and sender reports as a camera does, in interleaved frames."""

    def __init__(self, *, payload_type: int = 96, sequence: int = 65_000, base: int = 0xFFFF_0000) -> None:
        self.payload_type, self.sequence, self.base = payload_type, sequence, base

    def packet(self, payload: bytes, ticks: int, marker: bool) -> bytes:
        header = struct.pack(
            ">BBHII", 0x80, (0x80 if marker else 0) | self.payload_type, self.sequence & 0xFFFF,
            (self.base + ticks) & 0xFFFF_FFFF, 0x1234,
        )  # fmt: skip
        self.sequence += 1
        return interleaved(0, header + payload)

    def unit(self, nals: Iterable[bytes], ticks: int) -> list[bytes]:
        pieces = [piece for nal in nals for piece in payloads(nal)]
        return [self.packet(piece, ticks, number == len(pieces) - 1) for number, piece in enumerate(pieces)]

    def report(self, camera_s: float, ticks: int) -> bytes:
        ntp = camera_s + 2_208_988_800
        return interleaved(1, struct.pack(
            ">BBHIIIIII", 0x80, 200, 6, 0x1234, int(ntp), int(ntp % 1 * 2**32),
            (self.base + ticks) & 0xFFFF_FFFF, 0, 0,
        ))  # fmt: skip


def interleaved(channel: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0x24, channel, len(payload)) + payload


def sdp_of(clip: Clip, *, sound: bool = False, sprop: bool = True) -> str:
    sets = ",".join(base64.b64encode(nal).decode() for nal in (clip.sps, clip.pps))
    lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=corner", "t=0 0", "a=control:*"]
    if sound:
        lines += ["m=audio 0 RTP/AVP 97", "a=rtpmap:97 MPEG4-GENERIC/16000/1", "a=control:trackID=2"]
    lines += ["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000"]
    lines.append("a=fmtp:96 packetization-mode=1" + (f";sprop-parameter-sets={sets}" if sprop else ""))
    return "\r\n".join([*lines, "a=control:trackID=1", ""])


def answer(request: bytes, sdp: str, *, extra: dict[str, str] | None = None) -> bytes:
    """What an obliging camera answers."""
    method = request.split(b" ", 1)[0].decode()
    sequence = re.search(rb"CSeq: (\d+)", request)
    lines = ["RTSP/1.0 200 OK", f"CSeq: {int(sequence[1]) if sequence else 0}"]
    body = ""
    if method == "OPTIONS":
        lines.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER")
    elif method == "DESCRIBE":
        body = sdp
        lines += [f"Content-Base: {URL}/", "Content-Type: application/sdp", f"Content-Length: {len(sdp)}"]
    elif method == "SETUP":
        lines += ["Session: 12345678;timeout=30", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"]
    lines += [f"{name}: {value}" for name, value in (extra or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


@dataclass
class KeptSegment:
    """A segment in memory; also its handle."""

    camera: str
    start: datetime
    init: bytes
    facts: CodecFacts
    clock: CameraClock | None
    fragments: list[tuple[bytes, datetime, float, bool]] = field(default_factory=list)
    closed: CloseReason | None = None
    failure: Exception | None = None

    def append(self, fragment: bytes, starts_at: datetime, duration_s: float, key: bool) -> None:
        assert self.closed is None
        if self.failure is not None:
            raise self.failure
        self.fragments.append((bytes(fragment), starts_at, duration_s, key))

    def close(self, reason: CloseReason) -> None:
        assert self.closed is None
        self.closed = reason

    @property
    def bytes(self) -> bytes:
        return self.init + b"".join(fragment for fragment, _, _, _ in self.fragments)

    @property
    def ends_s(self) -> float:
        _, starts_at, duration_s, _ = self.fragments[-1]
        return starts_at.timestamp() + duration_s


class MemorySink:
    """Keeps everything; `failing` makes it refuse as a full disk does."""

    def __init__(self) -> None:
        self.segments: list[KeptSegment] = []
        self.failing = False

    def open(
        self, camera: str, start: datetime, init: bytes, facts: CodecFacts, clock: CameraClock | None
    ) -> KeptSegment:
        if self.failing:
            raise OSError("No space left on device")
        self.segments.append(KeptSegment(camera, start, init, facts, clock))
        return self.segments[-1]

    def pictures(self) -> list[str]:
        """Hashes of all pictures of all segments, in order."""
        return [digest for segment in self.segments for _, digest in pictures(segment.bytes)]


class Rig:
    """A capture without a socket, on a clock that moves only when told."""

    def __init__(self, clip: Clip, *, sound: bool = False, sprop: bool = True) -> None:
        self.sdp = sdp_of(clip, sound=sound, sprop=sprop)
        self.clip = clip
        self.sink = MemorySink()
        self.gaps: list[Gap] = []
        self.clocks = Clocks(monotonic_s=1000.0, utc_ahead_s=EPOCH_S - 1000.0)
        self.camera = Camera(CameraSpec("corner", URL), self.sink, self.gaps.append)
        self.camera.added(EPOCH_S)
        self.requests: list[bytes] = []
        self.connect()

    def connect(self) -> None:
        self.capture = Capture(self.camera, URL, self.clocks, lambda: 0.0)
        self.wire = Wire()
        self._buffer = bytearray(1 << 21)
        self._held = 0
        while self.capture.playing_since_s is None:
            request = bytes(self.capture.client.outgoing)
            assert request, "the client waits for nothing"
            self.capture.client.outgoing.clear()
            self.requests.append(request)
            self.feed(answer(request, self.sdp))

    def feed(self, data: bytes) -> None:
        """Bytes of the camera, as one read."""
        end = self._held + len(data)
        self._buffer[self._held : end] = data
        used = self.capture.receive(self._buffer, end)
        self._held = end - used
        self._buffer[: self._held] = self._buffer[used:end]

    def play(self, units: Iterable[Unit], *, shift: int = 0, drop: set[int] | None = None) -> None:
        """Sends units when an encoder would have them ready, never before they were taken; `drop` names
        packets (counted) to leave out."""
        units = list(units)
        began_s = self.clocks.monotonic_s - units[0].pts / 90_000
        number = 0
        for unit in units:
            self.clocks.monotonic_s = max(began_s + unit.pts / 90_000, self.clocks.monotonic_s)
            for packet in self.wire.unit(unit.nals, unit.pts + shift):
                if not drop or number not in drop:
                    self.feed(packet)
                number += 1

    @property
    def now_s(self) -> float:
        return self.clocks.monotonic_s + self.clocks.utc_ahead_s
