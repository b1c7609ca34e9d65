"""Which folders are replicas of a key store, and under which mount point each of them stood.

    <first replica>/REPLICAS    one line for each folder: path, tab, mount point

A folder that is empty may be a new disk, which is filled, or the mount point of one that is away, into which
no key may be written. The first replica, which lies in the data folder, remembers which it is.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from evidence.vault.errors import NotInStore
from evidence.vault.folder import Folder

FILE = "REPLICAS"


def store_id(path: Path) -> str | None:
    """The id of the store that a folder is a replica of, or None."""
    try:
        with Folder.open(path) as folder:
            return folder.read("STORE").decode()
    except (FileNotFoundError, NotInStore):
        return None


def away(empty: Sequence[Path], replicas: Sequence[Path]) -> set[Path]:
    """Those of the empty folders that stood under another mount point when they were added."""
    known = _known(replicas[0])
    return {path for path in empty if known.get(str(path), _mount_of(path)) != _mount_of(path)}


def remember(replicas: Sequence[Path], away: Collection[Path]) -> None:
    """Write the list anew; what is away keeps the mount point that it had."""
    known = _known(replicas[0])
    mounts = {str(path): known[str(path)] if path in away else _mount_of(path) for path in replicas}
    lines = "".join(f"{path}\t{mount}\n" for path, mount in sorted(mounts.items()))
    with Folder.open(replicas[0]) as first:
        first.write(FILE, lines.encode())


def _known(first: Path) -> dict[str, str]:
    with suppress(FileNotFoundError):
        lines = (first / FILE).read_text().splitlines()
        return {path: mount for path, _, mount in (line.partition("\t") for line in lines)}
    return {}


def _mount_of(path: Path) -> str:
    """The mount point that a folder stands under, or would."""
    return str(next(each for each in (path, *path.parents) if os.path.ismount(each)))
