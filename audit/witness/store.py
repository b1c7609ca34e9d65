"""What a witness remembers: per log the last checkpoint it cosigned, in a file of its own. No Django."""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path

from audit.merkle import EMPTY_ROOT
from audit.note import Checkpoint, Note, VerifierKey, open_checkpoint
from audit.tiles import make_folders, write_durably


class Store:
    """A folder with one note per log. Held by one process: a second one is refused."""

    def __init__(self, folder: Path) -> None:
        make_folders(folder)
        self._folder = folder
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            raise RuntimeError(f"another witness holds {folder}") from error

    def close(self) -> None:
        os.close(self._lock)

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.note"

    def latest(self, log: VerifierKey) -> Checkpoint:
        """The last checkpoint cosigned for a log, or the empty one; raise BadNote if the file was changed."""
        note = self.note(log)
        return Checkpoint(log.name, 0, EMPTY_ROOT) if note is None else Checkpoint.parse(note.text)

    def note(self, log: VerifierKey) -> Note | None:
        """The last note with the log's signature and ours."""
        try:
            data = self._path(log.name).read_bytes()
        except FileNotFoundError:
            return None
        return open_checkpoint(data, log)[1]

    def keep(self, log: VerifierKey, note: Note) -> None:
        """Remember a note; durable when this returns."""
        write_durably(self._path(log.name), str(note).encode())
