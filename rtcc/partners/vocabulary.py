"""The words of the partner desk. Values are stored: members are added, never renamed or reused."""

from __future__ import annotations

from enum import StrEnum


class AskWants(StrEnum):
    """What the agency asks an owner for: a file of its own recording, or a yes to watching its camera."""

    FILE = "file"
    WATCH = "watch"


class AskState(StrEnum):
    """The agency asked an owner: it waits, was answered by a file, was declined, or was let watch; a yes may
    be taken back.
    """

    OPEN = "open"
    ANSWERED = "answered"
    DECLINED = "declined"
    GIVEN = "given"
    TAKEN_BACK = "taken_back"


ASK_SAYS: dict[AskState, str] = {
    AskState.OPEN: "waits for your answer",
    AskState.ANSWERED: "you handed in footage",
    AskState.DECLINED: "you said no",
    AskState.GIVEN: "you said yes",
    AskState.TAKEN_BACK: "you took your yes back",
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
