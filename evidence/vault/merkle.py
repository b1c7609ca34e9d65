"""The tree over a segment's fragments: RFC 6962 hashing (RFC 9162 section 2.1) over 32-byte entries.

    entry_i = SHA-256(salt_i || plaintext of fragment i)     salt_i = HKDF-Expand(segment key, "salt" ||
    uint32 BE i) leaf_i  = SHA-256(0x00 || entry_i) node    = SHA-256(0x01 || left || right)
    split at the largest power of two below the count

So any C2SP or Certificate Transparency verifier checks a path when it is given `entry_i` as the entry.
Whoever holds one fragment, its salt and its path can tie it to a seal without seeing the rest; without the
salt, nobody can test a guess.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from audit.merkle import BadProof, Tree, check_inclusion, leaf_hash, prove_inclusion
from evidence.vault.wraps import salt


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
    return _tree(entries).root()


def path_of(entries: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The audit path of entry `index`, nearest sibling first. Raises IndexError."""
    if not 0 <= index < len(entries):
        raise IndexError(f"there is no fragment {index} of {len(entries)}")
    return tuple(prove_inclusion(index, len(entries), _tree(entries).node))


def proves(proof: FragmentProof, plaintext: bytes, root: bytes) -> bool:
    """Whether this plaintext is fragment `proof.index` of the segment sealed with `root`."""
    leaf = leaf_hash(hashlib.sha256(proof.salt + plaintext).digest())
    try:
        check_inclusion(proof.index, proof.count, leaf, proof.path, root)
    except BadProof:
        return False
    return True


def _tree(entries: Sequence[bytes]) -> Tree:
    return Tree(leaf_hash(entry) for entry in entries)
