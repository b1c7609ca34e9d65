"""The tree: entries in the database, bundles, hash tiles, checkpoints and cosignatures must say the same."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection

from audit.merkle import EMPTY_ROOT, Edge, leaf_hash
from audit.note import BadNote, Checkpoint, Note, VerifierKey, open_checkpoint
from audit.publish import read_checkpoint
from audit.tiles import ENTRIES, TILE_HEIGHT, TILE_WIDTH, BadTile, TileFiles, width_at
from audit.verify.result import Verification


@dataclass(frozen=True)
class Place:
    """What is verified: the folder with tiles and checkpoint, and the public keys to hold it against."""

    folder: Path
    log: VerifierKey
    witnesses: tuple[VerifierKey, ...]


@dataclass(frozen=True)
class Row:
    """A leaf as the database has it; no entry or body where the row is gone."""

    index: int
    entry: Any
    body: bytes | None
    received_at: datetime | None


class Cosigned:
    """When the tree was first seen by a witness at or after each size."""

    def __init__(self, times: Sequence[tuple[int, int]]) -> None:
        """``times`` are pairs of size and POSIX seconds."""
        ordered = sorted(times)
        self._sizes = [size for size, _ in ordered]
        self._earliest = [time_s for _, time_s in ordered]
        for position in range(len(ordered) - 2, -1, -1):
            self._earliest[position] = min(self._earliest[position : position + 2])

    def first(self, index: int) -> datetime | None:
        """The earliest cosigned time of a tree that holds leaf ``index``; None if no witness saw one."""
        at = bisect_right(self._sizes, index)
        return datetime.fromtimestamp(self._earliest[at], UTC) if at < len(self._sizes) else None


class TreeCheck:
    """Rebuilds the tree leaf by leaf and compares it with everything that was published about it."""

    def __init__(self, place: Place, result: Verification) -> None:
        self._place = place
        self._files = TileFiles(place.folder)
        self._result = result
        self._edge = Edge()
        self._roots: dict[int, list[tuple[str, bytes]]] = {}
        self._times: list[tuple[int, int]] = []
        self.witnessed_by: list[str] = []
        self.checkpoint = self._published()
        self.kept = self._kept()
        self.cosigned = Cosigned(self._times)

    @property
    def size(self) -> int:
        return self.checkpoint.size

    def _published(self) -> Checkpoint:
        """The published checkpoint; an empty one where there is none or where it cannot be trusted."""
        empty = Checkpoint(self._place.log.name, 0, EMPTY_ROOT)
        try:
            published = read_checkpoint(self._place.folder, self._place.log)
        except BadNote as error:
            self._result.fault("checkpoint", f"it is not signed by this log ({error})")
            return empty
        if published is None:
            return empty
        checkpoint, note = published
        self._roots.setdefault(checkpoint.size, []).append(("checkpoint", checkpoint.root))
        self.witnessed_by = self._cosigners("checkpoint", checkpoint, note)
        return checkpoint

    def _kept(self) -> int:
        """Read the checkpoints that were remembered; returns how many are good."""
        good = 0
        with connection.cursor() as cursor:
            cursor.execute("SELECT size, note FROM audit_checkpoint ORDER BY size")
            for size, text in cursor:
                where = f"checkpoint of {size} leaves"
                try:
                    checkpoint, note = open_checkpoint(text.encode(), self._place.log)
                except BadNote as error:
                    self._result.fault(where, f"it is not signed by this log ({error})")
                    continue
                if checkpoint.size != size:
                    self._result.fault(where, f"it says {checkpoint.size} leaves")
                elif size > self.size:
                    self._result.fault(
                        where, f"it was signed, and the published one has {self.size}: tiles were put back"
                    )
                else:
                    self._roots.setdefault(size, []).append((where, checkpoint.root))
                    self._cosigners(where, checkpoint, note)
                    good += 1
        return good

    def _cosigners(self, where: str, checkpoint: Checkpoint, note: Note) -> list[str]:
        """Names of the witnesses whose cosignatures verify; their times count from here on."""
        names = []
        for key in self._place.witnesses:
            for signature in (s for s in note.signatures if s.is_by(key)):
                if key.verifies(note.text, signature.bytes):
                    names.append(key.name)
                    self._times.append((checkpoint.size, signature.cosigned_s))
                else:
                    self._result.fault(where, f"the cosignature of {key.name} does not verify")
        return names

    def check(self, number: int, rows: Sequence[Row]) -> None:
        """Check bundle and tile ``number`` (256 leaves) against the database's rows for them."""
        width = width_at(0, number, self.size)
        bundle = self._read(ENTRIES, number, width)
        hashes = self._read(0, number, width)
        by_index = {row.index: row for row in rows}
        for offset in range(width):
            index = number * TILE_WIDTH + offset
            row = by_index.get(index, Row(index, None, None, None))
            published = bundle[offset] if bundle else None
            leaf = hashes[offset] if hashes else leaf_hash(published or row.body or b"")
            self._compare(row, published, leaf)
            self._edge.append(leaf, self._filled)
            for where, root in self._roots.get(index + 1, ()):
                if self._edge.root() != root:
                    self._result.fault(where, f"the first {index + 1} leaves do not lead to its root")

    def finish(self) -> None:
        """Check the partial tiles above the lowest level."""
        for level, row in enumerate(self._edge.rows):
            count = self._edge.size >> TILE_HEIGHT * level
            if level and row and self._read(level, count // TILE_WIDTH, len(row)) != row:
                self._result.fault(f"tile {level}/{count // TILE_WIDTH}", "its hashes do not fit those below")

    def _filled(self, level: int, hashes: list[bytes]) -> None:
        number = (self._edge.size >> TILE_HEIGHT * (level + 1)) - 1
        if level and self._read(level, number, TILE_WIDTH) != hashes:
            self._result.fault(f"tile {level}/{number}", "its hashes do not fit those below")

    def _read(self, level: int | str, number: int, width: int) -> list[bytes]:
        try:
            return self._files.read(level, number, width)
        except BadTile as error:
            self._result.fault(f"tile {level}/{number}", f"{error}")
            return []

    def _compare(self, row: Row, published: bytes | None, leaf: bytes) -> None:
        where = f"leaf {row.index}" + (f", entry {row.entry}" if row.entry else "")
        if published is not None and leaf_hash(published) != leaf:
            self._result.fault(where, "the published entry does not fit its hash in the tree")
        if row.entry is None:
            self._result.fault(where, "the database has no such leaf: it was removed or put back")
        elif row.body is None:
            self._result.fault(where, "its entry was removed from the database")
        elif leaf_hash(row.body) != leaf:
            self._result.fault(where, "the entry in the database is another one than was published here")


def leaf_rows(number: int, size: int) -> list[Row]:
    """The database's rows for the leaves of tile ``number``."""
    start = number * TILE_WIDTH
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.index, l.entry, e.body, e.received_at FROM audit_leaf l"
            " LEFT JOIN audit_entry e ON e.id = l.entry"
            " WHERE l.index >= %s AND l.index < %s ORDER BY l.index",
            [start, min(start + TILE_WIDTH, size)],
        )
        return [
            Row(index, entry, None if body is None else bytes(body), received_at)
            for index, entry, body, received_at in cursor.fetchall()
        ]
