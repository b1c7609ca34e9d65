"""The index of a segment's fragments: one GOP each, packed in 12 bytes, so that a seek decrypts only what
it needs.

Plaintext of a segment: the init segment (ftyp, moov), then whole CMAF pieces (moof, mdat). A piece that
begins with a key frame begins a fragment; every other piece continues it. Fragment 0 includes the init
segment as its prefix, so the fragments cover the file without a hole. Packed: `length uint32 || start
uint32 || duration << 1 | key uint32`, big-endian; start and duration are 90 kHz ticks, start counts from
the segment's `starts_at`; the offset is the sum of the lengths.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

TICKS_S = 90_000
END_90K = 1 << 31  # No fragment ends later than this after its segment began (6.6 hours).
_PACKED = struct.Struct(">III")


@dataclass(frozen=True, slots=True)
class Fragment:
    """`offset` and `length` in plaintext bytes; `start_90k` and `duration_90k` in ticks; `key`: begins with
    a key frame.
    """

    offset: int
    length: int
    start_90k: int
    duration_90k: int
    key: bool

    @property
    def end_90k(self) -> int:
        return self.start_90k + self.duration_90k


class FragmentIndex:
    """Collects pieces into fragments, the same way while writing and while recovering."""

    def __init__(self, init_length: int) -> None:
        self.init_length = init_length
        self.length = init_length  # Plaintext bytes covered: init segment and every piece so far.
        self._done: list[Fragment] = []
        self._open: Fragment | None = None
        self._end_90k = 0

    @property
    def fragments(self) -> tuple[Fragment, ...]:
        """All so far; the last may still grow."""
        return (*self._done, self._grown(self._open)) if self._open else ()

    def add(self, length: int, start_90k: int, duration_90k: int, *, key: bool) -> bool:
        """Count one piece; returns whether it began a fragment. Raises ValueError when it does not fit."""
        if start_90k < 0 or duration_90k < 0 or start_90k + duration_90k >= END_90K:
            raise ValueError("the piece does not fit the index")
        begins = key or not self._open
        if not self._open and start_90k != 0:
            raise ValueError("the first piece begins when the segment begins")
        if self._open and start_90k < self._open.start_90k:
            raise ValueError("a piece begins before the one before it")
        if begins:
            if self._open:
                self._done.append(self._grown(self._open))
            self._open = Fragment(self.length if self._open else 0, 0, start_90k, 0, key)
            self._end_90k = 0
        self.length += length
        self._end_90k = max(self._end_90k, start_90k + duration_90k)
        return begins

    def _grown(self, last: Fragment) -> Fragment:
        """The open fragment as it stands; most pieces only lengthen it, so it is made when somebody looks."""
        return replace(last, length=self.length - last.offset, duration_90k=self._end_90k - last.start_90k)


def pack(fragments: Iterable[Fragment]) -> bytes:
    """12 bytes each, as the row and the seal hold them."""
    return b"".join(_PACKED.pack(f.length, f.start_90k, f.duration_90k << 1 | f.key) for f in fragments)


def unpack(packed: bytes) -> tuple[Fragment, ...]:
    """The inverse of `pack`; raises struct.error on a broken length."""
    found: list[Fragment] = []
    offset = 0
    for length, start, rest in _PACKED.iter_unpack(packed):
        found.append(Fragment(offset, length, start, rest >> 1, bool(rest & 1)))
        offset += length
    return tuple(found)


def to_ticks(instant: datetime, base: datetime) -> int:
    """90 kHz ticks from `base` to `instant`; raises ValueError when it lies before."""
    ticks = (instant - base) // timedelta(microseconds=1) * TICKS_S
    if ticks < 0:
        raise ValueError("the instant lies before the segment")
    return (ticks + 500_000) // 1_000_000


def to_instant(ticks: int, base: datetime) -> datetime:
    """The instant `ticks` after `base`, to the nearest microsecond."""
    return base + timedelta(microseconds=(ticks * 1_000_000 + TICKS_S // 2) // TICKS_S)
