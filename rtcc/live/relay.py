"""The third door: the only code that hands live pictures on.

A tile is opened only with an armed permit that covers its camera. Before bytes go, room for them is
committed to the viewing's account. When the permit ends or is narrowed, the tile is closed and its player
is told to clear; nothing is sent after that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

from django.db import Error as DatabaseFailure

from evidence.recorder.wire import Frame, FrameType, pack
from policy.permits import Permit, PermitEnded
from policy.vocabulary import Action, Kind, ObligationKind, Ref
from rtcc import clock
from rtcc.errors import Unavailable
from rtcc.live.account import Account
from rtcc.live.signed_in import SignedIn
from rtcc.live.upstream import RecorderAway as RecorderAway
from rtcc.live.upstream import frames
from rtcc.live.watch import Doubt, Watched, watcher
from rtcc.logs import log

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
NEWEST_WITHIN_S = 4.0
# So fresh a frame is the end of what waited in the recorder's memory.
FRESH_S = 0.4
WRITE_DOWN_S = 5.0
# A page that reads too slowly to be told is not waited for.
TELL_S = 1.0
SAID = {
    Doubt.NONE: "",
    Doubt.UNCONFIRMED: "The database does not answer; this picture goes on for a moment, unconfirmed.",
    Doubt.HELD: "Held: nobody can say just now that this is still allowed. It goes on when somebody can.",
}
AWAY = "The recorder does not answer just now; trying again."
UNACCOUNTED = "The database does not answer, so that what is sent cannot be accounted for; trying again."
FAULT = "This picture cannot be shown because of a fault of ours. Open it again."
_log = log("web")

# Sends one message if the claim, asked at the last moment, still holds.
Send = Callable[[bytes, Callable[[], bool]], Awaitable[None]]
Tell = Callable[[int, str, str], Awaitable[None]]


@dataclass(eq=False)
class Tile:
    """One picture of a relay."""

    camera: UUID
    partner: bool
    doubt: Doubt = Doubt.NONE
    waiting: str = ""
    task: asyncio.Task[object] | None = None

    @property
    def ref(self) -> Ref:
        return Ref(Kind.CAMERA, self.camera)


@dataclass(eq=False)
class Relay:
    """The live pictures of one viewing to one socket. ``tell(tile, event, sentence)`` informs the page.

    ``action``: what the permit has to be for; ``able``: what this way of showing can carry out.
    """

    action: ClassVar[Action] = Action.VIEW_LIVE
    able: ClassVar[frozenset[ObligationKind]] = ABLE

    viewing: UUID
    permit: Permit
    who: SignedIn
    send: Send
    tell: Tell
    partners: frozenset[UUID] = frozenset()
    ended: str | None = None
    _tiles: dict[int, Tile] = field(default_factory=dict)
    _tasks: set[asyncio.Task[object]] = field(default_factory=set)
    _finishing: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self._account = Account(self.viewing)
        self._watched = Watched(self.permit.id, self.who, self._changed, self._end, self._say_doubts)

    def start(self) -> None:
        """Begin to watch over the permit: registered first, decided again after."""
        watcher.add(self._watched)
        self._keep(self._keep_account())

    async def open(self, number: int, camera: UUID) -> None:
        """Show a camera in a tile. Raises PermitEnded when the permit does not cover it."""
        tile = Tile(camera, camera in self.partners)
        self.permit.require(self.action, tile.ref)
        self.permit.carry_out(tile.ref, self.able)
        await self.close(number)
        if self.ended is not None:
            raise PermitEnded(self.ended)
        self._tiles[number] = tile
        tile.task = self._keep(self._show(number, tile))

    async def close(self, number: int) -> None:
        """Stop one tile; nothing of it is sent once this returns."""
        tile = self._tiles.pop(number, None)
        if tile is not None:
            await _cancel([tile.task])

    async def leave(self) -> None:
        """The socket has gone: its pictures stop and its part of the account is settled. The viewing may be
        found again.
        """
        watcher.remove(self._watched)
        if self._finishing is not None:
            await self._finishing
            return
        cut = bool(self._tiles)
        self._stop()
        await _cancel(list(self._tasks))
        await self._settle(cut=cut)

    def _stop(self) -> None:
        """Nothing is sent once this returns, whatever is still waiting its turn."""
        for tile in self._tiles.values():
            if tile.task is not None:
                tile.task.cancel()
        self._tiles.clear()

    async def _settle(self, *, cut: bool) -> None:
        try:
            await self._account.settle(cut=cut, ended=self.ended)
        except DatabaseFailure as error:
            # The room stays reserved, so the entry that the sweeper makes is an upper bound.
            _log.warning("account_unsettled", viewing=str(self.viewing), error=type(error).__name__)

    # -- pictures --

    async def _show(self, number: int, tile: Tile) -> None:
        """Hand on frames until the tile is closed; what is away is asked again."""
        try:
            while True:
                try:
                    if await self._pass_on(number, tile):
                        return
                    waiting = ""
                except RecorderAway:
                    waiting = AWAY
                except DatabaseFailure:
                    waiting = UNACCOUNTED
                if waiting and waiting != tile.waiting:
                    await self.tell(number, "waiting", waiting)
                tile.waiting = waiting or tile.waiting
                await asyncio.sleep(RETRY_S)
        except OSError:
            return  # the socket has gone; whoever owns it leaves
        except PermitEnded as ended:
            await self._tell([number], ended.sentence)
        except Exception:  # noqa: BLE001  one picture's fault ends that picture, and is said
            _log.exception("picture_failed", viewing=str(self.viewing), camera=str(tile.camera))
            await self._tell([number], FAULT)

    async def _pass_on(self, number: int, tile: Tile) -> bool:
        """One connection to the recorder. True when it has ended for good."""
        while self._doubt(tile) is Doubt.HELD:
            await asyncio.sleep(RETRY_S / 4)
        async with aclosing(frames(self.permit.id, tile.camera)) as coming:
            async for frame in coming:
                if frame.type is FrameType.END:
                    await self.tell(number, "ended", str(frame.json().get("sentence", "")))
                    return True
                if self._doubt(tile) is Doubt.HELD:
                    return False
                await self._hand_on(number, tile, frame)
        return False

    async def _hand_on(self, number: int, tile: Tile, frame: Frame) -> None:
        picture_s = frame.chunk_time() if frame.type is FrameType.CHUNK else None
        await self._send_picture(number, tile, frame.for_tile(number), picture_s)

    async def _send_picture(self, number: int, tile: Tile, message: bytes, picture_s: float | None) -> None:
        """Send and account for it, if it may still go when its turn has come."""
        await self._account.room_for(tile.camera, len(message))

        def claim() -> bool:
            if self._tiles.get(number) is not tile or self._doubt(tile) is Doubt.HELD:
                return False
            self._account.sent(tile.camera, len(message), picture_s)
            return True

        await self.send(message, claim)
        if picture_s is not None:
            tile.waiting = ""

    def _doubt(self, tile: Tile) -> Doubt:
        return watcher.doubt(self._watched, partner=tile.partner)

    # -- what the watcher says --

    def _changed(self, permit: Permit) -> None:
        """The permit as it stands now: close the tiles that it no longer covers, or not like this."""
        self.permit = permit
        for number, tile in list(self._tiles.items()):
            try:
                permit.require(self.action, tile.ref)
                permit.carry_out(tile.ref, self.able)
            except PermitEnded as ended:
                del self._tiles[number]
                if tile.task is not None:
                    tile.task.cancel()
                self._keep(self._tell([number], ended.sentence))

    def _end(self, sentence: str) -> None:
        self.ended = sentence
        numbers, tasks = list(self._tiles), list(self._tasks)
        self._stop()
        self._finishing = asyncio.get_running_loop().create_task(self._finish(numbers, tasks, sentence))

    async def _finish(self, numbers: list[int], tasks: list[asyncio.Task[object]], sentence: str) -> None:
        await _cancel(tasks)
        told = await self._tell(numbers, sentence)
        await self._settle(cut=not told)

    def _say_doubts(self) -> None:
        """Mark each picture that is not confirmed just now, and take the mark away again."""
        for number, tile in self._tiles.items():
            doubt = self._doubt(tile)
            if doubt is not tile.doubt:
                tile.doubt = doubt
                self._keep(self._tell([number], SAID[doubt], str(doubt)))

    async def _tell(self, numbers: Iterable[int], sentence: str, event: str = "ended") -> bool:
        """Whether the page could be told."""
        try:
            async with asyncio.timeout(TELL_S):
                for number in numbers:
                    await self.tell(number, event, sentence)
        except (OSError, TimeoutError):
            return False  # nobody reads; the pictures have stopped all the same
        return True

    # -- tasks --

    async def _keep_account(self) -> None:
        while True:
            await asyncio.sleep(WRITE_DOWN_S)
            try:
                await self._account.write_down()
            except DatabaseFailure as error:
                _log.warning("account_waits", viewing=str(self.viewing), error=type(error).__name__)

    def _keep(self, work: Coroutine[Any, Any, object]) -> asyncio.Task[object]:
        """A task of this relay; asyncio itself forgets tasks that nobody refers to."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _cancel(tasks: Iterable[asyncio.Task[object] | None]) -> None:
    """Cancel and wait until they have ended."""
    ending = [task for task in tasks if task is not None and task is not asyncio.current_task()]
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


