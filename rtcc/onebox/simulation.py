"""What the simulated cameras of the demo city are called, for the process that plays them."""

from __future__ import annotations

import tomllib
from pathlib import Path

from rtcc.onebox.corners import corners

_CAMERAS = Path(__file__).parent / "demo" / "cameras.toml"


def titles(count: int) -> list[tuple[str, str]]:
    """(stream's name, what is burned into its picture) of the first ``count`` cameras of the demo city."""
    known = tomllib.loads(_CAMERAS.read_text("utf-8"))["camera"]
    rows = [*known, *corners(count - len(known))][:count]
    return [(row["path"].lstrip("/"), row["name"]) for row in rows]
