"""Entries read and proved: what each says, and whether that is what the log fixes.

A row is held against three things: its disclosures against the entry's digests, the entry's bytes against
the signed tree (hash in the tile, path to the root of the published checkpoint), and the index for reports
against the disclosures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connection

from audit.disclosures import rows_of, unpack
from audit.encoding import BadEntry, instant_text, read_body
from audit.keyfiles import log_vkey
from audit.merkle import BadProof, check_inclusion, leaf_hash, prove_inclusion
from audit.note import BadNote, Checkpoint
from audit.publish import read_checkpoint
from audit.record import TOUCH_COLUMNS, touch_columns
from audit.tiles import BadTile, TileFiles, TileTree
from audit.vocabulary import FIELDS_OF_VERSION, TOUCH_FIELDS
from rtcc.config import config

_BESIDE = ("actor", "outcome", "event", "purpose")
_COLUMNS = (*TOUCH_COLUMNS, *_BESIDE)


class Proof(StrEnum):
    """How a row stands against the log."""

    PROVED = "proved"
    WAITING = "waiting"  # for its leaf, or for the checkpoint that holds it
    MISMATCH = "mismatch"


@dataclass
class Proved:
    """An entry as it is stored, what it says (all tiers), and how that stands against the log."""

    entry: UUID
    body: bytes = b""
    received_at: datetime | None = None
    leaf: int | None = None
    said: dict[str, Any] = field(default_factory=dict)
    erased: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    waiting: bool = False

    @property
    def proof(self) -> Proof:
        if self.faults:
            return Proof.MISMATCH
        return Proof.WAITING if self.waiting else Proof.PROVED

    @property
    def time(self) -> datetime | None:
        """The instant that the entry states."""
        return instant(self.said.get("time"))


def instant(text: str | None) -> datetime | None:
    """An instant as entries write it."""
    return None if text is None else datetime.fromisoformat(text)


def read(entries: Iterable[UUID]) -> dict[UUID, Proved]:
    """Read and prove entries in a constant number of queries; an id that is not there is left out."""
    wanted = list(dict.fromkeys(entries))
    found = _stored(wanted)
    disclosures, touches, erased = rows_of(wanted), _touches(wanted), _erased(wanted)
    tree = _Tree()
    for key, row in found.items():
        _read_disclosures(row, unpack_or_fault(row, disclosures.get(key, [])), erased.get(key, set()))
        _check_touches(row, touches.get(key, []))
        tree.check(row)
    return found


def unpack_or_fault(row: Proved, rows: Sequence[Any]) -> list[Any]:
    """The disclosures of an entry; none, with a fault, where they cannot be read."""
    try:
        return unpack(rows)
    except BadEntry as error:
        row.faults.append(f"{error}")
        return []


def _stored(entries: Sequence[UUID]) -> dict[UUID, Proved]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id, e.body, e.received_at, l.index FROM audit_entry e"
            " LEFT JOIN audit_leaf l ON l.entry = e.id WHERE e.id = ANY(%s)",
            [list(entries)],
        )
        return {row[0]: Proved(row[0], bytes(row[1]), row[2], row[3]) for row in cursor.fetchall()}


def _erased(entries: Sequence[UUID]) -> dict[UUID, set[str]]:
    """Fields whose erasure was announced; '-' stands for all empty ones."""
    found: dict[UUID, set[str]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute("SELECT entry, field FROM audit_erasure WHERE entry = ANY(%s)", [list(entries)])
        for entry, name in cursor.fetchall():
            found[entry].add(name)
    return found


def _touches(entries: Sequence[UUID]) -> dict[UUID, list[tuple[str | None, ...]]]:
    """The index's rows by entry, as text like `audit.record.touch_columns`."""
    found: dict[UUID, list[tuple[str | None, ...]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry, camera, placement, lower(watched), upper(watched), lower(footage), upper(footage),"
            " basis, owner, actor, outcome, event, purpose FROM audit_touch"
            " WHERE entry = ANY(%s) ORDER BY entry, ordinal",
            [list(entries)],
        )
        for entry, *values in cursor.fetchall():
            found[entry].append(tuple(_plain(value) for value in values))
    return found


def _plain(value: Any) -> str | None:
    if value is None:
        return None
    return instant_text(value.astimezone(UTC)) if isinstance(value, datetime) else str(value)


def _read_disclosures(row: Proved, disclosed: Sequence[Any], announced: set[str]) -> None:
    """Take over what fits the entry's digests; what does not fit is a fault, and is not shown."""
    try:
        body = read_body(row.body)
    except BadEntry as error:
        row.faults.append(f"{error}")
        return
    schema, digests = FIELDS_OF_VERSION[body.version], set(body.digests)
    for each in disclosed:
        if each.name in schema and each.name not in row.said and each.digest() in digests:
            row.said[each.name] = each.read()
        else:
            row.faults.append(f"what it says of {each.name} is not what the entry fixes")
    missing = sorted(set(schema) - set(row.said))
    if not missing:
        return
    row.erased = missing
    unexplained = [] if "-" in announced else [name for name in missing if name not in announced]
    if unexplained and not row.faults:
        row.faults.append(f"what it said of {', '.join(unexplained[:3])} is gone and no erasure names it")


def _check_touches(row: Proved, stored: list[tuple[str | None, ...]]) -> None:
    if row.faults or not row.said.keys() >= TOUCH_FIELDS:
        return
    rest = [None if row.said[name] is None else str(row.said[name]) for name in _BESIDE]
    columns = touch_columns(row.said)
    if [(*values, *rest) for values in zip(*columns.values(), strict=True)] != stored:
        row.faults.append("the index for reports says something else than the entry")


class _Tree:
    """The published tree, read once for all rows of a page."""

    def __init__(self) -> None:
        self._checkpoint: Checkpoint | None = None
        self._trouble = ""
        files = TileFiles(config.tiles_dir)
        try:
            published = read_checkpoint(files.folder, log_vkey())
        except BadNote as error:
            self._trouble = f"the published checkpoint is not signed by this log ({error})"
            return
        if published is not None:
            self._checkpoint = published[0]
            self._tree = TileTree(files, published[0].size)

    def check(self, row: Proved) -> None:
        if self._trouble:
            row.faults.append(self._trouble)
            return
        if row.leaf is None or self._checkpoint is None or row.leaf >= self._checkpoint.size:
            row.waiting = True
            return
        size, leaf = self._checkpoint.size, leaf_hash(row.body)
        try:
            if self._tree.node(0, row.leaf) != leaf:
                row.faults.append("the entry in the database is another one than was published")
                return
            path = prove_inclusion(row.leaf, size, self._tree.node)
            check_inclusion(row.leaf, size, leaf, path, self._checkpoint.root)
        except (BadTile, BadProof) as error:
            row.faults.append(f"{error}")
