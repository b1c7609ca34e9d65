"""One watcher a process: asks twice a second whether each open permit still stands.

A look is a handful of queries, whoever many watch: what was ended is told at once. Permits that an epoch
has overtaken are then decided again one by one, and looking goes on in between; whose turn takes longer than
a second is held, so that nothing is handed out that nobody has judged.

The database being silent is a fact too: partners' pictures stop after a few seconds of it, the city's own
go on a little longer, marked; both lengths are parameters of the policy version. After the longer one the
views end.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from django.db import Error as DatabaseFailure

from policy.models import Session
from policy.permits import Permit, PermitEnded
from policy.resume import blind_limits, resume, standing
from rtcc.live.models import Viewing
from rtcc.live.signed_in import SignedIn
from rtcc.live.threads import watch_desk
from rtcc.logs import log

POLL_S = 0.5
# For so long a permit that an epoch has overtaken may wait for its turn before its pictures are held.
JUDGED_WITHIN_S = 1.0
# Deciding takes so long at most before it is looked again for permits that have ended.
LOOK_AGAIN_S = 0.5
_log = log("web")
T = TypeVar("T")


class Doubt(StrEnum):
    """What is known of a permit just now: it stands; nobody answers, and pictures may go on for a moment;
    nothing goes out until somebody has answered.
    """

    NONE = "confirmed"
    UNCONFIRMED = "unconfirmed"
    HELD = "held"


@dataclass(eq=False)
class Watched:
    """One socket's use of an open permit, and whom to tell. Two sockets on one permit are two of these."""

    permit: UUID
    who: SignedIn
    on_change: Callable[[Permit], None]
    on_end: Callable[[str], None]
    on_look: Callable[[], None]
    overtaken_s: float | None = None
    """Since when an epoch has overtaken it (monotonic seconds)."""


@dataclass
class Look:
    """What one look found: the sentence that ended a permit, or the permit; and which to decide again."""

    ended: dict[Watched, str] = field(default_factory=dict)
    standing: dict[Watched, Permit] = field(default_factory=dict)
    overtaken: list[Watched] = field(default_factory=list)
    blind: dict[bool, float] = field(default_factory=dict)


class Watcher:
    """All open permits of this process. Runs as one task on the event loop while there are any."""

    def __init__(self) -> None:
        self._open: set[Watched] = set()
        self._task: asyncio.Task[None] | None = None
        self._answered_s = time.monotonic()
        # Until the parameters have been read: as short as they may be.
        self._blind = {True: 0.0, False: 0.0}

    def add(self, watched: Watched) -> None:
        """Begin to watch over one; the next look decides."""
        self._open.add(watched)
        if self._task is None or self._task.done():
            # Whoever comes first has just been decided by the database.
            self._answered_s = time.monotonic()
            self._task = asyncio.get_running_loop().create_task(self._run())

    def remove(self, watched: Watched) -> None:
        self._open.discard(watched)

    def doubt(self, watched: Watched, *, partner: bool) -> Doubt:
        """Whether pictures may go out under it now."""
        now = time.monotonic()
        if watched.overtaken_s is not None and now - watched.overtaken_s > JUDGED_WITHIN_S:
            return Doubt.HELD
        silent_s = now - self._answered_s
        if silent_s > max(self._blind[partner], 2 * POLL_S):
            return Doubt.HELD
        return Doubt.UNCONFIRMED if silent_s > max(self._blind[True], 2 * POLL_S) else Doubt.NONE

    async def _run(self) -> None:
        while self._open:
            try:
                await self._round()
            except DatabaseFailure as error:
                _log.warning("epoch_unanswered", silent_s=self._silent_s(), error=type(error).__name__)
            except Exception:  # noqa: BLE001  while nobody looks nothing goes out; so it is looked again
                _log.exception("watch_failed", silent_s=self._silent_s())
            await asyncio.sleep(POLL_S)
            self._tell_doubts()

    def _silent_s(self) -> float:
        return round(time.monotonic() - self._answered_s, 1)

    async def _round(self) -> None:
        began = time.monotonic()
        look = await self._patiently(watch_desk.do(look_at, list(self._open)))
        self._answered_s, self._blind = began, look.blind
        for watched, sentence in look.ended.items():
            self._end(watched, sentence)
        for watched, permit in look.standing.items():
            self._stands(watched, permit)
        for watched in look.overtaken:
            watched.overtaken_s = watched.overtaken_s or began
        self._tell_doubts()
        for watched in sorted(look.overtaken, key=lambda each: each.overtaken_s or 0.0):
            if watched not in self._open:
                continue
            answer = await self._patiently(watch_desk.do(decide_again, watched))
            if isinstance(answer, str):
                self._end(watched, answer)
            else:
                self._stands(watched, answer)
            if time.monotonic() - began > LOOK_AGAIN_S:
                return

    async def _patiently(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for the database, however long; meanwhile say what its silence means."""
        task = asyncio.get_running_loop().create_task(work)
        while not task.done():
            await asyncio.wait({task}, timeout=POLL_S)
            if not task.done():
                self._tell_doubts()
        return task.result()

    def _stands(self, watched: Watched, permit: Permit) -> None:
        watched.overtaken_s = None
        if watched in self._open:
            watched.on_change(permit)

    def _end(self, watched: Watched, sentence: str) -> None:
        if watched in self._open:
            self.remove(watched)
            watched.on_end(sentence)

    def _tell_doubts(self) -> None:
        if self._silent_s() > max(self._blind[False], 2 * POLL_S):
            seconds = round(self._blind[False])
            for watched in list(self._open):
                self._end(watched, f"The database did not answer for {seconds} seconds; views end with that.")
        for watched in list(self._open):
            watched.on_look()


def look_at(asked: Iterable[Watched]) -> Look:
    """The epoch, the permits' rows, their viewings and sessions, in a fixed number of queries."""
    asked = list(asked)
    look = Look()
    look.blind = blind_limits()
    found = standing({each.permit for each in asked})
    endings = dict(
        Viewing.objects.filter(permit_id__in=found)
        .exclude(asked_to_end="")
        .values_list("permit_id", "asked_to_end")
    )
    sessions = Session.objects.in_bulk({each.who.session for each in asked})
    for watched in asked:
        answer = found[watched.permit]
        if (session := sessions[watched.who.session]).ended_at is not None:
            look.ended[watched] = session.ended_why
        elif watched.permit in endings:
            look.ended[watched] = endings[watched.permit]
        elif isinstance(answer, str):
            look.ended[watched] = answer
        elif answer is None:
            look.overtaken.append(watched)
        else:
            look.standing[watched] = answer
    return look


def decide_again(watched: Watched) -> Permit | str:
    """The permit as it stands on fresh facts, or the sentence that ended it."""
    try:
        return resume(watched.permit, by=watched.who.person)
    except PermitEnded as ended:
        return ended.sentence


watcher = Watcher()
