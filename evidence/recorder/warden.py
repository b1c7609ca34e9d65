"""Watches over the permits of the live streams that this recorder serves, whoever asked for them.

The web process watches over them too, and says more to the page. The recorder does not rely on it: a web
process that hangs or was taken over is fed no further than its permits reach.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import UUID

from django.db import Error as DatabaseFailure
from django.db import close_old_connections

from policy.permits import Permit, PermitEnded
from policy.resume import blind_limits, decided_again, standing
from policy.vocabulary import Action, Kind, Ref
from rtcc.logs import log

LOOK_S = 0.8
# What a permit for live pictures may be for.
LIVE = frozenset({Action.VIEW_LIVE, Action.SEND_PICTURE, Action.RECEIVE_PICTURE})
# The web process, which knows better words for it, holds pictures first where the database is silent.
SILENT_GRACE_S = 2.0
SILENT = "The database does not answer, so nobody can say that this is still allowed."
_log = log("recorder")


@dataclass(eq=False)
class Stream:
    """One live stream that is being served. ``end(sentence, again)`` stops it at once; ``again``: the viewer
    may ask anew.
    """

    permit: UUID
    camera: UUID
    partner: bool
    end: Callable[[str, bool], None]


@dataclass
class Look:
    """What one look found: streams that end, with the sentence; and the silence after which streams stop,
    by whether the camera is a partner's.
    """

    ended: list[tuple[Stream, str]] = field(default_factory=list)
    blind: Mapping[bool, float] = field(default_factory=dict)


class Warden:
    """All streams of one recorder. Its methods and tasks belong to the live server's event loop."""

    def __init__(self) -> None:
        self._streams: set[Stream] = set()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="warden")
        self._answered_s = time.monotonic()
        self._blind: Mapping[bool, float] = {}

    def add(self, stream: Stream, blind: Mapping[bool, float]) -> None:
        """Its permit was read a moment ago, and ``blind`` with it (`blind_limits`); the next look decides."""
        if not self._streams:
            self._answered_s = time.monotonic()
        self._streams.add(stream)
        self._blind = blind

    def remove(self, stream: Stream) -> None:
        self._streams.discard(stream)

    async def run(self) -> None:
        """Until cancelled."""
        try:
            await asyncio.gather(self._look_on(), self._notice_silence())
        finally:
            self._pool.shutdown(wait=False)

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            if not self._streams:
                continue
            began = time.monotonic()
            try:
                look = await asyncio.get_running_loop().run_in_executor(
                    self._pool, look_at, list(self._streams)
                )
            except DatabaseFailure as error:
                _log.warning("permits_unread", error=type(error).__name__)
                continue
            except Exception:  # noqa: BLE001  who cannot be judged is stopped by the silence below
                _log.exception("permits_unread")
                continue
            self._answered_s, self._blind = began, look.blind
            for stream, sentence in look.ended:
                self._end(stream, sentence, again=False)

    async def _notice_silence(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            silent_s = time.monotonic() - self._answered_s - SILENT_GRACE_S
            for stream in list(self._streams):
                if silent_s > self._blind[stream.partner]:
                    self._end(stream, SILENT, again=True)

    def _end(self, stream: Stream, sentence: str, *, again: bool) -> None:
        if stream in self._streams:
            self.remove(stream)
            stream.end(sentence, again)


def look_at(streams: Collection[Stream]) -> Look:
    """Read all permits in a fixed number of queries; decide those again that an epoch has overtaken."""
    try:
        look = Look(blind=blind_limits())
        of_permit: dict[UUID, list[Stream]] = defaultdict(list)
        for stream in streams:
            of_permit[stream.permit].append(stream)
        for key, found in standing(of_permit).items():
            answer = found if found is not None else decided_again(key)
            for stream in of_permit[key]:
                sentence = answer if isinstance(answer, str) else _refusal(answer, stream.camera)
                if sentence is not None:
                    look.ended.append((stream, sentence))
        return look
    finally:
        close_old_connections()


def require_live(permit: Permit, camera: UUID) -> None:
    """Raise PermitEnded unless live pictures of the camera may be handed out under the permit. What it
    demands beside (a mark) is carried out by whoever asked for them.
    """
    action = permit.action if permit.action in LIVE else Action.VIEW_LIVE
    permit.require(action, Ref(Kind.CAMERA, camera))


def _refusal(permit: Permit, camera: UUID) -> str | None:
    try:
        require_live(permit, camera)
    except PermitEnded as ended:
        return ended.sentence
    return None
