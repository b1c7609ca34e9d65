"""``./test`` inside the project's own environment: front-end packages, then pytest with the given
arguments.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

from rtcc.onebox import frontend
from rtcc.onebox.options import ROOT
from rtcc.onebox.progress import Stop, complain, step

# A run of all tests copies a database a thousand times: on a disk that costs ten times as much as in memory,
# and more than the tests themselves.
IN_MEMORY = "TEST_CLUSTER"
_MEMORY = Path("/dev/shm")
_ROOM_BYTES, _SPARE_BYTES = 2 << 30, 4 << 30


def memory_folder() -> Path | None:
    """Where the tests' database can lie in memory; None where there is no room for it, or it is another's."""
    if not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < _ROOM_BYTES or _available() < _SPARE_BYTES:
        return None
    of_this_clone = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    folder = _MEMORY / f"watchlight-tests-{os.getuid()}-{of_this_clone}"
    folder.mkdir(mode=0o700, exist_ok=True)
    is_own = not folder.is_symlink() and folder.stat().st_uid == os.getuid()
    return folder if is_own else None


def _available() -> int:
    """Bytes of memory that programs can still have (proc(5), meminfo)."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) << 10
    return 0


def main() -> None:
    arguments = sys.argv[1:]
    try:
        with step("Front-end packages") as current:
            current.outcome = "fetched" if frontend.install(tests=True) else "ready"
    except Stop as stop:
        complain(str(stop))
        sys.exit(1)
    # Many tests wait for streams and timers: one process more than two cores keeps both at work.
    spread = [] if any(word.startswith(("-n", "--numprocesses")) for word in arguments) else ["-n", "3"]
    folder = memory_folder()
    if folder is not None:
        os.environ[IN_MEMORY] = str(folder)
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *spread, *arguments])


if __name__ == "__main__":
    main()
