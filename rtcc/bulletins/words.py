"""The words of a bulletin. Values are stored: members are added, never renamed."""

from __future__ import annotations

from enum import StrEnum


class Shape(StrEnum):
    """What is sent: one picture, the last seconds as a clip, or the camera live."""

    STILL = "still"
    CLIP = "clip"
    LIVE = "live"


class Answer(StrEnum):
    """What the officer says with one tap."""

    SEEN = "seen"
    THAT_IS_HIM = "that_is_him"
    NOT_HIM = "not_him"


class Standing(StrEnum):
    """How a bulletin stands, as policy reads it."""

    OPEN = "open"
    REVOKED = "revoked"
    OVER = "over"


ANSWER_WORDS: dict[Answer, str] = {
    Answer.SEEN: "Seen",
    Answer.THAT_IS_HIM: "That is him",
    Answer.NOT_HIM: "Not him",
}
