"""Writing an asset that is no segment (a still, a clip, a package, an upload), encrypted from its first byte.

    1. the key above it is in the key store, under the asset's own id
    2. the work file is made; blocks are appended as plaintext comes, of any length
    3. finish: the last block, fdatasync, and the file moves to its place in the store

Plaintext is only ever in memory: less than a block, and what the caller handed in. Who was killed before the
row was committed left nothing that opens: `evidence.assets.sweep` removes file and key.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import rfc8785

from evidence.vault import wraps
from evidence.vault.descriptor import AssetDescriptor, to_text
from evidence.vault.names import Location
from evidence.vault.store import ContentStore
from evidence.vault.tink import BlockWriter


@dataclass(frozen=True, slots=True)
class AssetSeal:
    """What the entry of a written asset commits to. Hashes are 32 raw bytes; ``parents`` as ``kind:id``."""

    asset: AssetDescriptor
    ends_at: datetime
    media_type: str
    name: str
    parents: tuple[str, ...]
    plain_bytes: int
    plain_sha256: bytes
    ciphertext_bytes: int
    ciphertext_sha256: bytes
    commitment: bytes

    def to_json(self) -> dict[str, Any]:
        return {
            "version": 1,
            "asset": self.asset.to_json(),
            "ends_at": to_text(self.ends_at),
            "media_type": self.media_type,
            "name": self.name,
            "parents": list(self.parents),
            "plain_bytes": self.plain_bytes,
            "plain_sha256": self.plain_sha256.hex(),
            "ciphertext_bytes": self.ciphertext_bytes,
            "ciphertext_sha256": self.ciphertext_sha256.hex(),
            "commitment": self.commitment.hex(),
        }

    def hash(self) -> bytes:
        """32 bytes: SHA-256 over the RFC 8785 JSON."""
        return hashlib.sha256(rfc8785.dumps(self.to_json())).digest()


@dataclass(frozen=True, slots=True)
class AssetTerms:
    """What is known of an asset before its first byte, besides who it is."""

    ends_at: datetime
    media_type: str
    name: str
    parents: tuple[str, ...]


class AssetWriter:
    """One asset on its way into the store. One thread; not reusable after `finish` or `discard`."""

    def __init__(self, asset: AssetDescriptor, above: bytes, store: ContentStore) -> None:
        self.asset = asset
        self._key = wraps.new_key()
        self.wrapped_key = wraps.wrap_key(above, self._key, asset)
        self._store = store
        self._blocks = BlockWriter(self._key, asset.canonical())
        self._file = store.create(asset.id)
        self._plain, self._cipher = hashlib.sha256(), hashlib.sha256()
        self.plain_bytes = self._cipher_bytes = 0
        self._put(self._blocks.header)

    @classmethod
    def begin(cls, asset: AssetDescriptor, above: bytes, store: ContentStore) -> Self:
        """A new, empty file; ``above`` is the key that wraps its own. Raises FileExistsError."""
        return cls(asset, above, store)

    def append(self, plaintext: bytes) -> None:
        """Add plaintext. Raises OSError, after which only `discard` is left."""
        self._plain.update(plaintext)
        self.plain_bytes += len(plaintext)
        self._put(self._blocks.append(plaintext))

    def finish(self, terms: AssetTerms) -> AssetSeal:
        """Step 3. The row is due next."""
        self._put(self._blocks.finish())
        self._file.sync()
        self._file.close()
        self._store.seal(self.asset.id, Location.of(self.asset))
        return AssetSeal(
            asset=self.asset,
            ends_at=terms.ends_at,
            media_type=terms.media_type,
            name=terms.name,
            parents=terms.parents,
            plain_bytes=self.plain_bytes,
            plain_sha256=self._plain.digest(),
            ciphertext_bytes=self._cipher_bytes,
            ciphertext_sha256=self._cipher.digest(),
            commitment=wraps.commitment(self._key, self.asset),
        )

    def close(self) -> None:
        """Let go of the file as it stands."""
        self._file.close()

    def _put(self, ciphertext: bytes) -> None:
        if ciphertext:
            self._file.write(ciphertext, self._cipher_bytes)
            self._cipher.update(ciphertext)
            self._cipher_bytes += len(ciphertext)


def remove(asset: UUID, location: Location, store: ContentStore) -> None:
    """Remove what a cut write left, wherever it had come to, and prove that it is gone. Repeatable."""
    store.discard(asset)
    store.delete(location)
