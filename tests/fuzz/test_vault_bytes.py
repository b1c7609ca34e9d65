"""Whatever is done to stored bytes is noticed; whatever bytes come in, the parser answers and never runs
away.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.vault import cmaf, fragments
from evidence.vault.errors import NotAFragment, Tampered
from evidence.vault.fragments import FragmentIndex
from evidence.vault.tink import (
    BLOCK_BYTES,
    FIRST_PLAIN_BYTES,
    HEADER_BYTES,
    PLAIN_BYTES,
    BlockReader,
    BlockWriter,
    seal,
)
from tests.vault_footage import Bytes, init_segment, pieces

KEY = bytes(range(32))
ASSET = b"asset"
PLAINTEXT = random.Random(7).randbytes(FIRST_PLAIN_BYTES + 2 * PLAIN_BYTES + 1_000)
STREAM = seal(KEY, ASSET, PLAINTEXT)
FOOTAGE = init_segment() + b"".join(each.data for each in pieces(6, 300, gop=3))


def read_all(stream: bytes) -> bytes:
    reader = BlockReader(Bytes(stream), KEY, ASSET)
    return reader.read(0, reader.length)


def refused(stream: bytes) -> bool:
    try:
        read_all(stream)
    except Tampered:
        return True
    return False


def test_every_flipped_byte_of_a_short_file_is_noticed() -> None:
    short = seal(KEY, ASSET, b"a street corner at night")
    for position in range(len(short)):
        for bit in (1, 128):
            changed = bytearray(short)
            changed[position] ^= bit
            assert refused(bytes(changed)), position


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(STREAM) - 1), st.integers(1, 255))
def test_a_flipped_byte_anywhere_is_noticed(position: int, flip: int) -> None:
    changed = bytearray(STREAM)
    changed[position] ^= flip
    assert refused(bytes(changed))


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.integers(0, len(STREAM) - 1),
        st.sampled_from([i * BLOCK_BYTES + d for i in range(4) for d in range(-20, 60)]),
    )
)
def test_a_file_cut_anywhere_is_refused(length: int) -> None:
    if 0 <= length < len(STREAM):
        assert refused(STREAM[:length])


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=1, max_size=200))
def test_a_file_with_more_behind_it_is_refused(more: bytes) -> None:
    assert refused(STREAM + more)
    assert refused(STREAM + STREAM[-BLOCK_BYTES:] + more)


def blocks_of(stream: bytes) -> list[bytes]:
    return [stream[i : i + BLOCK_BYTES] for i in range(0, len(stream), BLOCK_BYTES)]


@pytest.mark.parametrize("change", ["swap", "drop", "repeat", "from another file", "header of another file"])
def test_blocks_moved_dropped_repeated_or_borrowed_are_refused(change: str) -> None:
    own, other = blocks_of(STREAM), blocks_of(seal(KEY, ASSET, PLAINTEXT))
    changed = {
        "swap": [own[0], own[2], own[1], own[3]],
        "drop": [own[0], own[2], own[3]],
        "repeat": [own[0], own[1], own[1], own[2], own[3]],
        "from another file": [own[0], other[1], own[2], own[3]],
        "header of another file": [other[0][:HEADER_BYTES] + own[0][HEADER_BYTES:], *own[1:]],
    }[change]
    assert not refused(b"".join(own))
    assert refused(b"".join(changed))


def test_a_file_without_its_last_blocks_is_refused_before_any_byte_is_read() -> None:
    for count in range(1, 4):
        with pytest.raises(Tampered):
            BlockReader(Bytes(b"".join(blocks_of(STREAM)[:count])), KEY, ASSET)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, len(PLAINTEXT)), max_size=12))
def test_however_it_is_cut_into_pieces_the_same_bytes_come_back(cuts: list[int]) -> None:
    edges = sorted([0, *cuts, len(PLAINTEXT)])
    writer = BlockWriter(KEY, ASSET)
    stream = writer.header + b"".join(writer.append(PLAINTEXT[a:b]) for a, b in pairwise(edges))
    assert read_all(stream + writer.finish()) == PLAINTEXT


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(PLAINTEXT)), st.integers(0, len(PLAINTEXT)))
def test_any_range_reads_as_it_was_written(one: int, two: int) -> None:
    start, end = sorted((one, two))
    assert BlockReader(Bytes(STREAM), KEY, ASSET).read(start, end - start) == PLAINTEXT[start:end]


def reader_of(data: bytes) -> Callable[[int, int], bytes]:
    return lambda offset, length: data[offset : offset + length]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(FOOTAGE) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_the_scan_of_damaged_footage_never_fails_or_leaves_the_file(changes: list[tuple[int, int]]) -> None:
    data = bytearray(FOOTAGE)
    for position, value in changes:
        data[position] = value
    found = cmaf.scan(reader_of(bytes(data)), len(data))
    assert found.init_length + sum(piece.length for piece in found.pieces) <= len(data)
    assert all(piece.length > 0 and piece.start_90k >= 0 for piece in found.pieces)


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(init_segment()) - 1), st.integers(0, 255)), min_size=1, max_size=8)
)
def test_a_damaged_init_segment_is_taken_or_refused_and_nothing_else(changes: list[tuple[int, int]]) -> None:
    data = bytearray(init_segment())
    for position, value in changes:
        data[position] = value
    with suppress(NotAFragment):
        cmaf.check_init(bytes(data))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_are_no_footage(data: bytes) -> None:
    assert cmaf.scan(reader_of(data), len(data)).pieces == ()
    for check in (cmaf.check_init, cmaf.check_piece):
        with pytest.raises(NotAFragment):
            check(data)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 1 << 24), st.integers(0, 1 << 20), st.booleans()), min_size=1, max_size=80
    )
)
def test_the_packed_index_loses_nothing(parts: list[tuple[int, int, bool]]) -> None:
    index, start = FragmentIndex(500), 0
    for length, duration, key in parts:
        index.add(length, start, duration, key=key)
        start += duration
    packed = fragments.pack(index.fragments)
    assert fragments.unpack(packed) == index.fragments
    assert len(packed) == 12 * len(index.fragments)
    assert index.length == 500 + sum(length for length, _, _ in parts)
