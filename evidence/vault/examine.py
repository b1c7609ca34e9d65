"""Looking at stored ciphertext without a key: what is there, how large, and with which hash.

Reading ciphertext is no hand-out: nobody learns a picture from it, so it needs no permit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from evidence.vault.disk import DiskStore
from evidence.vault.errors import NotInStore
from evidence.vault.folder import Folder
from evidence.vault.names import Location
from rtcc.config import config

_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Examined:
    """One file as it lies there; what was not asked for is None."""

    size: int | None
    sha256: bytes | None


class Shelf:
    """The content store and the spool, to look at."""

    def __init__(self) -> None:
        self._store = DiskStore(config.store_dir)

    def has(self, location: Location) -> bool:
        return self._store.has(location)

    def examine(self, location: Location, *, hashed: bool) -> Examined | None:
        """Size, and SHA-256 where asked for; None where the file is gone. Raises UnsafePath, OSError."""
        try:
            with self._store.open_read(location) as file:
                if not hashed:
                    return Examined(file.size(), None)
                digest, offset = hashlib.sha256(), 0
                while chunk := file.pread(_AT_ONCE, offset):
                    digest.update(chunk)
                    offset += len(chunk)
                return Examined(offset, digest.digest())
        except NotInStore:
            return None

    def sealed(self) -> Iterator[Location]:
        """Everything that stands in the store. Raises UnsafePath on a name that is not the vault's."""
        return self._store.sealed()

    def work(self) -> Iterator[UUID]:
        """Every file that is, or was, being written."""
        return self._store.work()

    def announced(self) -> set[UUID]:
        """Assets whose row is due: the recorder's spool names them."""
        try:
            with Folder.open(config.spool_dir) as spool:
                return {UUID(name[:-5]) for name in spool.names() if name.endswith(".json")}
        except FileNotFoundError:
            return set()
