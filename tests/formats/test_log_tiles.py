"""Tiles, bundles and the files they are kept in."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.merkle import (
    Tree,
    check_consistency,
    check_inclusion,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
)
from audit.publish import TileWriter
from audit.tiles import (
    ENTRIES,
    BadTile,
    TileFiles,
    TileTree,
    index_path,
    is_tile_path,
    pack_bundle,
    tile_path,
    unpack_bundle,
    width_at,
)


def bodies(start: int, end: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(start, end)]


def test_indexes_are_written_as_the_specification_says() -> None:
    assert index_path(1234067) == "x001/x234/067"
    assert tile_path(0, 5) == "tile/0/005"
    assert tile_path(ENTRIES, 1000, 7) == "tile/entries/x001/000.p/7"


def test_a_tree_of_70000_leaves_has_the_tiles_of_the_specification_example() -> None:
    assert (width_at(0, 272, 70_000), width_at(0, 273, 70_000), width_at(0, 274, 70_000)) == (256, 112, 0)
    assert (width_at(1, 0, 70_000), width_at(1, 1, 70_000)) == (256, 17)
    assert width_at(2, 0, 70_000) == 1


@pytest.mark.parametrize(
    "path", ["0/000", "entries/x001/234", "63/000.p/255", "2/x001/x234/067.p/1", "entries/999.p/12"]
)
def test_proper_tile_paths_are_answered(path: str) -> None:
    assert is_tile_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "64/000",
        "00/000",
        "0/0",
        "0/0000",
        "0/x000/001",
        "0/001.p/0",
        "0/001.p/256",
        "0/../../etc/passwd",
        "0/x001",
        "entries/000.p/01",
        "0/000/",
        "x/000",
        "0/001.p/1\n",
        "0/٠٠٠",
    ],
)
def test_other_spellings_are_not(path: str) -> None:
    assert not is_tile_path(path)


def test_a_bundle_gives_back_its_entries_and_a_torn_one_says_so() -> None:
    entries = [b"", b"a", b"b" * 65_535]
    data = pack_bundle(entries)
    assert unpack_bundle(data) == entries
    for cut in (1, 3, len(data) - 1):
        with pytest.raises(BadTile):
            unpack_bundle(data[:cut])
    with pytest.raises(ValueError, match="65536 bytes"):
        pack_bundle([b"c" * 65_536])


def test_tiles_grown_in_uneven_steps_prove_every_size_they_passed(tmp_path: Path) -> None:
    files = TileFiles(tmp_path)
    writer, whole, size = TileWriter(files, 0), Tree(), 0
    for step in (1, 2, 200, 52, 1, 1, 700, 0, 66_000, 43):
        more = bodies(size, size + step)
        writer.append(more)
        for body in more:
            whole.append(leaf_hash(body))
        size += step
        assert files.reach() == size
        assert writer.edge.root() == files.edge(size).root() == whole.root(size)
        tree = TileTree(files, size)
        for index in {0, size // 2, size - 1}:
            path = prove_inclusion(index, size, tree.node)
            check_inclusion(index, size, leaf_hash(b"entry %d" % index), path, whole.root(size))
        for old in {1, size // 3, size - 1} - {0}:
            proof = prove_consistency(old, size, tree.node)
            check_consistency(old, size, whole.root(old), whole.root(size), proof)
    assert [path.name for path in (tmp_path / "tile" / "0").glob("000*")] == ["000"]
    assert files.read(ENTRIES, 0, 256) == bodies(0, 256)


def test_taking_up_again_writes_the_same_bytes(tmp_path: Path) -> None:
    one, two = TileFiles(tmp_path / "one"), TileFiles(tmp_path / "two")
    TileWriter(one, 0).append(bodies(0, 777))
    TileWriter(two, 0).append(bodies(0, 300))
    TileWriter(two, 300).append(bodies(300, 777))
    TileWriter(two, 300).append(bodies(300, 777))

    for path in (tmp_path / "one").rglob("*"):
        if path.is_file():
            assert (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes() == path.read_bytes()


def test_a_missing_tile_and_a_short_one_are_named(tmp_path: Path) -> None:
    files = TileFiles(tmp_path)
    TileWriter(files, 0).append(bodies(0, 300))
    (tmp_path / "tile/0/001.p/44").write_bytes(b"short")
    with pytest.raises(BadTile, match=r"tile/0/001\.p/44"):
        files.edge(300)
    (tmp_path / "tile/0/001.p/44").unlink()
    with pytest.raises(BadTile, match=r"tile/0/001\.p/44 is missing"):
        files.edge(300)
