"""What ties an exported segment to the public log: its line in a minute's list, that minute's entry, and the
entry's receipt; for any entry of the log that a package names the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.disclosures import rows_of, unpack
from audit.keyfiles import log_vkey, witnesses
from audit.merkle import Tree, leaf_hash, prove_inclusion
from audit.models import Entry
from audit.receipts import Receipt, proof
from evidence.catalogue.minute import list_path
from evidence.models import MinuteSeal
from rtcc.errors import Unavailable

# What of an entry a package discloses: enough to check it, and no person.
SHOWN = (
    "time",
    "event",
    "outcome",
    "object_kind",
    "object_id",
    "count",
    "footage_from",
    "footage_to",
    "detail",
)


class NotYet(Unavailable):
    """An entry has no place in the published log yet; usually it has one within seconds."""


def receipt_of(entry: UUID) -> Receipt:
    """The receipt of an entry. Raises NotYet."""
    found = proof(entry)
    if found is None:
        raise NotYet("An entry waits for its place in the log.")
    return found


def shown(entry: UUID, receipt: Receipt, fields: Collection[str] = SHOWN) -> dict[str, Any]:
    """An entry for a package: the exact bytes of its leaf, and the disclosures that open some of them."""
    body = bytes(Entry.objects.values_list("body", flat=True).get(id=entry))
    if body != receipt.body:
        raise Unavailable(
            "The log does not hold what the database says. Nothing is exported; tell the operator."
        )
    rows = unpack(rows_of([entry]).get(entry, []))
    return {
        "entry": str(entry),
        "leaf": receipt.index,
        "body": body.decode(),
        "disclosures": {each.name: each.disclosure() for each in rows if each.name in fields},
    }


def minutes(wanted: Iterable[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """For each minute (RFC 3339) its entry as `shown`, and its receipt's text. Raises NotYet."""
    entries, receipts = {}, {}
    for text in sorted(set(wanted)):
        seal = MinuteSeal.objects.get(minute=datetime.fromisoformat(text))
        receipt = receipt_of(seal.entry)
        entries[text] = shown(seal.entry, receipt)
        receipts[text] = receipt.text()
    return entries, receipts


class MinuteLists:
    """Paths from a segment's line to the root of its minute; a list is read once."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[dict[bytes, int], Tree, int]] = {}

    def path(self, minute: str, line: bytes) -> dict[str, Any]:
        """Index, count and path. Raises Unavailable where the list is gone or does not hold the line."""
        if minute not in self._known:
            try:
                lines = list_path(datetime.fromisoformat(minute)).read_bytes().splitlines()
            except OSError as error:
                raise Unavailable(
                    f"The list of minute {minute} cannot be read. Tell the operator."
                ) from error
            places = {each: number for number, each in enumerate(lines)}
            self._known[minute] = (places, Tree(leaf_hash(each) for each in lines), len(lines))
        places, tree, count = self._known[minute]
        if line not in places:
            raise Unavailable(f"The list of minute {minute} does not name a segment. Tell the operator.")
        index = places[line]
        path = prove_inclusion(index, count, tree.node)
        return {"minute_index": index, "minute_count": count, "minute_path": [node.hex() for node in path]}


def trust() -> str:
    """Whom a verifier trusts (C2SP tlog-policy): the log, its witnesses, and that all of these signed."""
    lines = [f"log {log_vkey()}"]
    names = []
    for number, witness in enumerate(witnesses(), start=1):
        names.append(f"witness-{number}")
        lines.append(f"witness {names[-1]} {witness.key}")
    if names:
        lines += [f"group all all {' '.join(names)}", "quorum all"]
    else:
        lines.append("quorum none")
    return "\n".join(lines) + "\n"
