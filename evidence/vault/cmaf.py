"""Just enough of ISO BMFF (ISO/IEC 14496-12) to find where pieces begin and end, and when.

A broken segment tells its own index: each moof carries decode time (tfdt), durations (trun, tfhd, trex) and
the sync flag of its first sample. So there is no second file to sync beside the footage, and none that
could disagree with it; a power cut costs one fdatasync interval and not more. The price: times are the
stream's own, from the first fragment on.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from evidence.vault.errors import NotAFragment
from evidence.vault.fragments import END_90K, TICKS_S

_NON_SYNC = 0x10000
_HEAD_BYTES = 16
_LARGEST_BOX_IN_MEMORY = 16 << 20
_BEFORE_A_MOOF = (b"styp", b"prft", b"emsg", b"sidx", b"free")


@dataclass(frozen=True, slots=True)
class Box:
    """A box at `offset`; `body` is where its content begins, `end` where it ends."""

    kind: bytes
    offset: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Track:
    """What of the init segment is needed: whose samples tell the time, in which timescale, with which
    defaults.
    """

    id: int
    timescale: int
    duration: int
    flags: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One moof with its mdat (and what stands before): plaintext length, 90 kHz ticks from the first piece,
    sync flag.
    """

    length: int
    start_90k: int
    duration_90k: int
    key: bool


@dataclass(frozen=True, slots=True)
class Scan:
    """What of a plaintext is whole: the init segment and the pieces after it, in order."""

    init_length: int
    pieces: tuple[Piece, ...]


def check_init(data: bytes) -> None:
    """Raises NotAFragment unless this is ftyp and moov with a track this module can read time from."""
    kinds = [box.kind for box in _whole(data)]
    if kinds[:1] != [b"ftyp"] or kinds[-1:] != [b"moov"]:
        raise NotAFragment("an init segment is ftyp, then moov")
    try:
        _track(data)
    except (struct.error, IndexError) as error:
        raise NotAFragment("a box of the init segment is cut") from error


def check_piece(data: bytes) -> None:
    """Raises NotAFragment unless this is whole moof and mdat pairs and nothing else."""
    expect_mdat = False
    pairs = 0
    for box in _whole(data):
        if expect_mdat != (box.kind == b"mdat") or (
            not expect_mdat and box.kind not in (*_BEFORE_A_MOOF, b"moof")
        ):
            raise NotAFragment(f"{box.kind!r} does not belong here")
        expect_mdat = box.kind == b"moof"
        pairs += box.kind == b"mdat"
    if expect_mdat or not pairs:
        raise NotAFragment("a piece ends with its mdat")


def scan(read: Callable[[int, int], bytes], length: int) -> Scan:
    """What is whole in the first `length` bytes that `read(offset, length)` gives; stops at the first thing
    broken.
    """
    try:
        return _scan(read, length)
    except (NotAFragment, struct.error, IndexError):
        return Scan(0, ())


def _scan(read: Callable[[int, int], bytes], length: int) -> Scan:
    track: Track | None = None
    init_length = begins = 0
    first: int | None = None
    timing: tuple[int, int, bool] | None = None
    pieces: list[Piece] = []
    for box in _boxes(read, 0, length):
        if box.kind == b"moov" and track is None:
            track = _track(_bytes_of(read, box))
            init_length = begins = box.end
        elif box.kind == b"moof" and track:
            try:
                timing = _timing(_bytes_of(read, box), track)
            except (NotAFragment, struct.error, IndexError):
                break
        elif box.kind == b"mdat" and track and timing:
            first = timing[0] if first is None else first
            start = (timing[0] - first) * TICKS_S // track.timescale
            duration = timing[1] * TICKS_S // track.timescale
            if start < (pieces[-1].start_90k if pieces else 0) or start + duration >= END_90K:
                break
            pieces.append(Piece(box.end - begins, start, duration, timing[2]))
            begins, timing = box.end, None
    return Scan(init_length, tuple(pieces))


def _boxes(read: Callable[[int, int], bytes], start: int, end: int) -> Iterator[Box]:
    """The whole boxes from `start` on; ends quietly where one does not fit before `end`."""
    while start + 8 <= end:
        head = read(start, min(_HEAD_BYTES, end - start))
        size, kind = struct.unpack_from(">I4s", head)
        body = start + 8
        if size == 1 and len(head) == _HEAD_BYTES:
            size, body = struct.unpack_from(">Q", head, 8)[0], start + 16
        if size < body - start or start + size > end:
            return
        yield Box(kind, start, body, start + size)
        start += size


