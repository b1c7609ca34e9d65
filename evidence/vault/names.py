"""How footage and its keys are called: names that every room may speak. A name opens nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Self
from uuid import UUID

from evidence.vault.descriptor import AssetDescriptor, Period, check_name
from evidence.vault.errors import UnsafePath

_PERIOD = re.compile(r"(\d{8}T\d{2})-(\d+)")
_KEEPS = "keeps"


@dataclass(frozen=True, slots=True, order=True)
class KeyName:
    """What a key is called: `<folder>/<file>`, made by `of` (a source and a key period) or `keep`."""

    folder: str
    file: str

    @classmethod
    def of(cls, source: str, period: Period) -> Self:
        starts_at = period.starts_at.astimezone(UTC)
        return cls(f"{starts_at:%Y%m%dT%H}-{period.length_s}", check_name(source))

    @classmethod
    def keep(cls, keep: UUID) -> Self:
        return cls(_KEEPS, str(keep))

    @property
    def period(self) -> Period | None:
        """The key period, or None for the key of a keep."""
        match = _PERIOD.fullmatch(self.folder)
        if not match:
            return None
        return Period(datetime.strptime(match[1], "%Y%m%dT%H").replace(tzinfo=UTC), int(match[2]))

    def __str__(self) -> str:
        return f"{self.folder}/{self.file}"


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """Where a sealed asset stands: `<day>/<source>/<asset id>`."""

    day: date
    source: str
    id: UUID

    @classmethod
    def of(cls, asset: AssetDescriptor) -> Self:
        return cls(asset.day, asset.source, asset.id)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `str()`. Raises UnsafePath on anything but the one way of writing it."""
        try:
            day, source, asset = text.split("/")
            found = cls(date.fromisoformat(day), check_name(source), UUID(asset))
        except ValueError as error:
            raise UnsafePath(f"{text!r} is not a place in the store") from error
        if str(found) != text:
            raise UnsafePath(f"{text!r} is not a place in the store")
        return found

    @property
    def parts(self) -> tuple[str, str, str]:
        return self.day.isoformat(), check_name(self.source), str(self.id)

    def __str__(self) -> str:
        return "/".join(self.parts)
