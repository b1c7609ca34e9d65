"""Merkle tree hashing and proofs of RFC 6962 section 2.1 (checked as in RFC 9162 section 2.1).

Pure functions over 32-byte SHA-256 hashes. Proof makers take a ``NodeReader``: given (level, index) it
returns the hash of the perfect subtree over leaves [index << level, (index + 1) << level).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

NodeReader = Callable[[int, int], bytes]


class BadProof(Exception):
    """A proof does not lead to the root it is held against; the message says which check failed."""


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(count: int) -> int:
    """The largest power of two below ``count`` (count >= 2)."""
    return 1 << ((count - 1).bit_length() - 1)


def range_hash(start: int, end: int, node: NodeReader) -> bytes:
    """Merkle tree hash of leaves [start, end), where start is a multiple of a power of two >= end - start."""
    count = end - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(count)
    return node_hash(range_hash(start, middle, node), range_hash(middle, end, node))


def tree_root(size: int, node: NodeReader) -> bytes:
    """Root of the tree of the first ``size`` leaves."""
    return range_hash(0, size, node) if size else EMPTY_ROOT


def prove_inclusion(index: int, size: int, node: NodeReader) -> list[bytes]:
    """Audit path of leaf ``index`` in the tree of ``size`` leaves, from the leaf's sibling upwards."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size} leaves")
    start, end = 0, size
    path: list[bytes] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_hash(middle, end, node))
            end = middle
        else:
            path.append(range_hash(start, middle, node))
            start = middle
    return path[::-1]


def prove_consistency(old: int, size: int, node: NodeReader) -> list[bytes]:
    """Proof that a tree of ``old`` leaves is a prefix of one of ``size``; empty if old is 0 or size."""
    if not 0 <= old <= size:
        raise ValueError(f"a tree of {old} leaves is not a prefix of one of {size}")
    if old in (0, size):
        return []
    start, end, whole = 0, size, True
    proof: list[bytes] = []
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(range_hash(middle, end, node))
            end = middle
        else:
            proof.append(range_hash(start, middle, node))
            start, whole = middle, False
    if not whole:
        proof.append(range_hash(start, end, node))
    return proof[::-1]


def check_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Raise BadProof unless ``path`` leads from ``leaf`` at ``index`` to ``root`` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise BadProof(f"leaf {index} is not in a tree of {size} leaves")
    position, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise BadProof("the inclusion path is too long")
        if position & 1 or position == last:
            found = node_hash(sibling, found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise BadProof("the inclusion path is too short")
    if found != root:
        raise BadProof("the inclusion path leads to another root")


def check_consistency(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> None:
    """Raise BadProof unless the tree of ``size`` leaves grew from that of ``old`` (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= size:
        raise BadProof(f"a tree of {old} leaves cannot grow into one of {size}")
    if old in (0, size):
        if proof:
            raise BadProof("this consistency proof must be empty")
        if old == 0 and old_root != EMPTY_ROOT:
            raise BadProof("the empty tree has another root")
        if old == size and old_root != root:
            raise BadProof("two trees of the same size have different roots")
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise BadProof("the consistency proof is too short")
    position, last = old - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_found = found = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise BadProof("the consistency proof is too long")
        if position & 1 or position == last:
            old_found, found = node_hash(sibling, old_found), node_hash(sibling, found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise BadProof("the consistency proof is too short")
    if old_found != old_root or found != root:
        raise BadProof("the consistency proof leads to other roots")


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """Root over a power-of-two number of hashes."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]


@dataclass
class Edge:
    """The right edge of a growing tree: at each tile level the hashes not yet rolled into the level above.

    ``rows[level]`` holds fewer than 256 hashes, each over 256**level leaves: exactly a partial tile.
    """

    size: int = 0
    rows: list[list[bytes]] = field(default_factory=list)

    def append(self, leaf: bytes, filled: Callable[[int, list[bytes]], None] | None = None) -> None:
        """Add one leaf hash; ``filled(level, hashes)`` is told of each tile that becomes full."""
        self.size += 1
        carry, level = leaf, 0
        while True:
            if level == len(self.rows):
                self.rows.append([])
            row = self.rows[level]
            row.append(carry)
            if len(row) < 256:
                return
            if filled is not None:
                filled(level, list(row))
            carry, level = perfect_root(row), level + 1
            row.clear()

    def extend(self, leaves: Iterable[bytes]) -> None:
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """Root of the whole tree: perfect subtrees folded from the right."""
        found: bytes | None = None
        for row in self.rows:
            end = len(row)
            while end:
                width = end & -end
                subtree = perfect_root(row[end - width : end])
                found = subtree if found is None else node_hash(subtree, found)
                end -= width
        return EMPTY_ROOT if found is None else found

    def copy(self) -> Edge:
        return Edge(self.size, [list(row) for row in self.rows])


class Tree:
    """A whole tree in memory, for proofs over small logs and for checking the others."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._rows: list[list[bytes]] = [[]]
        for leaf in leaves:
            self.append(leaf)

    def __len__(self) -> int:
        return len(self._rows[0])

    def append(self, leaf: bytes) -> None:
        self._rows[0].append(leaf)
        level = 0
        while len(self._rows[level]) % 2 == 0:
            if level + 1 == len(self._rows):
                self._rows.append([])
            self._rows[level + 1].append(node_hash(*self._rows[level][-2:]))
            level += 1

    def node(self, level: int, index: int) -> bytes:
        return self._rows[level][index]

    def root(self, size: int | None = None) -> bytes:
        return tree_root(len(self) if size is None else size, self.node)
