"""The index that makes native footage playable without touching it (ISO/IEC 14496-12).

A media file is `ftyp | mdat(native bytes of the vault, one after the other) | moov`. The recorder's own boxes
(prft, moof, mdat) lie untouched inside the one large mdat; the moov at the end, made for the export, points
at the frames in them. Players see one seekable film; a verifier sees the very bytes that were sealed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from evidence.recorder.boxes import StoredFragment, box, full_box, walk

TIMESCALE = 90_000
FTYP = box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isom", b"iso6", b"mp41")
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_NO_LANGUAGE = 0x55C4


def opening(native_bytes: int) -> bytes:
    """What stands before the native bytes; an mdat with a 64-bit size."""
    return FTYP + struct.pack(">I4sQ", 1, b"mdat", 16 + native_bytes)


@dataclass
class MediaIndex:
    """Collects frames, in order, and writes the moov. Times are ticks of 1/90,000 s from the file's start."""

    width: int
    height: int
    entries: list[bytes] = field(default_factory=list)
    _sizes: list[int] = field(default_factory=list)
    _times: list[int] = field(default_factory=list)
    _shifts: list[int] = field(default_factory=list)
    _sync: list[int] = field(default_factory=list)
    _chunks: list[tuple[int, int, int]] = field(default_factory=list)
    _last: int = 0

    def add(self, fragments: Iterable[StoredFragment], *, at: int, ticks: int, description: bytes) -> None:
        """Frames of one fragment whose bytes begin ``at`` in the file; ``ticks`` is the time of decode time
        zero of their segment; ``description`` their sample entry (avc1 box).
        """
        if description not in self.entries:
            self.entries.append(description)
        number = self.entries.index(description) + 1
        for fragment in fragments:
            if not fragment.samples:
                continue
            self._chunks.append((at + fragment.samples[0].start, len(fragment.samples), number))
            for sample in fragment.samples:
                earliest = self._times[-1] if self._times else 0
                self._times.append(max(earliest, ticks + sample.decode_time))
                self._sizes.append(sample.size)
                self._shifts.append(sample.composition_offset)
                self._last = sample.duration
                if sample.key:
                    self._sync.append(len(self._times))

    @property
    def duration(self) -> int:
        return self._times[-1] - self._times[0] + self._last if self._times else 0

    def moov(self) -> bytes:
        """The moov box: one video track."""
        mvhd = full_box(
            b"mvhd", 1 << 24, struct.pack(">QQIQ", 0, 0, TIMESCALE, self.duration),
            struct.pack(">IHHII", 0x10000, 0x0100, 0, 0, 0), _MATRIX, bytes(24), struct.pack(">I", 2),
        )  # fmt: skip
        tkhd = full_box(
            b"tkhd", 1 << 24 | 3, struct.pack(">QQIIQ", 0, 0, 1, 0, self.duration), bytes(8),
            bytes(8), _MATRIX, struct.pack(">II", self.width << 16, self.height << 16),
        )  # fmt: skip
        times = struct.pack(">QQIQHH", 0, 0, TIMESCALE, self.duration, _NO_LANGUAGE, 0)
        hdlr = full_box(b"hdlr", 0, struct.pack(">I4s", 0, b"vide"), bytes(12), b"camera\0")
        dinf = box(b"dinf", full_box(b"dref", 0, struct.pack(">I", 1), full_box(b"url ", 1)))
        minf = box(b"minf", full_box(b"vmhd", 1, bytes(8)), dinf, self._table())
        mdia = box(b"mdia", full_box(b"mdhd", 1 << 24, times), hdlr, minf)
        return box(b"moov", mvhd, box(b"trak", tkhd, mdia))

    def _table(self) -> bytes:
        durations = [b - a for a, b in zip(self._times, self._times[1:], strict=False)] + [self._last]
        chunks = [(number, count, entry) for number, (_, count, entry) in enumerate(self._chunks, start=1)]
        # stsc says from which chunk on how many frames there are and which description is theirs.
        runs = [next(group) for _, group in groupby(chunks, key=lambda chunk: chunk[1:])]
        return box(
            b"stbl",
            full_box(b"stsd", 0, struct.pack(">I", len(self.entries)), *self.entries),
            full_box(b"stts", 0, _pairs(durations)),
            full_box(b"ctts", 1 << 24, _pairs(self._shifts, signed=True)),
            full_box(b"stss", 0, _words(self._sync)),
            full_box(b"stsc", 0, struct.pack(">I", len(runs)), *(struct.pack(">III", *run) for run in runs)),
            full_box(b"stsz", 0, struct.pack(">I", 0), _words(self._sizes)),
            full_box(
                b"co64", 0, struct.pack(">I", len(self._chunks)),
                struct.pack(f">{len(self._chunks)}Q", *(offset for offset, _, _ in self._chunks)),
            ),
        )  # fmt: skip


def _words(values: Sequence[int]) -> bytes:
    return struct.pack(f">I{len(values)}I", len(values), *values)


def _pairs(values: Sequence[int], *, signed: bool = False) -> bytes:
    """Run lengths: how often, then which value."""
    runs = [(len(list(group)), value) for value, group in groupby(values)]
    form = ">Ii" if signed else ">II"
    return struct.pack(">I", len(runs)) + b"".join(struct.pack(form, *run) for run in runs)


def sample_entry(init: bytes) -> bytes:
    """The first sample entry of an init segment (ftyp and moov), as it stands there. Raises ProtocolError,
    ValueError.
    """
    path = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
    start, stop = 0, len(init)
    for kind in path:
        found = next(((c, e) for k, _, c, e in walk(init, start, stop) if k == kind), None)
        if found is None:
            raise ValueError(f"the init segment has no {kind!r}")
        start, stop = found
    # stsd is a full box with a count before its entries.
    _, first, _, end = next(walk(init, start + 8, stop))
    return init[first:end]
