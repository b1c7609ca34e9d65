"""What outsiders see of the log: tiles that follow the head, and the one file ``checkpoint``. No Django."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from audit.merkle import leaf_hash
from audit.note import Checkpoint, Note, VerifierKey, open_checkpoint
from audit.tiles import ENTRIES, TILE_HEIGHT, TILE_WIDTH, TileFiles, make_folders, write_durably

CHECKPOINT = "checkpoint"


class TileWriter:
    """Carries the tiles on disk from one size to the next; repeating it writes the same bytes again."""

    def __init__(self, files: TileFiles, size: int) -> None:
        """Take up at ``size``, whose tiles must be whole; raise BadTile."""
        self._files = files
        self.edge = files.edge(size)
        width = size % TILE_WIDTH
        self._bundle = files.read(ENTRIES, size // TILE_WIDTH, width) if width else []

    def append(self, bodies: Sequence[bytes]) -> None:
        """Write bundles, then hash tiles from the lowest level up; each is durable when this returns."""
        old = self.edge.size
        full: list[tuple[int, int, list[bytes]]] = []

        def filled(level: int, hashes: list[bytes]) -> None:
            full.append((level, (self.edge.size >> TILE_HEIGHT * (level + 1)) - 1, hashes))

        for body in bodies:
            self._bundle.append(body)
            self.edge.append(leaf_hash(body), filled)
            if len(self._bundle) == TILE_WIDTH:
                self._files.write(ENTRIES, (self.edge.size - 1) // TILE_WIDTH, self._bundle)
                self._bundle = []
        if self._bundle:
            self._files.write(ENTRIES, self.edge.size // TILE_WIDTH, self._bundle)
        for level, index, hashes in sorted(full):
            self._files.write(level, index, hashes)
        for level, row in enumerate(self.edge.rows):
            count = self.edge.size >> TILE_HEIGHT * level
            if row and count != old >> TILE_HEIGHT * level:
                self._files.write(level, count // TILE_WIDTH, row)


def read_checkpoint(folder: Path, log: VerifierKey) -> tuple[Checkpoint, Note] | None:
    """The published checkpoint, verified; None where none was published. Raises BadNote."""
    try:
        data = (folder / CHECKPOINT).read_bytes()
    except FileNotFoundError:
        return None
    return open_checkpoint(data, log)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    handle = os.open(folder / ".checkpoint.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def publish_checkpoint(folder: Path, note: Note, log: VerifierKey) -> bool:
    """Publish ``note`` if it is larger than the published checkpoint, or adds signatures to the same one.

    The slower of two leaders finds a larger one and leaves it; False then. Raises BadNote where the published
    file is not ours or says something else about the same size.
    """
    new = Checkpoint.parse(note.text)
    make_folders(folder)
    with _only_one(folder):
        published = read_checkpoint(folder, log)
        if published is not None:
            old, old_note = published
            if old.size > new.size:
                return False
            if old == new:
                note = old_note.with_signatures(note.signatures)
            elif old.size == new.size:
                raise SplitCheckpoint(f"two different trees of {new.size} leaves were signed")
        write_durably(folder / CHECKPOINT, str(note).encode())
    return True


class SplitCheckpoint(Exception):
    """The log signed two trees of one size: its key or its storage is in two places."""
