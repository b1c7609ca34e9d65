"""A loop: the coded pictures (and sound) of one clip, read once and played without end.

Nothing is decoded. Times are RTP ticks from the first picture: 90 kHz for video (RFC 6184, 5.1),
the sample rate for AAC (RFC 3640, 3.3.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

VIDEO_HZ = 90_000
IDR, SPS, PPS = 5, 7, 8


class UnusableClip(ValueError):
    """The file has no H.264 video that starts with a key picture."""


@dataclass(frozen=True)
class AccessUnit:
    """One coded picture: its NAL units without start codes, in decode order."""

    nals: tuple[bytes, ...]
    pts: int
    """Presentation time in 90 kHz ticks; 0 is the first picture of the loop."""
    send: int
    """When an encoder would have it ready, in 90 kHz ticks; never before `pts`."""
    key: bool


@dataclass(frozen=True)
class SoundUnit:
    """One raw AAC access unit."""

    data: bytes
    pts: int
    """In samples from the first picture of the loop."""


@dataclass(frozen=True)
class Sound:
    """An AAC track; `config` is the AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1)."""

    units: tuple[SoundUnit, ...]
    config: bytes
    sample_hz: int
    channels: int


@dataclass(frozen=True)
class Loop:
    units: tuple[AccessUnit, ...]
    sps: bytes
    pps: bytes
    width: int
    height: int
    duration: int
    """Length in 90 kHz ticks: the first picture follows the last after exactly this long."""
    sound: Sound | None

    @property
    def frame_rate(self) -> Fraction:
        return Fraction(len(self.units) * VIDEO_HZ, self.duration)

    @property
    def bits_per_s(self) -> int:
        octets = sum(len(nal) for unit in self.units for nal in unit.nals)
        return octets * 8 * VIDEO_HZ // self.duration


def read_loop(path: Path) -> Loop:
    """Read an H.264 file. Raises `UnusableClip`, or `av.FFmpegError` where the file is not media."""
    with av.open(str(path)) as container:
        if not container.streams.video:
            raise UnusableClip(f"{path.name} has no video")
        video = container.streams.video[0]
        if video.codec_context.name != "h264":
            raise UnusableClip(f"{path.name} is {video.codec_context.name}, not H.264")
        audio = next((s for s in container.streams.audio if s.codec_context.name == "aac"), None)
        packets = [p for p in container.demux([s for s in (video, audio) if s]) if p.size]
        pictures = [p for p in packets if p.stream.type == "video"]
        extradata = video.codec_context.extradata or b""
        units, sps, pps, origin, duration = _pictures(pictures, extradata, path.name)
        sound = None
        if audio is not None:
            sound = _sound([p for p in packets if p.stream.type == "audio"], audio, origin, duration)
        return Loop(units, sps, pps, video.width, video.height, duration, sound)


def _pictures(
    packets: list[av.Packet[Any]], extradata: bytes, name: str
) -> tuple[tuple[AccessUnit, ...], bytes, bytes, Fraction, int]:
    """Pictures from the first key picture on, SPS, PPS, the second that is tick 0, the length in ticks."""
    first = next((i for i, p in enumerate(packets) if p.is_keyframe), None)
    if first is None:
        raise UnusableClip(f"{name} has no key picture")
    origin = _seconds(packets[first].pts, packets[first])
    # Pictures that lead the first key picture in presentation need one that is not in the loop.
    packets = [p for p in packets[first:] if _seconds(p.pts, p) >= origin]
    pts = [_ticks(_seconds(p.pts, p) - origin) for p in packets]
    dts = [_ticks(_seconds(p.dts if p.dts is not None else p.pts, p)) for p in packets]
    # A camera cannot send a picture before it was taken: the reorder delay makes every send >= pts.
    delay = max(p - (d - dts[0]) for p, d in zip(pts, dts, strict=True))
    nals = [tuple(split_nals(bytes(p), extradata)) for p in packets]
    sps, pps = _parameter_sets(extradata, nals, name)
    units = tuple(
        AccessUnit(
            with_parameter_sets(n, sps, pps) if p.is_keyframe else n, t, d - dts[0] + delay, p.is_keyframe
        )
        for n, p, t, d in zip(nals, packets, pts, dts, strict=True)
    )
    return units, sps, pps, origin, _duration(packets, pts)


def _duration(packets: list[av.Packet[Any]], pts: list[int]) -> int:
    last = max(range(len(pts)), key=pts.__getitem__)
    length = packets[last].duration
    tail = _ticks(length * _base(packets[last])) if length else round(pts[last] / max(1, len(pts) - 1))
    return pts[last] + tail


def _sound(packets: list[av.Packet[Any]], stream: Any, origin: Fraction, duration: int) -> Sound | None:
    hz = stream.codec_context.sample_rate
    config = bytes(stream.codec_context.extradata or b"")
    end = Fraction(duration, VIDEO_HZ)
    units = tuple(
        SoundUnit(bytes(p), round((_seconds(p.pts, p) - origin) * hz))
        for p in packets
        if 0 <= _seconds(p.pts, p) - origin < end
    )
    return Sound(units, config, hz, stream.codec_context.channels) if units and config else None


def split_nals(data: bytes, extradata: bytes) -> Iterator[bytes]:
    """NAL units of one packet: length-prefixed where `extradata` is an avcC record, else Annex B."""
    if extradata[:1] == b"\x01":
        size = (extradata[4] & 3) + 1
        at = 0
        while at + size <= len(data):
            length = int.from_bytes(data[at : at + size])
            yield data[at + size : at + size + length]
            at += size + length
    else:
        yield from split_annex_b(data)


def split_annex_b(data: bytes) -> Iterator[bytes]:
    """NAL units between start codes (ITU-T H.264, Annex B)."""
    start = data.find(b"\x00\x00\x01")
    while start >= 0:
        end = data.find(b"\x00\x00\x01", start + 3)
        # trailing_zero_8bits and the longer start code's first zero belong to no NAL unit.
        nal = data[start + 3 : end if end >= 0 else len(data)].rstrip(b"\x00")
        if nal:
            yield nal
        start = end


def _parameter_sets(extradata: bytes, units: list[tuple[bytes, ...]], name: str) -> tuple[bytes, bytes]:
    sets = list(_avcc_sets(extradata)) if extradata[:1] == b"\x01" else list(split_annex_b(extradata))
    for nal in [*sets, *units[0]]:
        if nal[0] & 31 == SPS:
            sps = nal
            break
    else:
        raise UnusableClip(f"{name} has no sequence parameter set")
    for nal in [*sets, *units[0]]:
        if nal[0] & 31 == PPS:
            return sps, nal
    raise UnusableClip(f"{name} has no picture parameter set")


def _avcc_sets(record: bytes) -> Iterator[bytes]:
    """Parameter sets of an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1)."""
    at = 5
    for mask in (31, 255):
        count = record[at] & mask
        at += 1
        for _ in range(count):
            length = int.from_bytes(record[at : at + 2])
            yield record[at + 2 : at + 2 + length]
            at += 2 + length


def with_parameter_sets(nals: tuple[bytes, ...], sps: bytes, pps: bytes) -> tuple[bytes, ...]:
    """Cameras repeat their parameter sets before each key picture, so that one can join there."""
    if any(nal[0] & 31 == SPS for nal in nals):
        return nals
    at = 1 if nals[0][0] & 31 == 9 else 0  # an access unit delimiter stays first (H.264, 7.4.1.2.3)
    return (*nals[:at], sps, pps, *nals[at:])


def _base(packet: av.Packet[Any]) -> Fraction:
    return Fraction(packet.time_base)


def _seconds(value: int | None, packet: av.Packet[Any]) -> Fraction:
    if value is None:
        raise UnusableClip("a picture has no presentation time")
    return value * _base(packet)


def _ticks(seconds: Fraction) -> int:
    return round(seconds * VIDEO_HZ)
