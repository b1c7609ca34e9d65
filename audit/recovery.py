"""After an honest restore: bringing back entries that were published and are not in the database any more.

The published bundles hold every entry's bytes, so the tree comes back whole; what they disclosed is in no
bundle and is lost, and the entry ``log.recovered`` says so leaf by leaf. The act belongs to two persons and
to the room above (`rtcc.oversight`); this is what it does in its transaction. The sequencer then finds the
entries and gives them the leaves that they had, which can lead to nothing but the root that was signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from audit.keyfiles import log_vkey
from audit.merkle import leaf_hash, tree_root
from audit.models import Entry, Head
from audit.publish import read_checkpoint
from audit.record import record
from audit.tiles import BadTile, TileFiles, TileTree
from audit.vocabulary import Event
from rtcc.config import config
from rtcc.errors import Conflict


@dataclass(frozen=True)
class Loss:
    """Leaves [start, end) are published and not in the database; ``bodies`` are their entries' bytes."""

    start: int
    end: int
    bodies: tuple[bytes, ...]


def find_loss() -> Loss:
    """What a restore lost. Raises Conflict where nothing is lost, or where what is left is another log."""
    files, head = TileFiles(config.tiles_dir), Head.objects.get(id=1)
    published = read_checkpoint(files.folder, log_vkey())
    size = published[0].size if published else 0
    if published is None or size <= head.size:
        raise Conflict(f"The database holds {head.size} leaves and {size} are published: nothing is lost.")
    tree = TileTree(files, size)
    try:
        if tree_root(size, tree.node) != published[0].root:
            raise Conflict("The published tiles do not lead to the signed root.")
        if tree_root(head.size, tree.node) != bytes(head.root):
            raise Conflict("What is left in the database is not the beginning of the published log.")
        bodies = files.entries(head.size, size)
        if any(leaf_hash(body) != tree.node(0, head.size + at) for at, body in enumerate(bodies)):
            raise Conflict("The published entries are not those of the signed tree.")
    except BadTile as error:
        raise Conflict(f"The published log cannot be read: {error}.") from error
    return Loss(head.size, size, tuple(bodies))


def bring_back(loss: Loss, **fields: Any) -> Entry:
    """Insert the lost entries and write ``log.recovered`` in the caller's transaction.

    They get new ids (an id is in no bundle) and no place in the queue. ``fields`` are those of
    `audit.record.record`.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id, e.body FROM audit_entry e LEFT JOIN audit_leaf l ON l.entry = e.id"
            " LEFT JOIN audit_pending p ON p.entry = e.id WHERE l.entry IS NULL AND p.entry IS NULL"
        )
        there = {bytes(body): entry for entry, body in cursor.fetchall()}
        entries = []
        for body in loss.bodies:
            entry = there.get(body)
            if entry is None:
                cursor.execute("INSERT INTO audit_entry (body) VALUES (%s) RETURNING id", [body])
                (entry,) = cursor.fetchone()
            entries.append(entry)
    recovered = [{"leaf": loss.start + offset, "entry": entry} for offset, entry in enumerate(entries)]
    given = {"count": len(entries), **fields, "detail": {"recovered": recovered}}
    return record(Event.LOG_RECOVERED, **given)
