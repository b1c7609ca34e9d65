"""Trees and proofs of RFC 6962, held against a second, recursive implementation written from its text."""

from __future__ import annotations

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.merkle import (
    EMPTY_ROOT,
    BadProof,
    Edge,
    Tree,
    check_consistency,
    check_inclusion,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
)

ENTRIES = [number.to_bytes(2, "big") * 3 for number in range(600)]


def root_from_the_text(entries: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word by word."""
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\0" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return hashlib.sha256(b"\1" + root_from_the_text(entries[:k]) + root_from_the_text(entries[k:])).digest()


def tree_of(size: int) -> Tree:
    return Tree(leaf_hash(entry) for entry in ENTRIES[:size])


def test_the_reference_vectors_of_certificate_transparency_come_out() -> None:
    # Test data of RFC 6962's reference implementation (merkle/testonly of google/certificate-transparency).
    leaves = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    tree = Tree(leaf_hash(bytes.fromhex(leaf)) for leaf in leaves)
    assert tree.root(1).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert tree.root(8).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.mark.parametrize("size", [0, 1, 2, 3, 5, 7, 8, 255, 256, 257, 511, 513, 600])
def test_roots_agree_with_the_text_of_the_standard(size: int) -> None:
    edge = Edge()
    edge.extend(leaf_hash(entry) for entry in ENTRIES[:size])
    assert tree_of(size).root() == edge.root() == root_from_the_text(ENTRIES[:size])


def test_each_leaf_of_a_small_tree_is_proved_and_nothing_else_is() -> None:
    for size in range(1, 34):
        tree = tree_of(size)
        for index in range(size):
            path = prove_inclusion(index, size, tree.node)
            check_inclusion(index, size, leaf_hash(ENTRIES[index]), path, tree.root())
            with pytest.raises(BadProof):
                check_inclusion(index, size, leaf_hash(b"another"), path, tree.root())
            with pytest.raises(BadProof):
                check_inclusion(index, size, leaf_hash(ENTRIES[index]), [*path, EMPTY_ROOT], tree.root())
            if path:
                with pytest.raises(BadProof):
                    check_inclusion(index, size, leaf_hash(ENTRIES[index]), path[:-1], tree.root())


def test_each_small_tree_is_proved_to_have_grown_from_each_smaller_one() -> None:
    for size in range(34):
        tree = tree_of(size)
        for old in range(size + 1):
            proof = prove_consistency(old, size, tree.node)
            check_consistency(old, size, tree.root(old), tree.root(), proof)
            wrong = leaf_hash(b"another root")
            with pytest.raises(BadProof):
                check_consistency(old, size, wrong, tree.root(), proof)
            if old:
                with pytest.raises(BadProof):
                    check_consistency(old, size, tree.root(old), wrong, proof)


@given(st.integers(1, 600), st.data())
def test_a_changed_hash_in_a_proof_is_noticed(size: int, data: st.DataObject) -> None:
    tree = tree_of(size)
    index = data.draw(st.integers(0, size - 1))
    path = prove_inclusion(index, size, tree.node)
    check_inclusion(index, size, leaf_hash(ENTRIES[index]), path, tree.root())
    old = data.draw(st.integers(0, size))
    proof = prove_consistency(old, size, tree.node)
    check_consistency(old, size, tree.root(old), tree.root(), proof)
    chooser = random.Random(size)
    if path:
        path[chooser.randrange(len(path))] = EMPTY_ROOT
        with pytest.raises(BadProof):
            check_inclusion(index, size, leaf_hash(ENTRIES[index]), path, tree.root())
    if proof:
        proof[chooser.randrange(len(proof))] = EMPTY_ROOT
        with pytest.raises(BadProof):
            check_consistency(old, size, tree.root(old), tree.root(), proof)
