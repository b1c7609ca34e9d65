"""From a bare Python to the project's own environment: makes ``.venv`` from the hashed lock, then goes on
in it.

Standard library only. ``./run`` and ``./test`` start here; ``--tests`` as first argument means ``./test``.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"

# This file is started by path, which puts its folder first; modules here must not shadow others.
sys.path[0] = str(ROOT)

from rtcc.onebox.options import parse  # noqa: E402
from rtcc.onebox.progress import Stop, complain, say, step  # noqa: E402


@contextmanager
def _alone() -> Iterator[None]:
    """Only one start at a time may change the environment; a second one waits here."""
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _interpreter() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor} {os.path.realpath(sys.executable)}"


def _make_venv() -> None:
    """Make ``.venv`` unless it stands and was made with this very interpreter."""
    made_with = VENV / "made-with"
    if PYTHON.exists() and (not made_with.exists() or made_with.read_text() == _interpreter()):
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    made_with.write_text(_interpreter())


def install(lock: Path) -> bool:
    """Install exactly what ``lock`` lists, unless this lock was installed before; say whether work was
    done.
    """
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    with _alone():
        _make_venv()
        marker = VENV / f"installed-{lock.name}"
        if marker.exists() and marker.read_text() == wanted:
            return False
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run(
            [*pip, "--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(lock)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            raise Stop(
                f"{done.stdout.strip()}\n\nThe Python packages of {lock.name} could not be "
                "installed; pip's words are above. Nothing was started; trying again is safe."
            )
        marker.write_text(wanted)
        return True


def main() -> None:
    arguments = sys.argv[1:]
    tests = arguments[:1] == ["--tests"]
    options = None if tests else parse(arguments)
    quiet = bool(options and options.command)
    lock = ROOT / ("requirements-test.lock" if tests else "requirements.lock")
    if not quiet:
        say("Watchlight")
    with step("Python packages", quiet) as current:
        current.outcome = "installed" if install(lock) else "ready"
    entry = ["-m", "rtcc.onebox.testing", *arguments[1:]] if tests else ["-m", "rtcc.onebox", *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WATCHLIGHT_")}
    environment["PYTHONPATH"] = str(ROOT)
    os.execve(PYTHON, [str(PYTHON), *entry], environment)


if __name__ == "__main__":
    try:
        main()
    except Stop as stop:
        complain(str(stop))
        sys.exit(1)
    except KeyboardInterrupt:
        complain("Stopped before anything was started.")
        sys.exit(130)
