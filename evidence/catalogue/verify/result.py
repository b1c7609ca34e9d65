"""What a verification of footage found, in words that name the place."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from audit.verify.result import MOST_FAULTS, Finding
from evidence.models import Segment
from evidence.querysets import SegmentQuerySet


class Level(StrEnum):
    """How closely files are looked at. Each level includes those before it."""

    PRESENCE = "presence"
    SIZE = "size"
    HASH = "hash"


@dataclass(frozen=True)
class Range:
    """One camera, or all; an interval (aware, half open), or all time."""

    camera: UUID | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    @property
    def whole(self) -> bool:
        return self == Range()

    def of(self, rows: SegmentQuerySet) -> SegmentQuerySet:
        """Segments that begin in the range."""
        if self.camera is not None:
            rows = rows.of_camera(self.camera)
        if self.starts_at is not None:
            rows = rows.filter(day__gte=self.starts_at.date(), starts_at__gte=self.starts_at)
        if self.ends_at is not None:
            rows = rows.filter(day__lte=self.ends_at.date(), starts_at__lt=self.ends_at)
        return rows

    def has(self, instant: datetime) -> bool:
        return (self.starts_at is None or instant >= self.starts_at) and (
            self.ends_at is None or instant < self.ends_at
        )


@dataclass
class FootageVerification:
    """The outcome. Faults are contradictions; notices deserve a look; the rest says what is proved."""

    level: Level
    names: dict[UUID, str] = field(default_factory=dict, repr=False)
    segments: int = 0
    destroyed: int = 0
    assets: int = 0
    minutes: int = 0
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

    def camera(self, camera: UUID) -> str:
        """A camera in words."""
        return self.names.get(camera, f"unknown camera {camera}")

    def place(self, row: Segment) -> str:
        """A segment in words: camera, interval, id."""
        return f"{self.camera(row.camera)}, {interval(row.starts_at, row.ends_at)}, segment {row.id}"

    def as_json(self) -> dict[str, Any]:
        body = asdict(self)
        del body["names"]
        return {"ok": self.ok, **body}

    def conclude(self, *, whole: bool) -> None:
        """Say in plain words what follows, and what does not."""
        looked = {
            Level.PRESENCE: "has its file",
            Level.SIZE: "has its file, of the right size",
            Level.HASH: "has its file, byte for byte as it was sealed",
        }[self.level]
        if self.ok:
            self.proved += [
                f"Each of the {self.segments - self.destroyed} standing segments {looked}.",
                f"Each of the {self.segments} rows says what was sealed, and their chains are whole.",
                f"The lists of {self.minutes} minute entries of the log are these rows and no others.",
                "All time in which a camera was expected is recorded, or a gap says why not.",
            ]
        else:
            self.not_proved.append("Anything that rests on the places named above.")
        if self.level is not Level.HASH:
            self.not_proved.append("That no byte of a file was changed: --level hash reads them all.")
        if not whole:
            self.not_proved.append("Anything outside the camera and time that were asked for.")
        self.not_proved += [
            "That the entries themselves stand unchanged: verify_log proves that.",
            "That a camera saw what happened: only what it sent is here.",
        ]


def instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def interval(starts_at: datetime, ends_at: datetime) -> str:
    """An interval in words; the day is said once."""
    start, end = starts_at.astimezone(UTC), ends_at.astimezone(UTC)
    last = f"{end:%H:%M:%S}" if start.date() == end.date() else f"{end:%Y-%m-%d %H:%M:%S}"
    return f"{start:%Y-%m-%d %H:%M:%S} to {last} UTC ({_length(end - start)})"


def _length(span: timedelta) -> str:
    seconds = span.total_seconds()
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
