"""The states of a segment file. Exactly one holds for each asset, whatever was killed and when.

| State | Spool | Work file | Sealed file | What recovery does |
|---|---|---|---|---|
| absent | - | - | - | nothing: never begun, or destroyed |
| announced | open | - | - | a gap |
| hollow | open | no whole piece in its whole blocks | - | removes it; a gap |
| broken | open | whole blocks, not finished | - | re-seals the last whole block through the journal |
| resealing | open, with journal | any | - | writes the journalled block again |
| finished | open | ends with its last block | - | computes the seal |
| sealed | sealed | finished | - | moves it |
| awaiting row | sealed | - | there | nothing: the row is due |
| kept | - | - | there | nothing: the row owns it |
| missing | sealed | - | - | reports it: somebody removed a sealed file |
| stray | - | there | - | reports it: its key is lost |
| contradictory | any other | | | reports it and touches nothing |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class SpoolState(StrEnum):
    NONE = "none"
    OPEN = "open"
    SEALED = "sealed"


class WorkState(StrEnum):
    NONE = "none"
    HOLLOW = "hollow"
    BROKEN = "broken"
    FINISHED = "finished"


class FileState(StrEnum):
    ABSENT = "absent"
    ANNOUNCED = "announced"
    HOLLOW = "hollow"
    BROKEN = "broken"
    RESEALING = "resealing"
    FINISHED = "finished"
    SEALED = "sealed"
    AWAITING_ROW = "awaiting_row"
    KEPT = "kept"
    MISSING = "missing"
    STRAY = "stray"
    CONTRADICTORY = "contradictory"


@dataclass(frozen=True, slots=True)
class Found:
    """What stands on disk for one asset."""

    spool: SpoolState
    work: WorkState
    sealed: bool
    journal: bool


def _open(found: Found, work: WorkState) -> bool:
    return found.spool is SpoolState.OPEN and found.work is work and not found.sealed and not found.journal


_TABLE: MappingProxyType[FileState, Callable[[Found], bool]] = MappingProxyType(
    {
        FileState.ABSENT: lambda f: f == Found(SpoolState.NONE, WorkState.NONE, sealed=False, journal=False),
        FileState.ANNOUNCED: lambda f: (
            f.spool is SpoolState.OPEN and f.work is WorkState.NONE and not f.sealed
        ),
        FileState.HOLLOW: lambda f: _open(f, WorkState.HOLLOW),
        FileState.BROKEN: lambda f: _open(f, WorkState.BROKEN),
        FileState.RESEALING: lambda f: (
            f.spool is SpoolState.OPEN and f.work is not WorkState.NONE and not f.sealed and f.journal
        ),
        FileState.FINISHED: lambda f: _open(f, WorkState.FINISHED),
        FileState.SEALED: lambda f: (
            f.spool is SpoolState.SEALED and f.work is WorkState.FINISHED and not f.sealed and not f.journal
        ),
        FileState.AWAITING_ROW: lambda f: (
            f.spool is SpoolState.SEALED and f.work is WorkState.NONE and f.sealed and not f.journal
        ),
        FileState.KEPT: lambda f: f == Found(SpoolState.NONE, WorkState.NONE, sealed=True, journal=False),
        FileState.MISSING: lambda f: (
            f.spool is SpoolState.SEALED and f.work is WorkState.NONE and not f.sealed and not f.journal
        ),
        FileState.STRAY: lambda f: (
            f.spool is SpoolState.NONE and f.work is not WorkState.NONE and not f.sealed and not f.journal
        ),
    }
)


def holding(found: Found) -> list[FileState]:
    """Every state of the table that holds; never two."""
    return [state for state, holds in _TABLE.items() if holds(found)]


def state_of(found: Found) -> FileState:
    """The one state that holds; contradictory when none of the table does."""
    return next(iter(holding(found)), FileState.CONTRADICTORY)
