"""The tree over a segment's fragments: RFC 6962 hashing (RFC 9162 section 2.1) over 32-byte entries.

    entry_i = SHA-256(salt_i || plaintext of fragment i)     salt_i = HKDF-Expand(segment key, "salt" || uint32 BE i)
    leaf_i  = SHA-256(0x00 || entry_i)
    node    = SHA-256(0x01 || left || right)                 split at the largest power of two below the count

So any C2SP or Certificate Transparency verifier checks a path when it is given `entry_i` as the entry. Whoever holds one
fragment, its salt and its path can tie it to a seal without seeing the rest; without the salt, nobody can test a guess.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from evidence.vault.wraps import salt

HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class FragmentProof:
    """Everything besides its plaintext that ties fragment `index` of `count` to a Merkle root."""

    index: int
    count: int
    salt: bytes
    path: tuple[bytes, ...]


class EntryHash:
    """The entry of one fragment whose plaintext comes in pieces."""

    def __init__(self, key: bytes, index: int) -> None:
        self._hash = hashlib.sha256(salt(key, index))

    def update(self, plaintext: bytes) -> None:
        self._hash.update(plaintext)

    def digest(self) -> bytes:
        return self._hash.digest()


def root_of(entries: Sequence[bytes]) -> bytes:
    """The root over all entries; of none, SHA-256 of nothing."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return _leaf(entries[0])
    middle = _split(len(entries))
    return _node(root_of(entries[:middle]), root_of(entries[middle:]))


def path_of(entries: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The audit path of entry `index`, nearest sibling first. Raises IndexError."""
    if not 0 <= index < len(entries):
        raise IndexError(f"there is no fragment {index} of {len(entries)}")
    if len(entries) == 1:
        return ()
    middle = _split(len(entries))
    if index < middle:
        return (*path_of(entries[:middle], index), root_of(entries[middle:]))
    return (*path_of(entries[middle:], index - middle), root_of(entries[:middle]))


def proves(proof: FragmentProof, plaintext: bytes, root: bytes) -> bool:
    """Whether this plaintext is fragment `proof.index` of the segment sealed with `root` (RFC 9162, 2.1.3.2)."""
    if not 0 <= proof.index < proof.count:
        return False
    here, last = proof.index, proof.count - 1
    value = _leaf(hashlib.sha256(proof.salt + plaintext).digest())
    for sibling in proof.path:
        if last == 0 or len(sibling) != HASH_BYTES:
            return False
        if here & 1 or here == last:
            value = _node(sibling, value)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            value = _node(value, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and value == root


def _leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(count: int) -> int:
    return 1 << ((count - 1).bit_length() - 1)
