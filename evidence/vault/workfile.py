"""A file that is handed in, while nobody has said yes to it: encrypted from its first byte, and of this
process alone.

The file has no name in its folder, and its key is nowhere but in memory: whoever kills the process, or pulls
the plug, leaves nothing that anybody could read, and nothing to tidy.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from evidence.vault.tink import KEY_BYTES, BlockReader, BlockWriter

CHUNK = 1 << 20
_ABOUT = b"watchlight upload work file"


class WorkFile:
    """Written once from front to back, then read anywhere."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Without a name from the beginning (O_TMPFILE), or unlinked at once where the disk knows no such.
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  closed by __exit__
        self._key = secrets.token_bytes(KEY_BYTES)
        self._writer = BlockWriter(self._key, _ABOUT)
        self._hash = hashlib.sha256()
        self._reader: BlockReader | None = None
        self.length = 0
        self._put(self._writer.header)

    def write(self, data: bytes) -> None:
        """Append. Raises OSError where the disk is full."""
        self._hash.update(data)
        self.length += len(data)
        self._put(self._writer.append(data))

    def finish(self) -> None:
        """Nothing more comes."""
        self._put(self._writer.finish())
        self._reader = BlockReader(self, self._key, _ABOUT)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def read(self, offset: int, length: int) -> bytes:
        """Up to ``length`` bytes at ``offset``; fewer only at the end. After `finish`."""
        assert self._reader is not None
        length = max(0, min(length, self.length - offset))
        return self._reader.read(offset, length) if length else b""

    def chunks(self) -> Iterator[bytes]:
        """The whole file, a megabyte at a time."""
        for offset in range(0, self.length, CHUNK):
            yield self.read(offset, CHUNK)

    def pread(self, length: int, offset: int) -> bytes:
        """Ciphertext, for the reader of blocks."""
        return os.pread(self._file.fileno(), length, offset)

    def size(self) -> int:
        """Bytes of ciphertext."""
        return os.fstat(self._file.fileno()).st_size

    def _put(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._key = b""