async def newest(permit: Permit, camera: UUID) -> list[bytes]:
    """The newest picture of a camera: packed frames (`rtcc.live.drawn.draw`) from the last key frame on.

    They are for a marked picture and nothing else, so a demand for a mark is no obstacle. Raises PermitEnded,
    or Unavailable where no picture comes.
    """
    ref = Ref(Kind.CAMERA, camera)
    permit.require(Action.SEND_PICTURE, ref)
    permit.carry_out(ref, ABLE | {ObligationKind.WATERMARK})
    found: list[bytes] = []
    said = "No picture comes from this camera just now. Send a recorded one, or try again."
    try:
        async with asyncio.timeout(NEWEST_WITHIN_S), aclosing(frames(permit.id, camera)) as coming:
            async for frame in coming:
                if frame.type is FrameType.END:
                    raise PermitEnded(str(frame.json().get("sentence", "")))
                if frame.type is FrameType.STATE:
                    said = str(frame.json().get("sentence", "")) or said
                    continue
                if frame.type is FrameType.INIT:
                    found = []
                found.append(pack(frame.type, frame.payload))
                if frame.type is FrameType.CHUNK and _age_s(frame) < FRESH_S:
                    break
    except TimeoutError:
        pass  # A camera that is late is shown as late as it is: the mark says when.
    except RecorderAway as away:
        raise Unavailable(AWAY) from away
    if len(found) < 2:
        raise Unavailable(said)
    return found


def _age_s(frame: Frame) -> float:
    return clock.now().timestamp() - frame.chunk_time()
