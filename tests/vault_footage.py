"""Footage for vault tests: a small CMAF stream whose bytes are known, and a place on disk for it."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from evidence.vault import wraps
from evidence.vault.descriptor import AssetDescriptor, Period
from evidence.vault.disk import DiskStore
from evidence.vault.seal import SealedSegment
from evidence.vault.segmentfile import SegmentWriter
from evidence.vault.spool import Spool
from evidence.vault.tink import BlockReader

STARTS_AT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
TIMESCALE = 90_000
FRAME_90K = 4_500
SYNC, NON_SYNC = 0x2000000, 0x1010000


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def init_segment() -> bytes:
    """ftyp and moov with one video track of id 1 in 90 kHz."""
    tkhd = box(b"tkhd", bytes(12), struct.pack(">I", 1), bytes(68))
    mdhd = box(b"mdhd", bytes(12), struct.pack(">I", TIMESCALE), bytes(8))
    hdlr = box(b"hdlr", bytes(8), b"vide", bytes(13))
    trex = box(b"trex", struct.pack(">6I", 0, 1, 1, FRAME_90K, 0, NON_SYNC))
    trak = box(b"trak", tkhd, box(b"mdia", mdhd, hdlr))
    return box(b"ftyp", b"cmfc", bytes(4)) + box(b"moov", trak, box(b"mvex", trex))


def piece(time: int, frames: int, content: bytes, *, key: bool) -> bytes:
    """One moof and mdat of `frames` frames at decode time `time`."""
    tfhd = box(b"tfhd", struct.pack(">II", 0x020000, 1))
    tfdt = box(b"tfdt", struct.pack(">IQ", 0x01000000, time))
    trun = box(b"trun", struct.pack(">III", 0x000004, frames, SYNC if key else NON_SYNC))
    moof = box(b"moof", box(b"mfhd", bytes(8)), box(b"traf", tfhd, tfdt, trun))
    return moof + box(b"mdat", content)


@dataclass(frozen=True)
class Piece:
    """One append: its bytes, when it begins, how long it is, whether a key frame begins it."""

    data: bytes
    starts_at: datetime
    duration_90k: int
    key: bool


def pieces(count: int, size: int, *, gop: int = 4, seed: int = 1, frames: int = 2) -> list[Piece]:
    """`count` pieces of about `size` random bytes; every `gop`th begins with a key frame."""
    random_bytes = random.Random(seed)
    made = []
    for number in range(count):
        time = number * frames * FRAME_90K
        key = number % gop == 0
        content = random_bytes.randbytes(size + random_bytes.randrange(size // 4 + 1))
        starts_at = STARTS_AT + timedelta(microseconds=time * 1_000_000 // TIMESCALE)
        made.append(Piece(piece(1_000 + time, frames, content, key=key), starts_at, frames * FRAME_90K, key))
    return made


def asset(
    number: int = 1, *, kind: str = "segment", epoch: int = 7, starts_at: datetime = STARTS_AT
) -> AssetDescriptor:
    return AssetDescriptor(kind, UUID(int=number), "camera-12", starts_at, epoch, Period.of(starts_at))


@dataclass
class Place:
    """A folder with a spool and a store, and one period key."""

    root: Path
    period_key: bytes = field(default_factory=wraps.new_key)

    def spool(self) -> Spool:
        return Spool(self.root / "spool")

    def store(self) -> DiskStore:
        return DiskStore(self.root / "footage")

    def key_for(self, _: AssetDescriptor) -> bytes:
        """What recovery asks the key store for."""
        return self.period_key

    def open(self, spool: Spool, store: DiskStore, which: AssetDescriptor | None = None) -> SegmentWriter:
        return SegmentWriter.open(which or asset(), self.period_key, store, spool, init=init_segment())

    def record(
        self, made: list[Piece], which: AssetDescriptor | None = None, *, previous: bytes | None = None
    ) -> SealedSegment:
        """Write a whole segment and leave its spool entry, as a recorder does before the row commits."""
        with self.spool() as spool:
            writer = self.open(spool, self.store(), which)
            for each in made:
                writer.append(each.data, each.starts_at, each.duration_90k, each.key)
            return writer.close(previous)

    def key_of(self, sealed: SealedSegment) -> bytes:
        return wraps.unwrap_key(self.period_key, sealed.wrapped_key, sealed.asset)

    def plaintext(self, sealed: SealedSegment) -> bytes:
        with self.store().open_read(sealed.location) as file:
            reader = BlockReader(file, self.key_of(sealed), sealed.asset.canonical())
            return reader.read(0, reader.length)


class Bytes:
    """Bytes in memory, read by position as a file is."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def pread(self, length: int, offset: int) -> bytes:
        return self.data[offset : offset + length]

    def size(self) -> int:
        return len(self.data)
