"""A client of the wall's WebSocket that speaks its protocol, counts what it gets and can decode it."""

from __future__ import annotations

import io
import json
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import av
from numpy.typing import NDArray
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from cameras.simulated.scenes import read_barcode
from evidence.recorder.wire import FrameType


@dataclass(frozen=True)
class Chunk:
    """One fragment as it came: ``at`` is when (monotonic seconds)."""

    at: float
    camera_s: float
    key: bool
    data: bytes


@dataclass
class Tile:
    """What came for one tile since it was opened. ``size`` counts the bytes of whole messages."""

    size: int = 0
    init: bytes = b""
    inits: int = 0
    chunks: list[Chunk] = field(default_factory=list)
    events: list[tuple[float, str, str]] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    last_at: float = 0.0

    def said(self, event: str) -> str | None:
        """The sentence of the last such event."""
        return next((sentence for _, name, sentence in reversed(self.events) if name == event), None)

    @property
    def ended(self) -> str | None:
        return self.said("ended")


class WallClient:
    """Connects as the wall does; a thread reads until the socket closes or `pause` is called."""

    def __init__(self, port: int, cookie: str, *, origin: str | None = None, keep: bool = True) -> None:
        self.tiles: dict[int, Tile] = {}
        self.bytes = 0
        self.closed: tuple[int, str] | None = None
        self._keep = keep
        self._changed = threading.Condition()
        self._reads = threading.Event()
        self._reads.set()
        self._socket: ClientConnection = connect(
            f"ws://localhost:{port}/live/socket",
            origin=Origin(origin or f"http://localhost:{port}"),
            additional_headers={"Cookie": cookie},
            compression=None,
            legacy=True,
            max_size=None,
            open_timeout=60,
            close_timeout=1,
        )
        self._thread = threading.Thread(target=self._read, name="wall-client", daemon=True)
        self._thread.start()

    def open(self, tile: int, viewing: object, camera: object) -> Tile:
        """Ask for pictures in a tile."""
        found = self.tiles[tile] = Tile()
        self.send({"op": "open", "tile": tile, "viewing": str(viewing), "camera": str(camera)})
        return found

    def open_all(self, tiles: list[dict[str, Any]]) -> list[Tile]:
        """Open tiles as the wall's page is given them."""
        return [self.open(tile["tile"], tile["viewing"], tile["camera"]) for tile in tiles]

    def close_tile(self, tile: int) -> None:
        self.send({"op": "close", "tile": tile})

    def send(self, body: object) -> None:
        self._socket.send(body if isinstance(body, str) else json.dumps(body))

    def pause(self) -> None:
        """Read nothing more, as a page on a dead network."""
        self._reads.clear()

    def go_on(self) -> None:
        self._reads.set()

    def leave(self) -> None:
        """Close the socket in an orderly way."""
        self.go_on()
        self._socket.close()
        self._thread.join(5)

    def vanish(self) -> None:
        """Drop the connection without a word."""
        self.go_on()
        self._socket.socket.close()
        self._thread.join(5)

    def wait(self, true: Callable[[], Any], seconds: float = 60.0, what: str = "it") -> None:
        """Wait until something that comes over the socket is true."""
        with self._changed:
            assert self._changed.wait_for(true, seconds), f"{what} did not come within {seconds:.0f} s"

    def wait_for_pictures(self, tile: Tile, more: int = 10, seconds: float = 60.0) -> None:
        """Wait for that many chunks more than there are now."""
        wanted = len(tile.chunks) + more
        self.wait(lambda: len(tile.chunks) >= wanted, seconds, f"{more} pictures ({tile.events})")

    def _read(self) -> None:
        try:
            while True:
                self._reads.wait()
                message = self._socket.recv()
                with self._changed:
                    self._note(message)
                    self._changed.notify_all()
        except (ConnectionClosed, OSError) as end:
            with self._changed:
                close = getattr(end, "rcvd", None)
                self.closed = (close.code, close.reason) if close else (1006, "")
                self._changed.notify_all()

    def _note(self, message: str | bytes) -> None:
        now = time.monotonic()
        if isinstance(message, str):
            body = json.loads(message)
            tile = self.tiles.setdefault(body["tile"], Tile())
            tile.events.append((now, body["event"], body["sentence"]))
            return
        self.bytes += len(message)
        tile = self.tiles.setdefault(message[0], Tile())
        tile.size += len(message)
        tile.last_at = now
        kind = FrameType(message[1])
        if kind is FrameType.CHUNK:
            camera_s, key = struct.unpack_from(">dB", message, 2)
            tile.chunks.append(Chunk(now, camera_s, bool(key), message[11:] if self._keep else b""))
        elif kind is FrameType.INIT:
            tile.init = bytes(message[message.index(b"\n") + 1 :])
            tile.inits += 1
        elif kind is FrameType.STATE:
            tile.states.append(json.loads(message[2:]))


def decode(tile: Tile, last: int | None = None) -> list[NDArray[Any]]:
    """The pictures of a tile (luma, height x width), from its last key frame but ``last`` fragments on."""
    chunks = tile.chunks[-last:] if last else tile.chunks
    start = next(place for place, chunk in enumerate(chunks) if chunk.key)
    data = b"".join([tile.init, *(chunk.data for chunk in chunks[start:])])
    with av.open(io.BytesIO(data), "r", format="mp4") as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]


def bar_codes(tile: Tile) -> list[int]:
    """The numbers burned into the pictures of a tile, in the order in which they are shown."""
    return [read_barcode(picture) for picture in decode(tile)]
