"""The byte account of one socket's part in a viewing, as the event loop keeps it.

Room is committed before bytes go (`rtcc.live.sessions`), some of it ahead of need: pictures do not wait for
the database, and those of the city can go on for a moment without it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from uuid import UUID

from django.db import Error as DatabaseFailure

from rtcc.live import sessions
from rtcc.live.sessions import RESERVE_STEP, Count
from rtcc.live.threads import desk

RETRY_S = 1.0


class Account:
    """Counts per camera. Everything but the database work happens on the event loop."""

    def __init__(self, viewing: UUID) -> None:
        self.viewing = viewing
        self._counts: dict[UUID, Count] = {}
        self._asked: dict[UUID, asyncio.Task[None]] = {}
        self._writing = asyncio.Lock()
        self._not_before_s = 0.0  # after a failure room is asked for ahead of need only from then on

    @property
    def counts(self) -> Mapping[UUID, Count]:
        return self._counts

    async def room_for(self, camera: UUID, length: int) -> None:
        """Return once there is room for ``length`` bytes. Raises DatabaseError, or PermitEnded when the
        viewing is over.
        """
        count = self._counts.setdefault(camera, Count())
        while count.room - count.sent < length:
            await asyncio.shield(self._ask(camera))
        if count.room - count.sent < RESERVE_STEP and time.monotonic() > self._not_before_s:
            self._ask(camera)

    def sent(self, camera: UUID, length: int, picture_s: float | None) -> None:
        """These bytes go now. Counted before they go: what fails half-way was sent, never the other way
        round. ``picture_s``: Unix seconds of the picture in them.
        """
        count = self._counts[camera]
        count.sent += length
        if picture_s is not None:
            count.last_at = picture_s
            count.first_at = count.first_at or picture_s

    def _ask(self, camera: UUID) -> asyncio.Task[None]:
        """One request for more room of a camera; never cancelled, because what it commits must be known."""
        asked = self._asked.get(camera)
        if asked is None or asked.done():
            asked = asyncio.get_running_loop().create_task(self._more(camera))
            # Whoever needs the room asks again; a request made ahead of need fails silently.
            asked.add_done_callback(lambda task: task.cancelled() or task.exception())
            self._asked[camera] = asked
        return asked

    async def _more(self, camera: UUID) -> None:
        try:
            await desk.do(sessions.reserve, self.viewing, camera)
        except DatabaseFailure:
            self._not_before_s = time.monotonic() + RETRY_S
            raise
        self._counts[camera].room += RESERVE_STEP

    async def write_down(self) -> None:
        """Write what was sent. Raises DatabaseError."""
        async with self._writing:
            await desk.do(sessions.write_down, self.viewing, self._counts)

    async def settle(self, *, cut: bool, ended: str | None) -> None:
        """Nothing is sent any more: write the counts, give back what was not used, and enter the end if it
        has come. ``cut``: the socket was lost while pictures were on their way. Raises DatabaseError.
        """
        await asyncio.gather(*self._asked.values(), return_exceptions=True)
        async with self._writing:
            await desk.do(sessions.settle, self.viewing, self._counts, cut)
            if ended is not None:
                await desk.do(sessions.end, self.viewing, ended)
