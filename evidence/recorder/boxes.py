"""Boxes of ISO base media files (ISO/IEC 14496-12, 4.2): writing them, and reading fragments back."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from evidence.recorder.states import ProtocolError

MAX_BOXES = 100_000
MAX_SAMPLES = 100_000

_HEAD = struct.Struct(">I4s")
_NOT_SYNC = 0x1_0000


def box(kind: bytes, *parts: bytes | bytearray) -> bytes:
    """A box of these parts."""
    return _HEAD.pack(8 + sum(map(len, parts)), kind) + b"".join(parts)


def full_box(kind: bytes, version_and_flags: int, *parts: bytes) -> bytes:
    """A box that begins with one byte of version and three of flags."""
    return box(kind, struct.pack(">I", version_and_flags), *parts)


@dataclass(frozen=True, slots=True)
class StoredSample:
    """Where one frame stands in the bytes that were parsed, and its times in ticks."""

    start: int
    size: int
    decode_time: int
    duration: int
    composition_offset: int
    key: bool


@dataclass(frozen=True, slots=True)
class StoredFragment:
    """One moof with its mdat (and a prft before it); `start` and `stop` bound its bytes."""

    start: int
    stop: int
    decode_time: int
    samples: tuple[StoredSample, ...]

    @property
    def key(self) -> bool:
        return bool(self.samples) and self.samples[0].key

    @property
    def duration(self) -> int:
        return sum(sample.duration for sample in self.samples)


def walk(data: bytes, start: int, stop: int) -> Iterator[tuple[bytes, int, int, int]]:
    """(type, start, content start, stop) of the boxes in data[start:stop]. Raises ProtocolError."""
    for _ in range(MAX_BOXES):
        if start == stop:
            return
        if stop - start < 8:
            raise ProtocolError("a box is cut short")
        size, kind = _HEAD.unpack_from(data, start)
        content = start + 8
        if size == 1 and stop - start >= 16:
            (size,) = struct.unpack_from(">Q", data, content)
            content += 8
        if size < content - start or start + size > stop:
            raise ProtocolError(f"a box {kind!r} doesn't fit where it stands")
        yield kind, start, content, start + size
        start += size
    raise ProtocolError("there are too many boxes")


def init_length(data: bytes) -> int:
    """Length of the init segment (ftyp + moov) that `data` begins with. Raises ProtocolError."""
    kinds = []
    for kind, _, _, stop in walk_prefix(data):
        kinds.append(kind)
        if kind == b"moov":
            return stop
    raise ProtocolError(f"there is no init segment, only {kinds!r}")


def walk_prefix(data: bytes) -> Iterator[tuple[bytes, int, int, int]]:
    """Like `walk`, but ends quietly at a box that is cut short, as in a file still being written."""
    start = 0
    while len(data) - start >= 8:
        size, _ = _HEAD.unpack_from(data, start)
        if size < 8 or start + size > len(data):
            return
        yield from walk(data, start, start + size)
        start += size


def parse_fragments(data: bytes) -> list[StoredFragment]:
    """All whole fragments and chunks in `data`; ftyp, moov and what is cut short at the end are left
    aside. Raises ProtocolError on boxes that contradict themselves."""
    found: list[StoredFragment] = []
    begins: int | None = None
    moof: tuple[int, list[StoredSample]] | None = None
    for kind, start, content, stop in walk_prefix(data):
        if kind == b"prft":
            begins = start
        elif kind == b"moof":
            begins = start if begins is None else begins
            moof = _parse_moof(data, start, content, stop)
        elif kind == b"mdat":
            if moof is None or begins is None:
                raise ProtocolError("there is an mdat without its moof")
            decode_time, samples = moof
            if any(s.start < content or s.start + s.size > stop for s in samples):
                raise ProtocolError("a fragment names samples outside its mdat")
            found.append(StoredFragment(begins, stop, decode_time, tuple(samples)))
            begins = moof = None
    return found


def _parse_moof(data: bytes, moof: int, content: int, stop: int) -> tuple[int, list[StoredSample]]:
    decode_time, samples = 0, []
    for kind, _, inner, end in walk(data, content, stop):
        if kind != b"traf":
            continue
        for part, _, body, part_end in walk(data, inner, end):
            try:
                if part == b"tfdt":
                    decode_time = _decode_time(data, body, part_end)
                elif part == b"trun":
                    samples = _run(data, moof, body, part_end, decode_time)
            except struct.error as error:
                raise ProtocolError("a fragment's tables are cut short") from error
    return decode_time, samples


def _decode_time(data: bytes, body: int, stop: int) -> int:
    wide = data[body:stop][:1] == b"\x01"
    time: int
    (time,) = struct.unpack_from(">Q" if wide else ">I", data[:stop], body + 4)
    return time


def _run(data: bytes, moof: int, body: int, stop: int, decode_time: int) -> list[StoredSample]:
    """A trun in the one form that `fragments` writes (8.8.8)."""
    version_and_flags, count, offset = struct.unpack_from(">IIi", data, body)
    if version_and_flags != 0x0100_0F01:
        raise ProtocolError("a fragment's table has another form than ours")
    if count > MAX_SAMPLES or body + 12 + 16 * count != stop:
        raise ProtocolError("a fragment's table doesn't hold what it says")
    start, samples = moof + offset, []
    for duration, size, flags, shift in struct.iter_unpack(">IIIi", data[body + 12 : stop]):
        samples.append(StoredSample(start, size, decode_time, duration, shift, not flags & _NOT_SYNC))
        start += size
        decode_time += duration
    return samples
