"""Live pictures for a telephone: through the same door, with a mark burned in, and never older than the
network makes them.

A sequence of single pictures, two to five a second: each is asked for when the one before has arrived, so a
slow telephone gets fewer and always the newest, and no buffer holds a picture that outlives its permit.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from evidence.recorder.wire import Frame, FrameType
from policy.vocabulary import Action, ObligationKind
from rtcc.config import config
from rtcc.errors import Unavailable
from rtcc.live.drawn import LiveDrawing, MarkWords
from rtcc.live.relay import ABLE, RecorderAway, Relay, Tile

WIDTH, QUALITY = 640, 55
FASTEST_S = 0.2
TILE = 0


@dataclass(eq=False, kw_only=True)
class MarkedRelay(Relay):
    """The live picture of one bulletin to one telephone. Call `ready` when a picture has arrived there."""

    action: ClassVar[Action] = Action.RECEIVE_PICTURE
    able: ClassVar[frozenset[ObligationKind]] = ABLE | {ObligationKind.WATERMARK}

    mark: MarkWords
    _drawing: LiveDrawing | None = None
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def show(self, camera: UUID) -> None:
        """Begin. Raises PermitEnded when the permit does not cover the camera."""
        await self.open(TILE, camera)

    def ready(self) -> None:
        """The telephone has got the last picture."""
        self._arrived.set()

    async def _hand_on(self, number: int, tile: Tile, frame: Frame) -> None:
        if frame.type is FrameType.STATE:
            sentence = str(frame.json().get("sentence", ""))
            if sentence:
                await self.tell(number, "waiting", sentence)
            return
        if self._drawing is None:
            self._drawing = await LiveDrawing.start(self.mark, width=WIDTH, quality=QUALITY)
            self._keep(self._pass_pictures(number, tile, self._drawing))
        try:
            await self._drawing.put(frame)
        except OSError as error:
            # The program has gone, not the telephone: begin again with the next connection.
            raise RecorderAway("the drawing has ended") from error

    async def _pass_pictures(self, number: int, tile: Tile, drawing: LiveDrawing) -> None:
        """Ask for a picture, send it, wait until it has arrived, and so on."""
        try:
            drawing.want()
            async for camera_s, jpeg in drawing.pictures():
                self._arrived.clear()
                await self._send_picture(number, tile, struct.pack(">d", camera_s) + jpeg, camera_s)
                await asyncio.gather(self._arrived.wait(), asyncio.sleep(FASTEST_S))
                drawing.want()
        finally:
            self._drawing = None
            await asyncio.shield(drawing.stop())


@contextmanager
def _locked(number: int) -> Iterator[bool]:
    path = config.data / "phones" / str(number)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(handle)


@contextmanager
def place_on_this_machine(most: int) -> Iterator[None]:
    """One of the machine's places for a live picture to a telephone; the kernel gives it back if the process
    dies. Raises Unavailable where all are taken: marking costs processor time.
    """
    with ExitStack() as stack:
        for number in range(most):
            attempt = ExitStack()
            if attempt.enter_context(_locked(number)):
                stack.push(attempt)
                yield
                return
            attempt.close()
        raise Unavailable(
            f"{most} telephones get live pictures from this machine already, which is the most. "
            "Try again in a moment, or ask for a still."
        )
