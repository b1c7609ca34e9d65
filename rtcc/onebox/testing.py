"""``./test`` inside the project's own environment: front-end packages, then pytest with the given
arguments.
"""

from __future__ import annotations

import os
import sys

from rtcc.onebox import frontend
from rtcc.onebox.options import ROOT
from rtcc.onebox.progress import Stop, complain, step


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
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *spread, *arguments])


if __name__ == "__main__":
    main()
