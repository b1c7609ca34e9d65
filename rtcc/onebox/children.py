"""Child processes: born with their parent's life, stopped as a group, found again after a crash.

Linux only: `prctl(PR_SET_PDEATHSIG)` (prctl(2)) sends a child its signal when the supervisor ends, however
it ends.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def spawn(
    argv: Sequence[str],
    environment: Mapping[str, str],
    *,
    death_signal: signal.Signals = signal.SIGTERM,
    output: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``argv`` as leader of its own group; it gets ``death_signal`` when this process ends.

    ``output`` is a descriptor for both of its streams. Call from the main thread only: the kernel watches
    the thread.
    """
    parent = os.getpid()

    def tie_to_parent() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        # The parent may have ended between fork and prctl: then nobody would ever send the signal.
        if os.getppid() != parent:
            os._exit(1)
        # A signal ignored here would be ignored there too, and nobody could stop the child.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_DFL)

    return subprocess.Popen(
        list(argv),
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        start_new_session=True,
        preexec_fn=tie_to_parent,
    )


def _started_at(pid: int) -> int | None:
    """Clock ticks from boot to the start of ``pid`` (proc(5), stat field 22); None where there is no such
    process.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *fields = text.rpartition(")")[2].split()
    return None if state == "Z" else int(fields[18])


def alive(pid: int) -> bool:
    """Whether ``pid`` is a running process (a zombie is not)."""
    return _started_at(pid) is not None


def end_group(pid: int, first: signal.Signals, patience_s: float) -> None:
    """Ask the group led by ``pid`` to stop; kill what is left of it after ``patience_s``."""
    for number, wait_s in ((first, patience_s), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            return
        until = time.monotonic() + wait_s
        while alive(pid) and time.monotonic() < until:
            time.sleep(0.02)


@dataclass(frozen=True)
class Register:
    """The file in which a supervisor writes down its children, for the one after it.

    A process is named by its id and start time together, because ids are used again.
    """

    path: Path

    def write(self, pids: Mapping[str, int]) -> None:
        rows = {name: [pid, _started_at(pid)] for name, pid in pids.items()}
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(rows))
        new.rename(self.path)

    def end_leftovers(self) -> list[str]:
        """End every process of an earlier start that still runs; their names."""
        try:
            rows = json.loads(self.path.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return []
        ended = []
        for name, (pid, started) in rows.items():
            if started is not None and _started_at(pid) == started:
                # SIGINT is PostgreSQL's orderly stop; the others take it as well.
                end_group(pid, signal.SIGINT, 5.0)
                ended.append(name)
        self.path.unlink(missing_ok=True)
        return ended