def _whole(data: bytes) -> list[Box]:
    boxes = list(_boxes(_reader(data), 0, len(data)))
    if not boxes or boxes[-1].end != len(data):
        raise NotAFragment("the bytes are not whole boxes")
    return boxes


def _reader(data: bytes) -> Callable[[int, int], bytes]:
    return lambda offset, length: data[offset : offset + length]


def _bytes_of(read: Callable[[int, int], bytes], box: Box) -> bytes:
    if box.end - box.offset > _LARGEST_BOX_IN_MEMORY:
        raise NotAFragment(f"{box.kind!r} is too large to be a header")
    return read(box.offset, box.end - box.offset)


def _inside(data: bytes, *path: bytes) -> list[bytes]:
    """The contents of all boxes at this path, `data` being a run of boxes."""
    found = [data[box.body : box.end] for box in _boxes(_reader(data), 0, len(data)) if box.kind == path[0]]
    if len(path) == 1:
        return found
    return [inner for content in found for inner in _inside(content, *path[1:])]


def _only(contents: list[bytes], kind: str) -> bytes:
    if not contents:
        raise NotAFragment(f"there is no {kind}")
    return contents[0]


def _track(init: bytes) -> Track:
    tracks = _inside(init, b"moov", b"trak")
    video = [each for each in tracks if _only(_inside(each, b"mdia", b"hdlr"), "hdlr")[8:12] == b"vide"]
    chosen = _only(video or tracks, "track")
    header, media = _only(_inside(chosen, b"tkhd"), "tkhd"), _only(_inside(chosen, b"mdia", b"mdhd"), "mdhd")
    track_id = struct.unpack_from(">I", header, 20 if header[0] else 12)[0]
    timescale = struct.unpack_from(">I", media, 20 if media[0] else 12)[0]
    if not timescale:
        raise NotAFragment("the track has no timescale")
    for defaults in _inside(init, b"moov", b"mvex", b"trex"):
        about, _, duration, _, flags = struct.unpack_from(">5I", defaults, 4)
        if about == track_id:
            return Track(track_id, timescale, duration, flags)
    raise NotAFragment("the track is not fragmented (no trex)")


def _timing(moof: bytes, track: Track) -> tuple[int, int, bool]:
    """Decode time and duration in the track's timescale, and whether the first sample is a sync sample."""
    for traf in _inside(moof, b"moof", b"traf"):
        header = _only(_inside(traf, b"tfhd"), "tfhd")
        if struct.unpack_from(">I", header, 4)[0] != track.id:
            continue
        duration, flags = _defaults(header, track)
        time = _only(_inside(traf, b"tfdt"), "tfdt")
        starts = struct.unpack_from(">Q" if time[0] else ">I", time, 4)[0]
        runs = [_run(run, duration, flags) for run in _inside(traf, b"trun")]
        if not runs:
            raise NotAFragment("a moof without samples")
        return starts, sum(run[0] for run in runs), runs[0][1]
    raise NotAFragment("a moof without the track")


def _defaults(tfhd: bytes, track: Track) -> tuple[int, int]:
    given = int.from_bytes(tfhd[1:4], "big")
    at = 8 + (8 if given & 0x1 else 0) + (4 if given & 0x2 else 0)
    duration, flags = track.duration, track.flags
    if given & 0x8:
        duration, at = struct.unpack_from(">I", tfhd, at)[0], at + 4
    at += 4 if given & 0x10 else 0
    if given & 0x20:
        flags = struct.unpack_from(">I", tfhd, at)[0]
    return duration, flags


def _run(trun: bytes, duration: int, flags: int) -> tuple[int, bool]:
    given, count = int.from_bytes(trun[1:4], "big"), struct.unpack_from(">I", trun, 4)[0]
    at = 8 + (4 if given & 0x1 else 0)
    if given & 0x4:
        first, at = struct.unpack_from(">I", trun, at)[0], at + 4
    stride = 4 * (given >> 8 & 0xF).bit_count()
    if len(trun) < at + stride * count:
        raise NotAFragment("a sample table is cut")
    if given & 0x400 and not given & 0x4:
        first = struct.unpack_from(">I", trun, at + 4 * (given >> 8 & 0x3).bit_count())[0]
    elif not given & 0x4:
        first = flags
    if given & 0x100:
        duration_all = sum(struct.unpack_from(">I", trun, at + stride * i)[0] for i in range(count))
    else:
        duration_all = duration * count
    return duration_all, not first & _NON_SYNC
