"""One watcher a process: polls the epoch once a second and decides every open permit again when it moved.

The database being silent is a fact too: partners' pictures stop after a few seconds of it, the city's own
go on a little longer, marked; both lengths are parameters of the policy version.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from uuid import UUID

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import DatabaseError, close_old_connections

from policy import epoch
from policy.models import Permit as PermitRow
from policy.permits import Permit, PermitEnded
from policy.publish import active
from policy.resume import resume
from rtcc import clock
from rtcc.logs import log

POLL_S = 0.5
_log = log("web")


class Watched:
    """An open permit of this process, and whom to tell."""

    def __init__(
        self, permit_id: UUID, on_change: Callable[[Permit], None], on_end: Callable[[str], None]
    ) -> None:
        self.permit_id = permit_id
        self.on_change = on_change
        self.on_end = on_end


class Watcher:
    """All open permits of this process. Runs as one task on the event loop while there are any."""

    def __init__(self) -> None:
        self._open: dict[UUID, Watched] = {}
        self._task: asyncio.Task[None] | None = None
        self._answered = time.monotonic()
        self._blind: dict[str, float] = {}

    def add(self, watched: Watched) -> None:
        self._open[watched.permit_id] = watched
        if self._task is None or self._task.done():
            self._answered = time.monotonic()
            self._task = asyncio.get_running_loop().create_task(self._run())

    def remove(self, permit_id: UUID) -> None:
        self._open.pop(permit_id, None)

    def blind_s(self) -> float:
        """Seconds since the database last answered."""
        return time.monotonic() - self._answered

    def may_go_on(self, *, partner: bool) -> bool:
        """Whether pictures may still flow while the database is silent."""
        limit = self._blind.get("partner" if partner else "city", 2.0)
        return self.blind_s() <= limit

    async def _run(self) -> None:
        while self._open:
            await self._round()
            await asyncio.sleep(POLL_S)

    async def _round(self) -> None:
        asked = dict.fromkeys(self._open)
        try:
            async with ThreadSensitiveContext():
                answers = await asyncio.wait_for(sync_to_async(_ask)(list(asked)), timeout=5)
        except (DatabaseError, TimeoutError) as error:
            _log.warning("epoch_unanswered", silent_s=round(self.blind_s(), 1), error=type(error).__name__)
            return
        self._answered = time.monotonic()
        self._blind = answers.blind
        for permit_id, answer in answers.permits.items():
            watched = self._open.get(permit_id)
            if watched is None:
                continue
            if isinstance(answer, str):
                self.remove(permit_id)
                watched.on_end(answer)
            else:
                watched.on_change(answer)


class _Answers:
    """What one round found: per permit the permit as it stands now, or the sentence that ended it."""

    def __init__(self) -> None:
        self.permits: dict[UUID, Permit | str] = {}
        self.blind: dict[str, float] = {}


def _ask(permit_ids: list[UUID]) -> _Answers:
    """Read the epoch and the rows; decide again only what has changed since each permit's own epoch."""
    answers = _Answers()
    try:
        parameters, at = active().parameters, clock.now()
        answers.blind = {
            "partner": parameters.duration("blind_stop_partner", at).total_seconds(),
            "city": parameters.duration("blind_stop_city", at).total_seconds(),
        }
        current = epoch.current()
        rows = PermitRow.objects.select_related("person", "grant").in_bulk(permit_ids)
        for permit_id in permit_ids:
            row = rows.get(permit_id)
            if row is None or row.person is None:
                answers.permits[permit_id] = "There is no such permit."
                continue
            stale = row.epoch != current or row.person_epoch != row.person.session_epoch
            try:
                if stale or row.ended_at or row.expires_at <= at or (row.grant and row.grant.ended_at):
                    answers.permits[permit_id] = resume(permit_id, by=row.person)
            except PermitEnded as ended:
                answers.permits[permit_id] = ended.sentence
    finally:
        close_old_connections()
    return answers


watcher = Watcher()
