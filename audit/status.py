"""What the sequencer says about itself, in one small file that the other processes read. No Django."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

FILE = "sequencer.json"
# The sequencer writes at least once a second; an older file means that it does not run.
STALE_S = 10.0


class State(StrEnum):
    """How the sequencer stands."""

    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"  # for a witness or for the database: nothing new is signed
    STOPPED = "stopped"  # something contradicts what was signed before: somebody must look


@dataclass(frozen=True)
class WitnessStatus:
    """The last cosignature of one witness, and what it said last where that was no cosignature."""

    name: str
    size: int | None = None
    cosigned_s: int | None = None
    trouble: str | None = None


@dataclass(frozen=True)
class Status:
    """A report of the sequencer. ``at_s`` is POSIX seconds; alarms are sentences."""

    state: State
    at_s: float
    size: int = 0
    oldest_waiting_s: float = 0.0
    alarms: list[str] = field(default_factory=list)
    witnesses: list[WitnessStatus] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Replace the file. Not synced: after a power loss the next second writes it again."""
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f".{FILE}.{os.getpid()}"
        temporary.write_text(json.dumps(asdict(self)))
        temporary.chmod(0o644)
        os.replace(temporary, folder / FILE)

    @classmethod
    def read(cls, folder: Path) -> Status | None:
        """The last report, or None where there is none."""
        try:
            said = json.loads((folder / FILE).read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        witnesses = [WitnessStatus(**witness) for witness in said.pop("witnesses")]
        return cls(**{**said, "state": State(said["state"])}, witnesses=witnesses)

    def is_stale(self, now: datetime) -> bool:
        return abs(now.timestamp() - self.at_s) > STALE_S
