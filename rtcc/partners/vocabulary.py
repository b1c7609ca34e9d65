"""The words of the partner desk. Values are stored: members are added, never renamed or reused."""

from __future__ import annotations

from enum import StrEnum


class AskState(StrEnum):
    """The agency asked an owner for footage: it waits, was answered by a file, or was declined."""

    OPEN = "open"
    ANSWERED = "answered"
    DECLINED = "declined"


ASK_SAYS: dict[AskState, str] = {
    AskState.OPEN: "waits for your answer",
    AskState.ANSWERED: "you handed in footage",
    AskState.DECLINED: "you said no",
}


class ClockReading(StrEnum):
    """How the clock that the owner claims and the one that the file itself states stand to each other."""

    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_STATED = "not_stated"


CLOCK_SAYS: dict[ClockReading, str] = {
    ClockReading.AGREES: "the file states the same time, within two minutes",
    ClockReading.DIFFERS: "the file states another time; both are kept",
    ClockReading.NOT_STATED: "the file states no time of its own",
}
