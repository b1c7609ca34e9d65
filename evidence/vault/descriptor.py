"""What the vault is told about an asset before its first byte: who it is, where it came from, which key
period rules it.

The canonical bytes (RFC 8785 JSON) are the associated data of the footage and of every wrap of its key, so
that a file or a wrapped key moved to another asset, camera, interval or period does not open. Nothing that
may change later (owner, retention class, release class) belongs here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Self
from uuid import UUID

import rfc8785

DAY_S = 86_400
HOUR_S = 3_600
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def check_name(name: str) -> str:
    """Return `name` if it may be a source or kind and so part of a file name; raises ValueError."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a name of small letters, digits and hyphens")
    return name


def to_text(instant: datetime) -> str:
    """An aware instant as `2026-11-22T15:00:00.000000Z`, always with microseconds."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_text(text: str) -> datetime:
    """The inverse of `to_text`."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A UTC day, or a UTC hour where footage is destroyed within a day (build-notes 17)."""

    starts_at: datetime
    length_s: int

    def __post_init__(self) -> None:
        if self.length_s not in (DAY_S, HOUR_S):
            raise ValueError("a key period is a day or an hour")
        if self.starts_at.tzinfo is None or self.starts_at.timestamp() % self.length_s:
            raise ValueError("a key period starts on its own UTC boundary")

    @classmethod
    def of(cls, instant: datetime, length_s: int = DAY_S) -> Self:
        """The period of this length in which the instant falls."""
        seconds = int(instant.timestamp()) // length_s * length_s
        return cls(datetime.fromtimestamp(seconds, UTC), length_s)

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(seconds=self.length_s)


@dataclass(frozen=True, slots=True)
class AssetDescriptor:
    """One asset: kind (segment, still, ...), UUIDv7, source such as `camera-12`, start, lease epoch, key
    period.
    """

    kind: str
    id: UUID
    source: str
    starts_at: datetime
    lease_epoch: int
    period: Period

    def __post_init__(self) -> None:
        check_name(self.kind)
        check_name(self.source)
        to_text(self.starts_at)

    @property
    def day(self) -> date:
        """The UTC day under which the asset is stored and its row is partitioned."""
        return self.starts_at.astimezone(UTC).date()

    def to_json(self) -> dict[str, str | int]:
        return {
            "kind": self.kind,
            "id": str(self.id),
            "source": self.source,
            "starts_at": to_text(self.starts_at),
            "lease_epoch": self.lease_epoch,
            "period_starts_at": to_text(self.period.starts_at),
            "period_s": self.period.length_s,
        }

    @classmethod
    def from_json(cls, data: dict[str, str | int]) -> Self:
        """The inverse of `to_json`; raises KeyError or ValueError on anything else."""
        return cls(
            kind=str(data["kind"]),
            id=UUID(str(data["id"])),
            source=str(data["source"]),
            starts_at=from_text(str(data["starts_at"])),
            lease_epoch=int(data["lease_epoch"]),
            period=Period(from_text(str(data["period_starts_at"])), int(data["period_s"])),
        )

    def canonical(self) -> bytes:
        """The associated data: RFC 8785 canonical JSON."""
        return rfc8785.dumps(self.to_json())
