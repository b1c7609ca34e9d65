"""What somebody who trusts nobody fetches to check the log: named for the log as it is published just now."""

from __future__ import annotations

from typing import Any

from audit.keyfiles import log_vkey
from audit.note import BadNote
from audit.publish import read_checkpoint
from audit.tiles import ENTRIES, TILE_WIDTH, tile_path, width_at
from rtcc.config import config

_MOST_NAMED = 4


def tiles_now() -> dict[str, Any]:
    """Paths of the first and last entry bundles and hash tiles, how many lie between, and the tree's size."""
    try:
        published = read_checkpoint(config.tiles_dir, log_vkey())
    except BadNote:
        published = None
    size = published[0].size if published else 0
    numbers = range(-(-size // TILE_WIDTH))
    paths = [
        tile_path(level, number, width_at(0, number, size)) for level in (ENTRIES, 0) for number in numbers
    ]
    if len(paths) <= _MOST_NAMED:
        return {"tiles": paths, "size": size, "more_tiles": 0}
    named = [paths[0], paths[len(numbers) - 1], paths[len(numbers)], paths[-1]]
    return {"tiles": named, "size": size, "more_tiles": len(paths) - len(named)}
