"""Receipts: proof that an entry is in the log, which anybody can check offline (C2SP tlog-proof v1)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from uuid import UUID

from audit.keyfiles import log_vkey
from audit.merkle import prove_inclusion
from audit.models import Leaf
from audit.note import Checkpoint, Note, VerifierKey
from audit.publish import read_checkpoint
from audit.tiles import ENTRIES, TILE_WIDTH, TileFiles, TileTree, width_at
from rtcc.config import config

HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True)
class Receipt:
    """An entry's place, the path from it to the root, and the checkpoint that signs the root."""

    index: int
    body: bytes
    path: list[bytes]
    checkpoint: Checkpoint
    note: Note

    def text(self) -> str:
        """The ``.tlog-proof`` file."""
        path = [base64.b64encode(item).decode() for item in self.path]
        return "\n".join([HEADER, f"index {self.index}", *path, "", str(self.note)])


def make_receipt(index: int, files: TileFiles, log: VerifierKey) -> Receipt | None:
    """The receipt of a leaf from the public bytes alone; None while no published checkpoint holds it.

    Raises BadTile or BadNote where what was published cannot be read.
    """
    published = read_checkpoint(files.folder, log)
    if published is None or index >= published[0].size:
        return None
    checkpoint, note = published
    path = prove_inclusion(index, checkpoint.size, TileTree(files, checkpoint.size).node)
    number, offset = divmod(index, TILE_WIDTH)
    body = files.read(ENTRIES, number, width_at(0, number, checkpoint.size))[offset]
    return Receipt(index, body, path, checkpoint, note)


def proof(entry_id: UUID) -> Receipt | None:
    """The receipt of an entry; None while no published checkpoint holds it (usually under 1 s)."""
    leaf = Leaf.objects.filter(entry=entry_id).first()
    return None if leaf is None else make_receipt(leaf.index, TileFiles(config.tiles_dir), log_vkey())


def receipt(entry_id: UUID) -> str | None:
    """The text of an entry's ``.tlog-proof`` file; None while it has none yet."""
    found = proof(entry_id)
    return None if found is None else found.text()
