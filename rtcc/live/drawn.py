"""The drawing program (`rtcc.live.drawing`) as its callers see it: what goes in, what comes out, its end."""

from __future__ import annotations

import asyncio
import json
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from evidence.recorder.wire import Frame, pack
from rtcc.errors import Unavailable
from rtcc.logs import log

PROGRAM = Path(__file__).with_name("drawing.py")
_PICTURE = struct.Struct(">dI")
_WANT = struct.pack(">BI", 9, 0)
MOST_DATA = 8 * 1024 * 1024
MOST_INPUT = 96 * 1024 * 1024
LONGEST_S = 90.0
ZONE = "America/Chicago"
_log = log("web")


@dataclass(frozen=True)
class MarkWords:
    """What is burned in: lines under the picture (``{time}`` is the picture's own), and words across it."""

    lines: tuple[str, ...]
    across: str


def _words(mode: str, marks: Sequence[MarkWords], width: int, quality: int, **more: float) -> list[str]:
    body: dict[str, Any] = {"mode": mode, "marks": [asdict(each) for each in marks], "width": width}
    body |= {"quality": quality, "zone": ZONE, **more}
    return [sys.executable, "-I", str(PROGRAM), json.dumps(body)]


def draw(
    mode: str,
    marks: Sequence[MarkWords],
    frames: Sequence[bytes],
    *,
    width: int,
    quality: int = 80,
    since: float = 0.0,
    until: float,
) -> list[tuple[float, bytes]]:
    """A ``still`` or ``clip`` for each mark, from packed frames: camera time (Unix seconds) and data.

    Raises Unavailable where no picture comes of it.
    """
    if sum(map(len, frames)) > MOST_INPUT:
        raise Unavailable("That is too much footage for one picture. Choose a shorter piece.")
    argv = _words(mode, marks, width, quality, since=since, until=until)
    try:
        done = subprocess.run(
            argv, input=b"".join(frames), capture_output=True, env={}, timeout=LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable("Drawing the picture took too long. Send a still instead.") from error
    found, at = [], 0
    while at + _PICTURE.size <= len(done.stdout):
        camera_s, length = _PICTURE.unpack_from(done.stdout, at)
        at += _PICTURE.size + length
        found.append((camera_s, done.stdout[at - length : at]))
    if done.returncode != 0 or len(found) != len(marks):
        _log.error(
            "drawing_failed",
            mode=mode,
            code=done.returncode,
            said=done.stderr[-300:].decode("utf-8", "replace"),
        )
        raise Unavailable("No picture could be drawn from the footage of that moment. Try another moment.")
    return found


class LiveDrawing:
    """One camera's live pictures with one mark. Nothing is drawn until `want`, then the newest."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._in, self._out = process, process.stdin, process.stdout

    @classmethod
    async def start(cls, mark: MarkWords, *, width: int, quality: int) -> Self:
        pipe = asyncio.subprocess.PIPE
        argv = _words("live", [mark], width, quality)
        quiet = asyncio.subprocess.DEVNULL
        return cls(await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe, stderr=quiet, env={}))

    async def put(self, frame: Frame) -> None:
        """Hand on a frame of the camera; waits while the program is behind. Raises OSError once it ended."""
        self._in.write(pack(frame.type, frame.payload))
        await self._in.drain()

    def want(self) -> None:
        """Ask for one more picture."""
        if not self._in.is_closing():
            self._in.write(_WANT)

    async def pictures(self) -> AsyncIterator[tuple[float, bytes]]:
        """Camera time (Unix seconds) and JPEG of each, until the program ends."""
        while True:
            try:
                camera_s, length = _PICTURE.unpack(await self._out.readexactly(_PICTURE.size))
                if length > MOST_DATA:
                    return
                yield camera_s, await self._out.readexactly(length)
            except asyncio.IncompleteReadError:
                return

    async def stop(self) -> None:
        """End the program."""
        self._in.close()
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
