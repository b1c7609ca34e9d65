"""What an outsider needs to check the log without us."""

from __future__ import annotations

from typing import Any

from audit.keyfiles import log_vkey, verifiers
from audit.note import BadNote
from audit.publish import read_checkpoint
from rtcc.config import config
from rtcc.public.kept import for_a_minute


def logbook() -> dict[str, Any]:
    """The newest checkpoint as it is published (its text, size), the keys, and our address."""
    return for_a_minute("log", _read)


def _read() -> dict[str, Any]:
    try:
        published = read_checkpoint(config.tiles_dir, log_vkey())
    except BadNote:
        published = None
    return {
        "checkpoint": str(published[1]) if published else "",
        "size": published[0].size if published else 0,
        "keys": [str(key) for key in verifiers()],
        "origin": config.origin,
    }
