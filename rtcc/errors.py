"""What can go wrong, as types. One table in `rtcc.middleware` turns them into answers.

A sentence is written for the person who reads it: what is wrong, where, and what to do next.
Nothing parses sentences; callers branch on the type.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class DomainError(Exception):
    """An error whose sentence may be shown to the person who caused it."""

    code = "error"
    status = 500
    # What the answer says in headers besides.
    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


class BadInput(DomainError):
    """What was given cannot be used; ``field`` names where."""

    code = "bad_input"
    status = 400


class NotFound(DomainError):
    """There is no such thing, or the person may not know that there is: the answer is the same."""

    code = "not_found"
    status = 404

    def __init__(self, sentence: str = "There is nothing here.") -> None:
        super().__init__(sentence)


class Refused(DomainError):
    """Policy refuses the act."""

    code = "refused"
    status = 403


class Conflict(DomainError):
    """Somebody else was first, or the thing is in another state by now."""

    code = "conflict"
    status = 409


class Unavailable(DomainError):
    """A part of the system does not answer just now; trying again is safe."""

    code = "unavailable"
    status = 503


class DatabaseAway(Unavailable):
    """The database does not answer; what was under way may have been done."""

    headers: Mapping[str, str] = MappingProxyType({"Retry-After": "5"})

    def __init__(self) -> None:
        super().__init__(
            "The database does not answer just now. Look whether the thing was done before you send it again,"
            " in a few seconds."
        )
