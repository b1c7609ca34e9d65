"""Read one entry: the person's own acts without asking, everybody else's by an act that is entered itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from audit.vocabulary import Tier
from policy.models import Person
from rtcc.errors import NotFound
from rtcc.oversight.reading import Proved, read
from rtcc.oversight.tiers import Reader, reader_of


def read_entry(
    *, by: Person, entry: UUID, permitted: Callable[[], Reader]
) -> tuple[Proved, dict[str, Any], Reader]:
    """The entry, what the reader may know of it, and the reader.

    ``permitted`` asks for permission and raises Denied. Raises NotFound for an entry that is not there, or in
    which an owner's cameras do not appear.
    """
    row = read([entry]).get(entry)
    if row is None:
        raise NotFound()
    if row.said.get("actor") == str(by.id):
        own = replace(reader_of(by), tier=Tier.FULL, owners=None)
        return row, own.sees(row.said), own
    reader = permitted()
    seen = reader.sees(row.said)
    if not seen:
        raise NotFound()
    return row, seen, reader
