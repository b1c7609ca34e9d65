"""Carrying out a verification of the log: taken by lease, reported while it runs, its outcome entered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from audit.record import record
from audit.verify import Verification as Outcomes
from audit.verify import verify
from audit.vocabulary import Event, Outcome
from policy.actors import SystemActor
from rtcc import clock
from rtcc.logs import log
from rtcc.oversight.models import Verification
from rtcc.oversight.vocabulary import RunState

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 3
# The row is written at most this often; the page asks once a second.
REPORT_EVERY = timedelta(milliseconds=500)
WORKER = SystemActor("worker")
_log = log("worker")


def send(run: UUID) -> None:
    """Tell the workers. If the broker does not answer, the clock of the background work sends it again."""
    # Not imported above: the workers' app reads the settings, which read the apps, which read this.
    from rtcc.worker import app

    app.send_task("oversight.verify_log", [str(run)], retry=False)


def carry_on() -> int:
    """Send again what nobody holds: a worker died, or the broker lost it. Gives up after several tries."""
    now = clock.now()
    given_up = Verification.objects.free_at(now).filter(attempts__gte=MOST_ATTEMPTS)
    given_up.update(state=RunState.FAILED, finished_at=now)
    waiting = Verification.objects.free_at(now).filter(asked_at__lt=now - timedelta(seconds=5))
    runs = list(waiting.values_list("id", flat=True)[:10])
    for run in runs:
        send(run)
    return len(runs)


def carry_out(run: UUID) -> bool:
    """Verify the log for a run that nobody else holds. False if there is nothing to do."""
    now = clock.now()
    taken = Verification.objects.free_at(now).filter(id=run, attempts__lt=MOST_ATTEMPTS)
    if not taken.update(state=RunState.RUNNING, leased_until=now + LEASE, attempts=F("attempts") + 1):
        return False
    found = verify(progress=_Progress(run))
    _finish(run, found)
    return True


class _Progress:
    """Writes down how far a run is, and holds its lease."""

    def __init__(self, run: UUID) -> None:
        self._run = run
        self._said_at = clock.now() - REPORT_EVERY

    def __call__(self, done: int, total: int) -> None:
        now = clock.now()
        if now - self._said_at < REPORT_EVERY:
            return
        self._said_at = now
        Verification.objects.held(self._run).update(done=done, total=total, leased_until=now + LEASE)


def _finish(run: UUID, found: Outcomes) -> None:
    """Enter what was found, once: of two workers that thought they held it the first one is heard."""
    now = clock.now()
    with transaction.atomic(durable=True):
        row = Verification.objects.held(run).select_for_update(of=("self",)).first()
        if row is None:
            _log.warning("verification_taken_over", run=str(run))
            return
        entry = record(
            Event.LOG_VERIFIED,
            outcome=Outcome.PERMIT,
            actor=WORKER.key,
            parent=row.entry,
            object_kind="log",
            count=found.size,
            detail=_detail(row, found),
        )
        row.state, row.finished_at, row.finished_entry = RunState.DONE, now, entry.id
        row.verifies, row.size, row.result = found.ok, found.size, found.as_json()
        row.done = row.total = found.size
        row.leased_until = None
        row.save()


def _detail(row: Verification, found: Outcomes) -> dict[str, Any]:
    return {
        "verification": str(row.id),
        "verifies": found.ok,
        "faults": len(found.faults) + found.more_faults,
        "first_faults": [str(fault) for fault in found.faults[:5]],
    }


def compared() -> Verification | None:
    """The last finished run: up to where, and when, the index was compared with the log."""
    found: Verification | None = Verification.objects.finished().first()
    return found
