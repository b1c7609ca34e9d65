"""What a verification found, in words that a council member's aide can read."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

# A log with thousands of faults has one cause; the first ones name it.
MOST_FAULTS = 500


@dataclass(frozen=True)
class Finding:
    """A place in the log and one sentence about it."""

    place: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"


@dataclass
class Verification:
    """The outcome. Faults contradict the log; notices deserve a look; the rest says what is proved."""

    size: int = 0
    entries: int = 0
    faults: list[Finding] = field(default_factory=list)
    notices: list[Finding] = field(default_factory=list)
    proved: list[str] = field(default_factory=list)
    not_proved: list[str] = field(default_factory=list)
    more_faults: int = 0

    @property
    def ok(self) -> bool:
        return not self.faults

    def fault(self, place: str, sentence: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Finding(place, sentence))
        else:
            self.more_faults += 1

    def notice(self, place: str, sentence: str) -> None:
        if len(self.notices) < MOST_FAULTS:
            self.notices.append(Finding(place, sentence))

    def as_json(self) -> dict[str, Any]:
        return {"ok": self.ok, **asdict(self)}
