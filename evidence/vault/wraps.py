"""Segment keys wrapped under a period key or under a keep's own key, and the salts and commitment drawn
from them.

Wrap: `version(1) || nonce(12) || AES-256-GCM(key)`; the AAD says which kind of wrap it is and carries the
canonical asset descriptor, so that a wrap opens for its own asset only. Wraps live in PostgreSQL and its
backups; they are worth nothing once the period key and every keep key above them are destroyed.
"""

from __future__ import annotations

import secrets
import struct
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from evidence.vault.descriptor import AssetDescriptor
from evidence.vault.errors import Tampered

KEY_BYTES = 32
_VERSION = b"\x01"
_NONCE_BYTES = 12


def new_key() -> bytes:
    """A fresh segment or keep key."""
    return secrets.token_bytes(KEY_BYTES)


def wrap_key(period_key: bytes, key: bytes, asset: AssetDescriptor) -> bytes:
    """The segment key under its period key."""
    return _wrap(period_key, key, b"period\x00" + asset.canonical())


def unwrap_key(period_key: bytes, wrapped: bytes, asset: AssetDescriptor) -> bytes:
    """The inverse of `wrap_key`; raises Tampered."""
    return _unwrap(period_key, wrapped, b"period\x00" + asset.canonical())


def wrap_for_keep(keep_key: bytes, key: bytes, asset: AssetDescriptor, keep: UUID) -> bytes:
    """The segment key under the key of one keep, so that it outlives its period key until that keep is
    released.
    """
    return _wrap(keep_key, key, b"keep\x00" + keep.bytes + asset.canonical())


def unwrap_for_keep(keep_key: bytes, wrapped: bytes, asset: AssetDescriptor, keep: UUID) -> bytes:
    """The inverse of `wrap_for_keep`; raises Tampered."""
    return _unwrap(keep_key, wrapped, b"keep\x00" + keep.bytes + asset.canonical())


def commitment(key: bytes, asset: AssetDescriptor) -> bytes:
    """32 bytes that tie the seal to one key: GCM alone lets a file open under two."""
    return HKDFExpand(SHA256(), 32, b"commit" + asset.canonical()).derive(key)


def salt(key: bytes, index: int) -> bytes:
    """The 32-byte salt of fragment `index`, without which its leaf cannot be guessed from known pictures."""
    return HKDFExpand(SHA256(), 32, b"salt" + struct.pack(">I", index)).derive(key)


def _wrap(kek: bytes, key: bytes, associated: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + nonce + AESGCM(kek).encrypt(nonce, key, associated)


def _unwrap(kek: bytes, wrapped: bytes, associated: bytes) -> bytes:
    if wrapped[:1] != _VERSION or len(wrapped) < 1 + _NONCE_BYTES:
        raise Tampered("not a wrapped key of version 1")
    try:
        return AESGCM(kek).decrypt(wrapped[1 : 1 + _NONCE_BYTES], wrapped[1 + _NONCE_BYTES :], associated)
    except InvalidTag as error:
        raise Tampered("the wrapped key is not this asset's, or was changed") from error
