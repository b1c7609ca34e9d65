"""Tiles and entry bundles as files (C2SP tlog-tiles v0.1.0). No Django.

A tile is written to a temporary name, synced, renamed, and its folder synced, so that after a power
loss a name stands for all of its bytes or does not exist.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from audit.merkle import HASH_BYTES, Edge, perfect_root

TILE_WIDTH = 256
TILE_HEIGHT = 8
ENTRIES = "entries"
MAX_ENTRY_BYTES = 65_535
_PATH = re.compile(
    r"(?P<level>entries|[0-9]|[1-5][0-9]|6[0-3])/"
    r"(?P<index>(?:x[0-9]{3}/)*[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


class BadTile(Exception):
    """A tile or bundle is missing, torn or of the wrong length; the message names its path."""


def index_path(index: int) -> str:
    """1234067 -> ``x001/x234/067``."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03d}")
    return "/".join(groups)


def tile_path(level: int | str, index: int, width: int = TILE_WIDTH) -> str:
    """Path below the log's prefix; ``level`` is a number or ``entries``."""
    whole = f"tile/{level}/{index_path(index)}"
    return whole if width == TILE_WIDTH else f"{whole}.p/{width}"


def is_tile_path(path: str) -> bool:
    """Whether ``path`` (below ``tile/``) is the one proper spelling of some tile."""
    match = _PATH.fullmatch(path)
    if match is None or (match["width"] and int(match["width"]) >= TILE_WIDTH):
        return False
    index = int(match["index"].replace("x", "").replace("/", ""))
    return index_path(index) == match["index"]


def sync_folder(folder: Path) -> None:
    """Make renames and new names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folders(folder: Path) -> None:
    """Make a folder and its parents, each synced into the one above."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


def write_durably(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Replace ``path`` by ``data``: all or nothing, and still there after a power loss."""
    make_folders(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def pack_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries with big-endian 16-bit lengths before them."""
    parts = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise ValueError(f"an entry of {len(entry)} bytes does not fit a bundle")
        parts += [struct.pack(">H", len(entry)), entry]
    return b"".join(parts)


def unpack_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle; raise BadTile if it is torn."""
    entries, at = [], 0
    while at < len(data):
        if at + 2 > len(data):
            raise BadTile("the bundle ends inside a length")
        (length,) = struct.unpack_from(">H", data, at)
        at += 2
        if at + length > len(data):
            raise BadTile("the bundle ends inside an entry")
        entries.append(data[at : at + length])
        at += length
    return entries


def width_at(level: int, index: int, size: int) -> int:
    """How many hashes tile ``index`` of ``level`` holds in a tree of ``size`` leaves (0: no such tile)."""
    return max(0, min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - index * TILE_WIDTH))


class TileFiles:
    """The files of one log below its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, level: int | str, index: int, items: Sequence[bytes]) -> None:
        """Write a full or partial tile; a full one takes the place of its partial ones."""
        data = pack_bundle(items) if level == ENTRIES else b"".join(items)
        write_durably(self.folder / tile_path(level, index, len(items)), data)
        if len(items) == TILE_WIDTH:
            self._drop_partial(level, index)

    def _drop_partial(self, level: int | str, index: int) -> None:
        # Clients that still ask for a partial tile fall back to the full one (tlog-tiles, "Partial Tiles").
        folder = self.folder / (tile_path(level, index) + ".p")
        if folder.is_dir():
            for path in folder.iterdir():
                path.unlink(missing_ok=True)
            # A slower sequencer may be writing a partial tile there, which does no harm.
            with suppress(OSError):
                folder.rmdir()

    def read(self, level: int | str, index: int, width: int) -> list[bytes]:
        """The first ``width`` items of a tile, from its partial or its full file; raise BadTile."""
        for stored in dict.fromkeys((width, TILE_WIDTH)):
            path = tile_path(level, index, stored)
            try:
                data = (self.folder / path).read_bytes()
            except FileNotFoundError:
                continue
            if level == ENTRIES:
                items = unpack_bundle(data)
            else:
                items = [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
            if len(items) != stored or (level != ENTRIES and len(data) != stored * HASH_BYTES):
                raise BadTile(f"{path} does not hold {stored} items")
            return items[:width]
        raise BadTile(f"{tile_path(level, index, width)} is missing")

    def entries(self, start: int, end: int) -> list[bytes]:
        """The entries of leaves [start, end) in a tree of ``end`` leaves; raise BadTile."""
        found: list[bytes] = []
        for number in range(start // TILE_WIDTH, -(-end // TILE_WIDTH)):
            bundle = self.read(ENTRIES, number, width_at(0, number, end))
            found += bundle[max(0, start - number * TILE_WIDTH) :]
        return found

    def edge(self, size: int) -> Edge:
        """The right edge of the tree of ``size`` leaves, from its partial tiles; raise BadTile."""
        edge = Edge(size)
        level = 0
        while size >> TILE_HEIGHT * level:
            count = size >> TILE_HEIGHT * level
            width = count % TILE_WIDTH
            edge.rows.append(self.read(level, count // TILE_WIDTH, width) if width else [])
            level += 1
        return edge

    def reach(self) -> int:
        """How many entries the bundles on disk hold: the largest index that a file name claims."""
        folder, base = self.folder / "tile" / ENTRIES, 0
        while folder.is_dir():
            names = [path.name for path in folder.iterdir()]
            deeper = [int(name[1:]) for name in names if re.fullmatch(r"x[0-9]{3}", name)]
            if deeper:
                base = (base + max(deeper)) * 1000
                folder = folder / f"x{max(deeper):03d}"
                continue
            full = [int(name) + 1 for name in names if re.fullmatch(r"[0-9]{3}", name)]
            reached = (base + max(full)) * TILE_WIDTH if full else base * TILE_WIDTH
            for name in names:
                if re.fullmatch(r"[0-9]{3}\.p", name):
                    widths = [int(path.name) for path in (folder / name).iterdir() if path.name.isdigit()]
                    reached = max(
                        [reached, *((base + int(name[:3])) * TILE_WIDTH + width for width in widths)]
                    )
            return reached
        return 0


class TileTree:
    """Reads nodes of a tree of fixed size from its tiles, for the proof makers of `audit.merkle`."""

    def __init__(self, files: TileFiles, size: int) -> None:
        self._files = files
        self._size = size
        self._tile = lru_cache(maxsize=64)(self._read)

    def _read(self, level: int, index: int) -> tuple[bytes, ...]:
        return tuple(self._files.read(level, index, width_at(level, index, self._size)))

    def node(self, level: int, index: int) -> bytes:
        """Hash of the perfect subtree over leaves [index << level, (index + 1) << level)."""
        tile_level, inside = divmod(level, TILE_HEIGHT)
        first = index << inside
        tile = self._tile(tile_level, first // TILE_WIDTH)
        start = first % TILE_WIDTH
        return perfect_root(tile[start : start + (1 << inside)])
