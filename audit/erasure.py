"""Erasing disclosures: what an entry says goes, that there was an entry stays.

Two steps. The act (role app) writes the entry that names leaf, field and rule, and the rows of `Erasure`, in
one transaction: `announce`. The eraser (its own process and role, command ``eraser``) deletes exactly those
rows once the announcing entry has its leaf, and rewrites the tables' files. Three times are stated: row
deleted; table rewritten; last backup that holds it ended. Only the third is "gone".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from audit.disclosures import EMPTY, rows_of
from audit.models import Entry, Erasure, Leaf
from audit.record import record
from audit.vocabulary import Event
from rtcc.errors import BadInput


@dataclass(frozen=True)
class Erase:
    """Fields of one entry, and the rule that asks for their erasure. '-' stands for all empty fields."""

    entry: UUID
    fields: tuple[str, ...]
    rule: str


def announce(what: Sequence[Erase], **fields: Any) -> Entry:
    """Write the entry and the rows of an erasure in the caller's transaction; nothing is deleted yet.

    Raises BadInput where an entry has no leaf, a field is not there, or the entry is an erasure itself: what
    was erased must stay known. ``fields`` are those of `audit.record.record`.
    """
    leaves = dict(Leaf.objects.filter(entry__in=[each.entry for each in what]).values_list("entry", "index"))
    stored = rows_of(leaves)
    named = []
    for each in what:
        if each.entry not in leaves:
            raise BadInput(f"Entry {each.entry} has no place in the log yet.", field="entry")
        values = {row.field: row.value for row in stored.get(each.entry, [])}
        if values.get("event") == json.dumps(str(Event.DISCLOSURE_ERASED)):
            raise BadInput("An entry about an erasure is not erased.", field="entry")
        if missing := sorted(set(each.fields) - values.keys()):
            raise BadInput(f"Entry {each.entry} discloses no {', '.join(missing)}.", field="fields")
        named.append(
            {
                "entry": each.entry,
                "leaf": leaves[each.entry],
                "fields": _names(each.fields, values),
                "rule": each.rule,
            }
        )
    entry = record(Event.DISCLOSURE_ERASED, **{"count": len(named), **fields, "detail": {"erased": named}})
    Erasure.objects.bulk_create(
        Erasure(entry=each.entry, field=field, announced_by=entry.id, rule=each.rule)
        for each in what
        for field in each.fields
    )
    return entry


def _names(fields: Sequence[str], values: dict[str, str]) -> list[str]:
    """Names of fields, with '-' spelled out."""
    names = [field for field in fields if field != EMPTY]
    return names + (json.loads(values[EMPTY]) if EMPTY in fields else [])
