"""The content store: where ciphertext lives. It knows no key, no person and no permit; only the vault may
import it.

A growing file is a work file named by its asset; a sealed one stands at its `Location` and never changes
again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, Self
from uuid import UUID

from evidence.vault.names import Location


class ContentFile(Protocol):
    """An open file, read by position. Close it, or use it as a context manager."""

    def pread(self, length: int, offset: int) -> bytes:
        """Up to `length` bytes at `offset`; fewer only at the end."""

    def size(self) -> int:
        """Bytes in the file now."""

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class WorkFile(ContentFile, Protocol):
    """A file being written, by one process."""

    def write(self, data: bytes, offset: int) -> None:
        """Write all of `data` at `offset`. Raises OSError, after which a part may stand there."""

    def truncate(self, length: int) -> None: ...

    def sync(self) -> None:
        """Bring data and length to disk."""


class ContentStore(Protocol):
    """Every call that changes something returns only when the change is on disk."""

    def create(self, asset: UUID) -> WorkFile:
        """A new, empty work file. Raises FileExistsError."""

    def open_work(self, asset: UUID) -> WorkFile:
        """An existing work file, for recovery. Raises NotInStore."""

    def open_growing(self, asset: UUID) -> ContentFile:
        """A work file for reading while its recorder writes. Raises NotInStore."""

    def discard(self, asset: UUID) -> None:
        """Remove a work file and prove that it is gone. Repeating it is harmless."""

    def seal(self, asset: UUID, location: Location) -> None:
        """Move a work file to its place at once. Harmless when it is there already; FileExistsError when
        both are.
        """

    def open_read(self, location: Location) -> ContentFile:
        """Raises NotInStore."""

    def has(self, location: Location) -> bool: ...

    def size(self, location: Location) -> int:
        """Ciphertext bytes. Raises NotInStore."""

    def delete(self, location: Location) -> None:
        """Remove the content, every copy and version of it, and prove absence. Raises StillThere."""

    def sealed(self) -> Iterator[Location]:
        """Everything sealed, for reconciliation. Raises UnsafePath on a name that is not ours."""

    def work(self) -> Iterator[UUID]:
        """Every work file."""

    def free_bytes(self) -> int:
        """What may still be written."""
