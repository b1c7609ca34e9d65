"""The seal of one asset: what the log commits to, in a form that any later check recomputes.

`ciphertext_sha256` lets anyone check storage without a key, also after shredding; `merkle_root` ties each
fragment's plaintext to the seal; `index_sha256` fixes when each fragment was; `previous` chains the
segments of one camera and lease epoch; `commitment` ties the file to one key. The seal's hash is SHA-256
over its RFC 8785 JSON.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import rfc8785

from evidence.vault.descriptor import AssetDescriptor, from_text, to_text
from evidence.vault.fragments import Fragment, unpack
from evidence.vault.names import Location


@dataclass(frozen=True, slots=True)
class Seal:
    """All hashes are 32 raw bytes; `previous` is None for the first segment of a lease epoch."""

    asset: AssetDescriptor
    ends_at: datetime
    plain_bytes: int
    ciphertext_bytes: int
    ciphertext_sha256: bytes
    fragments: int
    merkle_root: bytes
    index_sha256: bytes
    previous: bytes | None
    commitment: bytes

    def to_json(self) -> dict[str, Any]:
        return {
            "version": 1,
            "asset": self.asset.to_json(),
            "ends_at": to_text(self.ends_at),
            "plain_bytes": self.plain_bytes,
            "ciphertext_bytes": self.ciphertext_bytes,
            "ciphertext_sha256": self.ciphertext_sha256.hex(),
            "fragments": self.fragments,
            "merkle_root": self.merkle_root.hex(),
            "index_sha256": self.index_sha256.hex(),
            "previous": self.previous.hex() if self.previous else None,
            "commitment": self.commitment.hex(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_json`; raises KeyError or ValueError on anything else."""
        return cls(
            asset=AssetDescriptor.from_json(data["asset"]),
            ends_at=from_text(data["ends_at"]),
            plain_bytes=int(data["plain_bytes"]),
            ciphertext_bytes=int(data["ciphertext_bytes"]),
            ciphertext_sha256=bytes.fromhex(data["ciphertext_sha256"]),
            fragments=int(data["fragments"]),
            merkle_root=bytes.fromhex(data["merkle_root"]),
            index_sha256=bytes.fromhex(data["index_sha256"]),
            previous=bytes.fromhex(data["previous"]) if data["previous"] else None,
            commitment=bytes.fromhex(data["commitment"]),
        )

    def hash(self) -> bytes:
        """32 bytes: the next segment's `previous` and a leaf of the minute entry."""
        return hashlib.sha256(rfc8785.dumps(self.to_json())).digest()


@dataclass(frozen=True, slots=True)
class SealedSegment:
    """Everything the row of a sealed asset needs. `index` is the packed fragment index (12 bytes each)."""

    seal: Seal
    wrapped_key: bytes
    index: bytes
    init_length: int

    @property
    def asset(self) -> AssetDescriptor:
        return self.seal.asset

    @property
    def location(self) -> Location:
        return Location.of(self.asset)

    @property
    def fragments(self) -> tuple[Fragment, ...]:
        return unpack(self.index)

    def to_json(self) -> dict[str, Any]:
        return {
            "seal": self.seal.to_json(),
            "wrapped_key": base64.b64encode(self.wrapped_key).decode(),
            "index": base64.b64encode(self.index).decode(),
            "init_length": self.init_length,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_json`; raises KeyError or ValueError on anything else."""
        return cls(
            seal=Seal.from_json(data["seal"]),
            wrapped_key=base64.b64decode(data["wrapped_key"]),
            index=base64.b64decode(data["index"]),
            init_length=int(data["init_length"]),
        )
