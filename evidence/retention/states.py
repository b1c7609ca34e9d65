"""The words of keeping and destroying, and the states of recorded footage: one holds for each segment.

| State | Tombstone | Key wrapped by its period | Wraps of keeps | Bytes | What it is |
|---|---|---|---|---|---|
| recorded | - | there | any | there | footage with its own time |
| kept | - | - | some | there | only keeps hold its key; its period's key is destroyed |
| shredded | - | - | - | there | its period's key was destroyed before its row was written; it dies next |
| condemned | there | any | any | there | the decision is committed, the work follows |
| keyless | there | - | - | there | no wrapped key is left in the database |
| gone | there | - | - | - | destroyed |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class KeepKind(StrEnum):
    """Why footage outlives its time. A hold has an authority and never ends by itself."""

    BOOKMARK = "bookmark"
    KEEP = "keep"
    HOLD = "hold"
    PROVISIONAL = "provisional"
    EXPORT = "export"


# Released by two persons, never by the clock.
HOLDS = frozenset({KeepKind.HOLD, KeepKind.PROVISIONAL})

KEEP_SAYS: Mapping[KeepKind, str] = {
    KeepKind.BOOKMARK: "marked on the wall",
    KeepKind.KEEP: "kept for an incident or case",
    KeepKind.HOLD: "hold",
    KeepKind.PROVISIONAL: "provisional hold",
    KeepKind.EXPORT: "an export is being made",
}


class DispositionState(StrEnum):
    """How far a destruction has come. Steps are those of `evidence.retention.destruction`."""

    PLANNED = "planned"
    GIVEN_UP = "given_up"
    TOMBSTONED = "tombstoned"
    KEYLESS = "keyless"
    BYTES_GONE = "bytes_gone"
    PROVED = "proved"


TRANSITIONS: Mapping[DispositionState, frozenset[DispositionState]] = MappingProxyType(
    {
        DispositionState.PLANNED: frozenset({DispositionState.TOMBSTONED, DispositionState.GIVEN_UP}),
        DispositionState.GIVEN_UP: frozenset(),
        DispositionState.TOMBSTONED: frozenset({DispositionState.KEYLESS}),
        DispositionState.KEYLESS: frozenset({DispositionState.BYTES_GONE}),
        DispositionState.BYTES_GONE: frozenset({DispositionState.PROVED}),
        DispositionState.PROVED: frozenset(),
    }
)

STATE_SAYS: Mapping[DispositionState, str] = {
    DispositionState.PLANNED: "planned: nothing is decided yet",
    DispositionState.GIVEN_UP: "given up: something was kept before it was decided",
    DispositionState.TOMBSTONED: "decided: keys and bytes follow",
    DispositionState.KEYLESS: "its wrapped keys are cleared, its bytes follow",
    DispositionState.BYTES_GONE: "its bytes are gone, the proof follows",
    DispositionState.PROVED: "destroyed",
}


class NoSuchStep(RuntimeError):
    """A disposition was to take a step that its state does not lead to: a mistake in our code."""


def check_transition(before: DispositionState, after: DispositionState) -> None:
    """Raise NoSuchStep where the table has no such step."""
    if after not in TRANSITIONS[before]:
        raise NoSuchStep(f"{before} does not lead to {after}")


class FootageState(StrEnum):
    RECORDED = "recorded"
    KEPT = "kept"
    SHREDDED = "shredded"
    CONDEMNED = "condemned"
    KEYLESS = "keyless"
    GONE = "gone"


@dataclass(frozen=True)
class Found:
    """What stands for one segment: in its row, in the wraps of keeps, and in the store."""

    tombstone: bool
    wrapped_key: bool
    wraps: bool
    content: bool


_TABLE: Mapping[FootageState, Callable[[Found], bool]] = MappingProxyType(
    {
        FootageState.RECORDED: lambda f: not f.tombstone and f.wrapped_key and f.content,
        FootageState.KEPT: lambda f: not f.tombstone and not f.wrapped_key and f.wraps and f.content,
        FootageState.SHREDDED: lambda f: f == Found(False, False, False, True),
        FootageState.CONDEMNED: lambda f: f.tombstone and (f.wrapped_key or f.wraps) and f.content,
        FootageState.KEYLESS: lambda f: f == Found(True, False, False, True),
        FootageState.GONE: lambda f: f == Found(True, False, False, False),
    }
)


def state_of(found: Found) -> FootageState | None:
    """The one state that holds, or None: then the row stands outside the table, which is an alarm."""
    return next((state for state, holds in _TABLE.items() if holds(found)), None)
