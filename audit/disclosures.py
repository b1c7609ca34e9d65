"""Disclosures as rows: one per field that says something, and one for all that are empty.

Most fields of most entries are null, yet each has a digest and so a salt. Kept as rows of their own they
would be three quarters of the log's size.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from audit.encoding import NULL, SALT_BYTES, BadEntry, Disclosed
from audit.vocabulary import FIELDS_V1, TIERS_READ_BY, Tier

EMPTY = "-"


@dataclass(frozen=True)
class Row:
    """A row of ``audit_disclosure`` without its entry and month."""

    field: str
    salt: bytes
    value: str


def pack(disclosed: Iterable[Disclosed]) -> list[Row]:
    """Rows for an entry's fields."""
    rows, names, salts = [], [], []
    for field in disclosed:
        if field.value == NULL:
            names.append(field.name)
            salts.append(field.salt)
        else:
            rows.append(Row(field.name, field.salt, field.value))
    if names:
        rows.append(Row(EMPTY, b"".join(salts), json.dumps(names, separators=(",", ":"))))
    return rows


def unpack(rows: Iterable[Row]) -> list[Disclosed]:
    """The fields of rows; raise BadEntry where a row cannot be read."""
    disclosed = []
    for row in rows:
        if row.field != EMPTY:
            disclosed.append(Disclosed(row.field, row.salt, row.value))
            continue
        try:
            names = json.loads(row.value)
        except ValueError as error:
            raise BadEntry("the list of empty fields cannot be read") from error
        if not isinstance(names, list) or len(row.salt) != SALT_BYTES * len(names):
            raise BadEntry("the list of empty fields does not fit its salts")
        for position, name in enumerate(names):
            salt = row.salt[position * SALT_BYTES : (position + 1) * SALT_BYTES]
            disclosed.append(Disclosed(str(name), salt, NULL))
    return disclosed


def rows_of(entries: Iterable[UUID]) -> dict[UUID, list[Row]]:
    """The stored rows of entries, by entry."""
    found: dict[UUID, list[Row]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry, field, salt, value FROM audit_disclosure WHERE entry = ANY(%s)", [list(entries)]
        )
        for entry, field, salt, value in cursor:
            found[entry].append(Row(field, bytes(salt), value))
    return found


def read(entries: Iterable[UUID], tier: Tier) -> dict[UUID, dict[str, Any]]:
    """What a reader of ``tier`` may know of each entry: field name to value, without what was erased."""
    allowed = TIERS_READ_BY[tier]
    return {
        entry: {
            field.name: field.read()
            for field in unpack(rows)
            if field.name in FIELDS_V1 and FIELDS_V1[field.name].tier in allowed
        }
        for entry, rows in rows_of(entries).items()
    }


def disclosures_for(entries: Iterable[UUID], tier: Tier) -> Mapping[UUID, list[str]]:
    """The disclosures (RFC 9901) that a reader of ``tier`` may keep a copy of."""
    allowed = TIERS_READ_BY[tier]
    return {
        entry: [
            field.disclosure()
            for field in unpack(rows)
            if field.name in FIELDS_V1 and FIELDS_V1[field.name].tier in allowed
        ]
        for entry, rows in rows_of(entries).items()
    }
