"""Fragmented MP4 of one H.264 track (ISO/IEC 14496-12 and 14496-15; CMAF, ISO/IEC 23000-19).

An init segment is ftyp + moov. A fragment is prft + moof + mdat, a chunk is moof + mdat; both hold whole
frames, in decode order, at 90 kHz.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from evidence.recorder.boxes import box, full_box
from evidence.recorder.sps import SequenceParameters
from evidence.recorder.timeline import CLOCK_HZ

TRACK = 1

_NTP_TO_UNIX_S = 2_208_988_800
_UNITY_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_KEY_FLAGS = 0x0200_0000  # depends on no other sample
_DELTA_FLAGS = 0x0101_0000  # depends on others, is no sync sample
_BASE_IS_MOOF = 0x02_0000
_TRUN_FLAGS = 0x0F01  # data offset; per sample: duration, size, flags, composition offset
_PRFT_CONSISTENT = 8  # the time is consistent throughout, not the encoder's own (14496-12, 8.16.5)
_CHUNK = struct.Struct(">I4s I4sII I4s I4sII I4sIQ I4sIIiIIIi I4s")
_MOOF_OF_ONE = _CHUNK.size - 8


class Sample:
    """One frame. Times are 90 kHz ticks of its connection; `data` is never changed again."""

    __slots__ = ("damaged", "data", "dts", "key", "pts", "recorder_s")

    def __init__(
        self, data: bytes | bytearray, dts: int, pts: int, key: bool, damaged: bool, recorder_s: float
    ) -> None:
        self.data = data
        self.dts = dts
        self.pts = pts
        self.key = key
        self.damaged = damaged
        self.recorder_s = recorder_s
        """Recorder time of the frame, Unix seconds."""


@dataclass(frozen=True, slots=True)
class CodecFacts:
    """What a player must know before the first frame."""

    codec: str
    width: int
    height: int
    profile_idc: int
    level_idc: int
    timescale: int = CLOCK_HZ

    @classmethod
    def of(cls, parameters: SequenceParameters) -> CodecFacts:
        p = parameters
        return cls(p.codec, p.width, p.height, p.profile_idc, p.level_idc)


def init_segment(parameters: SequenceParameters, sequence: list[bytes], picture: list[bytes]) -> bytes:
    """ftyp + moov for these parameter sets (`sequence[0]` is the one `parameters` was parsed from)."""
    ftyp = box(b"ftyp", b"iso6", struct.pack(">I", 0), b"iso6", b"mp41", b"cmfc")
    mvhd = full_box(
        b"mvhd", 0, struct.pack(">IIIIIHHII", 0, 0, CLOCK_HZ, 0, 0x10000, 0x0100, 0, 0, 0),
        _UNITY_MATRIX, bytes(24), struct.pack(">I", TRACK + 1),
    )  # fmt: skip
    trex = full_box(b"trex", 0, struct.pack(">IIIII", TRACK, 1, 0, 0, 0))
    trak = box(b"trak", _track_header(parameters), _media(parameters, sequence, picture))
    return ftyp + box(b"moov", mvhd, trak, box(b"mvex", trex))


def _track_header(parameters: SequenceParameters) -> bytes:
    aspect_x, aspect_y = parameters.sample_aspect or (1, 1)
    shown_width = min(parameters.width * aspect_x // aspect_y, 0xFFFF)
    return full_box(
        b"tkhd", 3, struct.pack(">IIIII", 0, 0, TRACK, 0, 0), bytes(8), struct.pack(">HHHH", 0, 0, 0, 0),
        _UNITY_MATRIX, struct.pack(">II", shown_width << 16, parameters.height << 16),
    )  # fmt: skip


def _media(parameters: SequenceParameters, sequence: list[bytes], picture: list[bytes]) -> bytes:
    undetermined = 0x55C4  # language "und"
    mdhd = full_box(b"mdhd", 0, struct.pack(">IIIIHH", 0, 0, CLOCK_HZ, 0, undetermined, 0))
    hdlr = full_box(b"hdlr", 0, struct.pack(">I4s", 0, b"vide"), bytes(12), b"camera\0")
    dinf = box(b"dinf", full_box(b"dref", 0, struct.pack(">I", 1), full_box(b"url ", 1)))
    entry = _sample_entry(parameters, sequence, picture)
    stbl = box(
        b"stbl", full_box(b"stsd", 0, struct.pack(">I", 1), entry),
        full_box(b"stts", 0, bytes(4)), full_box(b"stsc", 0, bytes(4)), full_box(b"stsz", 0, bytes(8)),
        full_box(b"stco", 0, bytes(4)),
    )  # fmt: skip
    minf = box(b"minf", full_box(b"vmhd", 1, bytes(8)), dinf, stbl)
    return box(b"mdia", mdhd, hdlr, minf)


def _sample_entry(parameters: SequenceParameters, sequence: list[bytes], picture: list[bytes]) -> bytes:
    p = parameters
    parts = [
        bytes(6), struct.pack(">H", 1), bytes(16), struct.pack(">HH", p.width, p.height),
        struct.pack(">IIIH", 0x480000, 0x480000, 0, 1), bytes(32), struct.pack(">Hh", 0x18, -1),
        box(b"avcC", _decoder_configuration(p, sequence, picture)),
    ]  # fmt: skip
    if p.sample_aspect:
        parts.append(box(b"pasp", struct.pack(">II", *p.sample_aspect)))
    return box(b"avc1", *parts)


def _decoder_configuration(p: SequenceParameters, sequence: list[bytes], picture: list[bytes]) -> bytes:
    """AVCDecoderConfigurationRecord (14496-15, 5.3.3.1): lengths of four bytes."""
    record = [bytes((1, p.profile_idc, p.constraints, p.level_idc, 0xFF, 0xE0 | len(sequence[:31])))]
    record += [struct.pack(">H", len(nal)) + nal for nal in sequence[:31]]
    record.append(bytes((len(picture[:255]),)))
    record += [struct.pack(">H", len(nal)) + nal for nal in picture[:255]]
    if p.profile_idc in (100, 110, 122, 144):
        chroma, luma_depth, chroma_depth = p.chroma_format_idc, p.bit_depth_luma - 8, p.bit_depth_chroma - 8
        record.append(bytes((0xFC | chroma, 0xF8 | luma_depth, 0xF8 | chroma_depth, 0)))
    return b"".join(record)


def fragment(number: int, samples: Sequence[Sample], origin: int, end_dts: int, recorder_s: float) -> bytes:
    """prft + moof + mdat of samples in decode order.

    `origin` is the connection tick that is zero in this segment; `end_dts` the next sample's decode
    time (or the guess of it), so that durations are exact; `recorder_s` the first sample's recorder
    time, Unix seconds.
    """
    first = samples[0]
    table: list[int] = []
    ends = [*(sample.dts for sample in samples[1:]), end_dts]
    for sample, end in zip(samples, ends, strict=True):
        flags = _KEY_FLAGS if sample.key else _DELTA_FLAGS
        table += (end - sample.dts, len(sample.data), flags, (sample.pts - sample.dts) & 0xFFFF_FFFF)
    trun_size = 20 + 4 * len(table)
    moof_size = 8 + 16 + 8 + 16 + 20 + trun_size
    version_and_flags = 1 << 24 | _TRUN_FLAGS
    form = f">I4sIIi{len(table)}I"
    trun = struct.pack(form, trun_size, b"trun", version_and_flags, len(samples), moof_size + 8, *table)
    tfhd = full_box(b"tfhd", _BASE_IS_MOOF, struct.pack(">I", TRACK))
    tfdt = full_box(b"tfdt", 1 << 24, struct.pack(">Q", first.dts - origin))
    moof = box(b"moof", full_box(b"mfhd", 0, struct.pack(">I", number)), box(b"traf", tfhd, tfdt, trun))
    frames = [sample.data for sample in samples]
    mdat = struct.pack(">I4s", 8 + sum(map(len, frames)), b"mdat")
    return b"".join([_reference_time(max(first.pts - origin, 0), recorder_s), moof, mdat, *frames])


def _reference_time(media_time: int, recorder_s: float) -> bytes:
    """prft (14496-12, 8.16.5): the recorder's time of a frame, so that exported bytes tell it themselves."""
    ntp = int((recorder_s + _NTP_TO_UNIX_S) * 2**32) & 0xFFFF_FFFF_FFFF_FFFF
    return full_box(b"prft", 1 << 24 | _PRFT_CONSISTENT, struct.pack(">IQQ", TRACK, ntp, media_time))


def chunk(number: int, sample: Sample, origin: int, duration: int) -> bytes:
    """moof + mdat of one frame; what a live viewer gets. Packed in one call: it runs for every frame."""
    size = len(sample.data)
    flags = _KEY_FLAGS if sample.key else _DELTA_FLAGS
    head = _CHUNK.pack(
        _MOOF_OF_ONE, b"moof", 16, b"mfhd", 0, number & 0xFFFF_FFFF, _MOOF_OF_ONE - 24, b"traf",
        16, b"tfhd", _BASE_IS_MOOF, TRACK, 20, b"tfdt", 1 << 24, sample.dts - origin,
        36, b"trun", 1 << 24 | _TRUN_FLAGS, 1, _MOOF_OF_ONE + 8,
        duration, size, flags, sample.pts - sample.dts, 8 + size, b"mdat",
    )  # fmt: skip
    return head + sample.data
