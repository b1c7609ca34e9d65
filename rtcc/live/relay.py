"""The third door: the only code that hands live pictures on.

A tile is opened only with an armed permit that covers its camera. Before bytes go, room for them is
committed to the viewing's account. When the permit ends or is narrowed, the tile is closed and its player
is told to clear; nothing is sent after that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar
from uuid import UUID

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import close_old_connections

from evidence.recorder.wire import Frame, FrameType
from policy.permits import Permit, PermitEnded
from policy.vocabulary import Action, Kind, ObligationKind, Ref
from rtcc.live import sessions
from rtcc.live.sessions import Count
from rtcc.live.upstream import RecorderAway, frames
from rtcc.live.watch import Watched, watcher

# What the relay can carry out. A mask or a watermark needs a transcode, which the relay has not.
ABLE = frozenset(
    {
        ObligationKind.JUSTIFY,
        ObligationKind.NOTIFY_OWNER,
        ObligationKind.NOTIFY_OVERSIGHT,
        ObligationKind.EXPIRE_AFTER,
        # No audio leaves the recorder at all: it is never set up at the camera.
        ObligationKind.NO_AUDIO,
    }
)
RETRY_S = 1.0
WRITE_DOWN_S = 5.0

Send = Callable[[bytes], Awaitable[None]]
Tell = Callable[[int, str, str], Awaitable[None]]


@dataclass
class _Tile:
    camera: UUID
    partner: bool
    task: asyncio.Task[None] | None = None


@dataclass
class Relay:
    """The live pictures of one viewing to one socket. ``tell(tile, event, sentence)`` informs the page."""

    viewing: UUID
    permit: Permit
    send: Send
    tell: Tell
    partners: frozenset[UUID] = frozenset()
    tiles: dict[int, _Tile] = field(default_factory=dict)
    counts: dict[UUID, Count] = field(default_factory=dict)
    ended: str | None = None
    _keeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch over the permit: registered first, decided again after."""
        watcher.add(Watched(self.permit.id, self._changed, self._end))
        self._keeper = asyncio.get_running_loop().create_task(self._keep_account())

    async def open(self, number: int, camera: UUID) -> None:
        """Show a camera in a tile. Raises PermitEnded when the permit does not cover it."""
        self.permit.require(Action.VIEW_LIVE, Ref(Kind.CAMERA, camera))
        self.permit.carry_out(Ref(Kind.CAMERA, camera), ABLE)
        await self.close(number)
        tile = _Tile(camera, camera in self.partners)
        self.tiles[number] = tile
        tile.task = asyncio.get_running_loop().create_task(self._show(number, tile))

    async def close(self, number: int) -> None:
        """Stop one tile; nothing of it is sent once this returns."""
        tile = self.tiles.pop(number, None)
        if tile is None or tile.task is None:
            return
        tile.task.cancel()
        await asyncio.gather(tile.task, return_exceptions=True)

    async def leave(self) -> None:
        """The socket has gone: all tiles are closed and the account is exact; the viewing may be found again."""
        watcher.remove(self.permit.id)
        for number in list(self.tiles):
            await self.close(number)
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self.ended is not None:
            await _in_thread(sessions.finish, self.viewing, self.ended, self.counts)
        else:
            await _in_thread(sessions.detach, self.viewing, self.counts)

    async def _show(self, number: int, tile: _Tile) -> None:
        """Hand on frames until the tile is closed; a recorder that is away is asked again."""
        while True:
            try:
                async for frame in frames(self.permit.id, tile.camera):
                    if not await self._hand_on(number, tile, frame):
                        return
            except RecorderAway:
                await self.tell(number, "waiting", "The recorder does not answer just now; trying again.")
            await asyncio.sleep(RETRY_S)

    async def _hand_on(self, number: int, tile: _Tile, frame: Frame) -> bool:
        if frame.type is FrameType.END:
            await self.tell(number, "ended", str(frame.json().get("sentence", "")))
            return False
        if not watcher.may_go_on(partner=tile.partner):
            await self.tell(
                number, "ended", "The database does not answer, so nobody can say that this is allowed."
            )
            return False
        count = self.counts.setdefault(tile.camera, Count())
        message = frame.for_tile(number)
        while len(message) > count.room:
            count.room += await _in_thread(sessions.reserve, self.viewing, tile.camera)
        if self.ended is not None:
            return False
        # Counted before it goes: a send that fails half-way counts as sent, never the other way round.
        count.room -= len(message)
        count.unwritten += len(message)
        if frame.type is FrameType.CHUNK:
            count.last_at = frame.chunk_time()
            count.first_at = count.first_at or count.last_at
        await self.send(message)
        return True

    def _changed(self, permit: Permit) -> None:
        """The permit was narrowed or prolonged: close the tiles that it no longer covers, or not like this."""
        self.permit = permit
        loop = asyncio.get_running_loop()
        for number, tile in list(self.tiles.items()):
            ref = Ref(Kind.CAMERA, tile.camera)
            try:
                permit.require(Action.VIEW_LIVE, ref)
                permit.carry_out(ref, ABLE)
            except PermitEnded as ended:
                loop.create_task(self._shut(number, ended.sentence))

    def _end(self, sentence: str) -> None:
        self.ended = sentence
        asyncio.get_running_loop().create_task(self._end_all(sentence))

    async def _end_all(self, sentence: str) -> None:
        for number in list(self.tiles):
            await self._shut(number, sentence)
        await self.leave()

    async def _shut(self, number: int, sentence: str) -> None:
        await self.close(number)
        await self.tell(number, "ended", sentence)

    async def _keep_account(self) -> None:
        while True:
            await asyncio.sleep(WRITE_DOWN_S)
            await _in_thread(sessions.write_down, self.viewing, dict(self.counts))


P = ParamSpec("P")
T = TypeVar("T")


async def _in_thread(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Database work in a thread of its own, its connection given back afterwards."""

    def work() -> T:
        try:
            return act(*args, **kwargs)
        finally:
            close_old_connections()

    async with ThreadSensitiveContext():
        return await sync_to_async(work)()
