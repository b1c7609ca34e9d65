"""A small clip in the recorder's frames: what the live socket and the playback requests send."""

from __future__ import annotations

import json
import struct
import subprocess
from dataclasses import dataclass
from functools import cache

import imageio_ffmpeg

FRAME_RATE = 20
GOP = 20
SECONDS = 40
_MAKE = (
    f"-y -v error -f lavfi -i testsrc2=s=320x180:r={FRAME_RATE} -t {SECONDS} -c:v libx264 -preset ultrafast "
    f"-g {GOP} -keyint_min {GOP} -sc_threshold 0 -bf 0 -profile:v main -pix_fmt yuv420p "
    "-movflags frag_every_frame+empty_moov+default_base_moof -f mp4 pipe:1"
)


@dataclass(frozen=True)
class Clip:
    """An initialisation segment and one moof+mdat per frame."""

    init: bytes
    frames: tuple[bytes, ...]

    def is_key(self, number: int) -> bool:
        return number % GOP == 0


@cache
def clip() -> Clip:
    """A test picture, 20 frames and one key frame a second."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), *_MAKE.split()]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    boxes: list[tuple[bytes, bytes]] = []
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        boxes.append((kind, data[at : at + size]))
        at += size
    init = b"".join(body for kind, body in boxes if kind in (b"ftyp", b"moov"))
    moofs = [body for kind, body in boxes if kind == b"moof"]
    mdats = [body for kind, body in boxes if kind == b"mdat"]
    return Clip(init, tuple(moof + mdat for moof, mdat in zip(moofs, mdats, strict=True)))


def init_payload(codec: str = "avc1.4d400d", **more: object) -> bytes:
    head = {"codec": codec, "width": 320, "height": 180, "timescale": 90000, **more}
    return json.dumps(head).encode() + b"\n" + clip().init


def chunk_payload(number: int, at: float) -> bytes:
    """One frame as it is sent live."""
    return struct.pack(">dB", at, clip().is_key(number)) + clip().frames[number]


def gop_payload(second: int, at: float) -> bytes:
    """One second as it is sent from the store."""
    return struct.pack(">dB", at, 1) + b"".join(clip().frames[second * GOP : (second + 1) * GOP])


def frame(kind: int, payload: bytes) -> bytes:
    return struct.pack(">BI", kind, len(payload)) + payload
