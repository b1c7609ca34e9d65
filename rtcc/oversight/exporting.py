"""The report as a file: CSV (RFC 4180) and JSON, made while it is sent."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import connections

from audit.encoding import instant_text
from rtcc.oversight.question import Asked
from rtcc.oversight.report import Row, page
from rtcc.oversight.tiers import Reader
from rtcc.spreadsheet import line

AT_ONCE = 400
COLUMNS = (
    "entry", "end_entry", "leaf", "at", "until", "event", "action", "outcome", "who", "who_filter", "role",
    "cameras", "refused", "footage_from", "footage_to", "seconds", "bytes", "exact", "purpose", "offence",
    "number", "basis_kind", "verification", "exigent", "reason", "rules", "rule_sentence", "seeded",
    "running", "proof", "faults",
)  # fmt: skip


def as_json(row: Row) -> dict[str, Any]:
    """A row with ids and instants (RFC 3339, UTC) as text."""
    said = asdict(row)
    starts_at, ends_at = said.pop("footage") or (None, None)
    said |= {"footage_from": starts_at, "footage_to": ends_at}
    return {name: _plain(said[name]) for name in COLUMNS}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, tuple):
        return list(value)
    return value if value is None or isinstance(value, bool | int) else str(value)


async def csv_lines(reader: Reader, asked: Asked, note: str) -> AsyncIterator[str]:
    """The whole answer as CSV; the method note stands in the last line."""
    yield line(COLUMNS)
    async for portion in portions(reader, asked):
        for row in portion:
            said = as_json(row)
            yield line(said[name] for name in COLUMNS)
    yield line((f"Note: {note}",))


async def json_text(reader: Reader, asked: Asked, note: str) -> AsyncIterator[str]:
    """The whole answer as one JSON document."""
    yield json.dumps({"question": asked.canonical(), "note": note})[:-1] + ', "rows": ['
    first = True
    async for portion in portions(reader, asked):
        for row in portion:
            yield ("" if first else ",\n") + json.dumps(as_json(row))
            first = False
    yield "]}\n"


async def portions(reader: Reader, asked: Asked) -> AsyncIterator[tuple[Row, ...]]:
    """The pages of the answer; the database's connection is given back between two of them."""
    there: Asked | None = asked
    while there is not None:
        async with ThreadSensitiveContext():
            found = await sync_to_async(_released(page))(reader, there, size=AT_ONCE)
        yield found.rows
        there = replace(there, before=found.after) if found.after else None


def _released(read: Callable[..., Any]) -> Callable[..., Any]:
    def released(*args: Any, **words: Any) -> Any:
        try:
            return read(*args, **words)
        finally:
            connections.close_all()

    return released
