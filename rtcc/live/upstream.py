"""The web process's side of the recorder's live socket: one connection a tile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID

from evidence.recorder.wire import Frame, read_frame
from rtcc.config import config

# One key frame of a large camera fits; beyond it the recorder's own queue drops to the next key frame.
_READ_LIMIT = 2 * 1024 * 1024


class RecorderAway(Exception):
    """The recorder does not answer on its socket."""


async def frames(permit: UUID, camera: UUID) -> AsyncIterator[Frame]:
    """Live frames of one camera under one permit, from the last key frame in memory on.

    The recorder reads the permit's row itself and answers END with a sentence when it refuses.
    Raises RecorderAway.
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
    except ConnectionError as error:
        raise RecorderAway(str(error)) from error
    finally:
        writer.close()
