"""The sign of life of the background work: a task writes it, so clock, broker and worker live."""

from __future__ import annotations

import os

from rtcc import clock
from rtcc.config import config

FILE = "worker-beat"


def beat() -> None:
    """Write down the instant (Unix seconds)."""
    new = config.run_dir / f".{FILE}.{os.getpid()}"
    new.write_text(str(clock.now().timestamp()))
    new.rename(config.run_dir / FILE)


def age_s() -> float | None:
    """Seconds since the last beat; None where there was none."""
    try:
        return clock.now().timestamp() - float((config.run_dir / FILE).read_text())
    except FileNotFoundError:
        return None
