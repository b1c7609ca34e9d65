"""The frames of live pictures: recorder to web over a local socket, and web to browser.

Recorder to web, after one line ``{"permit": uuid, "camera": uuid}``:
``u8 type | u32be length | payload``. Web to browser, in one binary WebSocket message:
``u8 tile | u8 type | payload``. Types and payloads are the same on both ways.
"""

from __future__ import annotations

import asyncio
import json
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

MAX_PAYLOAD = 8 * 1024 * 1024
_HEAD = struct.Struct(">BI")


class FrameType(IntEnum):
    """INIT: one line of JSON (codec, width, height, timescale), then ftyp+moov. CHUNK: f64be camera time
    (Unix seconds), u8 key, then moof+mdat. STATE and END: JSON."""

    INIT = 1
    CHUNK = 2
    STATE = 3
    END = 4


class BrokenFrame(Exception):
    """The other side sent something that is not a frame."""


@dataclass(frozen=True)
class Frame:
    """One frame; ``payload`` as the type says."""

    type: FrameType
    payload: bytes

    def for_tile(self, tile: int) -> bytes:
        return bytes((tile, self.type)) + self.payload

    def json(self) -> dict[str, Any]:
        body = json.loads(self.payload)
        if not isinstance(body, dict):
            raise BrokenFrame("a state is not an object")
        return body

    def chunk_time(self) -> float:
        """The camera time of a chunk, in Unix seconds."""
        (at,) = struct.unpack_from(">d", self.payload)
        return float(at)


def pack(kind: FrameType, payload: bytes) -> bytes:
    """A frame as it goes over the local socket."""
    return _HEAD.pack(kind, len(payload)) + payload


async def read_frame(reader: asyncio.StreamReader) -> Frame | None:
    """The next frame, or None at the end of the stream. Raises BrokenFrame."""
    try:
        head = await reader.readexactly(_HEAD.size)
    except asyncio.IncompleteReadError:
        return None
    kind, length = _HEAD.unpack(head)
    if length > MAX_PAYLOAD or kind not in FrameType.__members__.values():
        raise BrokenFrame(f"frame of type {kind} and length {length}")
    try:
        return Frame(FrameType(kind), await reader.readexactly(length))
    except asyncio.IncompleteReadError:
        return None
