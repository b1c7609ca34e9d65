"""The web process's side of the recorder's live socket: one connection a tile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from uuid import UUID

from evidence.recorder.wire import BrokenFrame, Frame, read_frame
from rtcc.config import config

# Little waits here: a viewer that reads slowly is noticed by the recorder's own queue, which then drops to
# the next key frame. (A larger frame is read all the same.)
_READ_LIMIT = 64 * 1024


class RecorderAway(Exception):
    """The recorder does not answer on its socket, or has gone."""


async def frames(permit: UUID, camera: UUID) -> AsyncGenerator[Frame, None]:
    """Live frames of one camera under one permit, from the last key frame in memory on.

    The recorder reads the permit's row itself and answers END with a sentence when it refuses.
    Raises RecorderAway, also when it ends; the caller closes the iterator.
    """
    try:
        reader, writer = await asyncio.open_unix_connection(str(config.live_socket), limit=_READ_LIMIT)
    except OSError as error:
        raise RecorderAway(str(error)) from error
    try:
        writer.write(json.dumps({"permit": str(permit), "camera": str(camera)}).encode() + b"\n")
        await writer.drain()
        while (frame := await read_frame(reader)) is not None:
            yield frame
    except (ConnectionError, BrokenFrame) as error:
        raise RecorderAway(str(error)) from error
    finally:
        writer.close()
