"""How the log stands just now: for /readyz, for the pages, and for acts that must not run ahead of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from audit.models import Leaf
from audit.status import State, Status, WitnessStatus
from audit.verify.rows import waiting
from rtcc import clock
from rtcc.config import config
from rtcc.errors import Unavailable

OLDEST_WAITING_S = 60.0


@dataclass(frozen=True)
class Standing:
    """``running``: a sequencer reports. Alarms are sentences; with any of them no export, share, destruction,
    policy or role change is made.
    """

    running: bool
    size: int
    waiting: int
    oldest_waiting_s: float
    alarms: tuple[str, ...]
    witnesses: tuple[WitnessStatus, ...]

    @property
    def ok(self) -> bool:
        return self.running and not self.alarms


def standing() -> Standing:
    """Read the sequencer's report and the queue."""
    status = Status.read(config.run_dir)
    count, oldest_s = waiting()
    running = status is not None and not status.is_stale(clock.now()) and status.state is State.RUNNING
    alarms = list(status.alarms) if status is not None else []
    if oldest_s > OLDEST_WAITING_S and not any("has waited" in alarm for alarm in alarms):
        alarms.append(f"The oldest entry has waited {oldest_s:.0f} s for its leaf.")
    return Standing(
        running,
        status.size if status is not None else 0,
        count,
        oldest_s,
        tuple(alarms),
        tuple(status.witnesses) if status is not None else (),
    )


def why_it_lags() -> str:
    """A sentence where entries do not get their places in the log; empty where it follows."""
    _, oldest_s = waiting()
    if oldest_s <= OLDEST_WAITING_S:
        return ""
    return (
        f"An entry has waited {oldest_s:.0f} s for its place in the log. Exports, shares, destruction and"
        " changes of policy or roles wait until the log follows again."
    )


def check_log_follows() -> None:
    """Raise Unavailable where entries do not get their leaves: what cannot be taken back has to wait."""
    sentence = why_it_lags()
    if sentence:
        raise Unavailable(sentence)


def has_leaf(entry_id: UUID) -> bool:
    """Whether an entry has its place in the tree."""
    return Leaf.objects.filter(entry=entry_id).exists()
