"""Who names entries. An entry removed before it had a leaf is shown only by what still points to it.

Rooms above register a query of theirs, giving pairs of a label that a reader understands ("permit 0198...")
and the id of the entry that it names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from uuid import UUID

Query = Callable[[], Iterable[tuple[str, UUID]]]

_queries: dict[str, Query] = {}


def register(name: str, query: Query) -> None:
    """Add a source of references. A name is taken once."""
    if name in _queries and _queries[name] is not query:
        raise ValueError(f"references of {name} are registered already")
    _queries[name] = query


def sources() -> Mapping[str, Query]:
    """All sources by name."""
    return MappingProxyType(_queries)
