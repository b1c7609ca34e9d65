"""The words of the oversight room."""

from __future__ import annotations

from enum import StrEnum


class RunState(StrEnum):
    """A verification waits for a worker, is under way, is done, or was given up after several tries."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
