"""Gaps that were told and have no row yet, in a file of the spool: a recorder that is killed while the
database is away still says why footage is missing.

One line of JSON per telling, appended in the order of telling. A telling is one write, so that a killed
process leaves whole lines (and, after a power cut, perhaps a torn last one, which is left out). The file is
emptied once all that it says has been written; told again from any line on, the rows come out the same.
"""

from __future__ import annotations

import json
import os
import threading
from datetime import datetime
from pathlib import Path

from evidence.recorder.states import Gap, GapReason
from rtcc.logs import log

NAME = "gaps.jsonl"
_log = log("recorder")


class GapJournal:
    """The journal of one recorder, which holds the spool's folder. Any thread may call."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._lock = threading.Lock()
        self._told = 0

    def close(self) -> None:
        os.close(self._file)

    def add(self, gap: Gap, *, kept: bool) -> None:
        """Note a telling; ``kept``: the camera is recorded just now. Never waits for the disk."""
        line = {
            "camera": gap.camera,
            "from": gap.starts_at.isoformat(),
            "to": gap.ends_at and gap.ends_at.isoformat(),
            "reason": gap.reason,
            "detail": gap.detail,
            "kept": kept,
        }
        with self._lock:
            self._told += 1
            os.write(self._file, json.dumps(line).encode() + b"\n")

    def sync(self) -> None:
        """Bring it to disk, for a power cut; called where rows have to wait."""
        os.fdatasync(self._file)

    @property
    def told(self) -> int:
        """How many tellings this process has noted."""
        with self._lock:
            return self._told

    def written(self, told: int) -> None:
        """The rows of the first ``told`` tellings have committed: empty it, if there are no later ones."""
        with self._lock:
            if told == self._told:
                os.ftruncate(self._file, 0)

    def left(self) -> list[tuple[Gap, bool]]:
        """What an earlier process has left, in order, each with whether the camera was recorded then."""
        raw = os.pread(self._file, os.fstat(self._file).st_size, 0)
        found = []
        for line in raw.splitlines():
            try:
                said = json.loads(line)
                ends_at = said["to"] and datetime.fromisoformat(said["to"])
                starts_at, reason = datetime.fromisoformat(said["from"]), GapReason(said["reason"])
                found.append((Gap(said["camera"], starts_at, ends_at, reason, said["detail"]), said["kept"]))
            except (ValueError, KeyError, TypeError) as error:
                _log.warning("torn_gap", error=type(error).__name__)
        return found
