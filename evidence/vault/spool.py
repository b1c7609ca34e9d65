"""The recorder's local spool: what must be on disk before the row is.

    <spool>/<asset>.json     the descriptor and wrapped key, from before the first byte until the row commits;
                             from the close on also the whole seal, so that rows catch up when the database
                             was away
    <spool>/<asset>.reseal   the journal of a recovery: the one block about to be written in place

One process at a time holds a spool folder; the lock goes with the process.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from evidence.vault.descriptor import AssetDescriptor
from evidence.vault.errors import NotInStore, SpoolBusy
from evidence.vault.folder import Folder
from evidence.vault.seal import SealedSegment

_JOURNAL = struct.Struct(">I32s")
_ENTRY, _RESEAL = ".json", ".reseal"


@dataclass(frozen=True, slots=True)
class SpoolEntry:
    """One asset whose row has not committed. `sealed` is None while its file is open or broken."""

    asset: AssetDescriptor
    wrapped_key: bytes
    sealed: SealedSegment | None = None

    def with_seal(self, sealed: SealedSegment) -> SpoolEntry:
        return replace(self, sealed=sealed)

    def to_bytes(self) -> bytes:
        data = {
            "version": 1,
            "asset": self.asset.to_json(),
            "wrapped_key": base64.b64encode(self.wrapped_key).decode(),
            "sealed": self.sealed.to_json() if self.sealed else None,
        }
        return json.dumps(data).encode()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        data: dict[str, Any] = json.loads(raw)
        sealed = SealedSegment.from_json(data["sealed"]) if data["sealed"] else None
        return cls(AssetDescriptor.from_json(data["asset"]), base64.b64decode(data["wrapped_key"]), sealed)


@dataclass(frozen=True, slots=True)
class Reseal:
    """The last kept block of a broken file, sealed as last: ciphertext to be written at the place of block
    `index`.
    """

    index: int
    ciphertext: bytes


class Spool:
    """Holds the folder until `close`. Raises SpoolBusy when another process does."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = Folder.open(folder)
        self._lock = self._folder.open_file("lock", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.close()
            raise SpoolBusy(str(folder)) from error

    def close(self) -> None:
        """Give the folder back."""
        if self._lock >= 0:
            os.close(self._lock)
            self._folder.__exit__()
            self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def announce(self, entry: SpoolEntry) -> None:
        """Bring a new entry to disk. Raises FileExistsError: the key of an earlier one is never replaced."""
        if self._folder.has(f"{entry.asset.id}{_ENTRY}"):
            raise FileExistsError(f"asset {entry.asset.id} is in the spool already")
        self.put(entry)

    def put(self, entry: SpoolEntry) -> None:
        """Bring the entry to disk, in place of an earlier one of the same asset."""
        self._folder.write(f"{entry.asset.id}{_ENTRY}", entry.to_bytes())

    def entries(self) -> list[SpoolEntry]:
        """All assets without a row, by source, epoch and start."""
        names = [name for name in self._folder.names() if name.endswith(_ENTRY)]
        found = [SpoolEntry.from_bytes(self._folder.read(name)) for name in names]
        return sorted(
            found, key=lambda entry: (entry.asset.source, entry.asset.lease_epoch, entry.asset.starts_at)
        )

    def forget(self, asset: UUID) -> None:
        """The row (or the gap's row) has committed: nothing here is needed any more. Repeating it is
        harmless.
        """
        if self._folder.has(f"{asset}{_RESEAL}"):
            self._folder.remove(f"{asset}{_RESEAL}")
        self._folder.remove(f"{asset}{_ENTRY}")

    def put_reseal(self, asset: UUID, reseal: Reseal) -> None:
        digest = hashlib.sha256(reseal.ciphertext).digest()
        self._folder.write(f"{asset}{_RESEAL}", _JOURNAL.pack(reseal.index, digest) + reseal.ciphertext)

    def reseal(self, asset: UUID) -> Reseal | None:
        """The journal of an interrupted recovery, if there is a whole one."""
        try:
            raw = self._folder.read(f"{asset}{_RESEAL}")
        except NotInStore:
            return None
        if len(raw) <= _JOURNAL.size:
            return None
        index, digest = _JOURNAL.unpack_from(raw)
        ciphertext = raw[_JOURNAL.size :]
        return Reseal(index, ciphertext) if hashlib.sha256(ciphertext).digest() == digest else None

    def drop_reseal(self, asset: UUID) -> None:
        self._folder.remove(f"{asset}{_RESEAL}")


def read_entry(folder: Path, asset: UUID) -> SpoolEntry:
    """One entry, without the lock: how a reader of a growing file gets its wrapped key. Raises NotInStore."""
    with Folder.open(folder) as spool:
        return SpoolEntry.from_bytes(spool.read(f"{asset}{_ENTRY}"))
