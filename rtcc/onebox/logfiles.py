"""Log files of the processes. A child writes to its file itself; we turn the file over when it has grown."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_MAX_BYTES = 10 * 1024 * 1024
_KEPT = 5


def open_for(path: Path) -> int:
    """A descriptor that appends to ``path``, for a child; the file is readable by its owner only."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def turn_over(path: Path, limit: int = _MAX_BYTES) -> bool:
    """Where ``path`` has grown past ``limit`` bytes, move its content to ``.1`` and older ones on; say
    whether it had.

    The file itself stays, because its writer holds it open: what is written in the instant between copying
    and emptying is lost. No log here is evidence; that is the audit log's work.
    """
    if not path.exists() or path.stat().st_size <= limit:
        return False
    for number in range(_KEPT - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    shutil.copyfile(path, path.with_name(f"{path.name}.1"))
    os.truncate(path, 0)
    return True


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, for a message."""
    if not path.exists():
        return ""
    return "\n".join(path.read_bytes()[-20_000:].decode(errors="replace").splitlines()[-lines:])
