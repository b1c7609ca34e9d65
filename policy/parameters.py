"""The parameter table of a policy version: every number a rule or a job goes by, with its authority.

A row is a key, a value, a unit, who says so, where, and from when to when. Nothing in code holds such a
number; jobs keep the row's id beside what they computed from it, so that it can be asked for later.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from rtcc.errors import DomainError

Value = int | frozenset[str]

SECONDS_PER: Mapping[str, int] = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
PLAIN_UNITS = frozenset({"count", "rank", "camera-hours", "list"})
_COLUMNS = frozenset({"key", "value", "unit", "authority", "citation", "from"})
_OPTIONAL = frozenset({"to", "override", "note"})


class BadParameters(ValueError):
    """The table cannot be used; the sentence names the row."""


class NotInForce(DomainError, LookupError):
    """No row of this key is in force at the instant asked about: the version is older than what asks."""

    code = "no_parameter"
    status = 503


@dataclass(frozen=True)
class ParameterRow:
    """One value in force from an instant (inclusive) to another (exclusive; None: until replaced)."""

    key: str
    value: Value
    unit: str
    authority: str
    citation: str
    begins: datetime
    ends: datetime | None
    override: str
    note: str

    @property
    def id(self) -> str:
        """How stored results name the row that they were computed from."""
        return f"{self.key}@{self.begins:%Y-%m-%d}"

    def in_force(self, at: datetime) -> bool:
        return self.begins <= at and (self.ends is None or at < self.ends)


@dataclass(frozen=True)
class Parameters:
    """All rows of one policy version."""

    rows: tuple[ParameterRow, ...]

    def row(self, key: str, at: datetime) -> ParameterRow:
        """The row in force at `at`. Raises NotInForce."""
        for row in self.rows:
            if row.key == key and row.in_force(at):
                return row
        raise NotInForce(
            f"The policy sets no number {key} for {at:%Y-%m-%d %H:%M} UTC, so this is not done. A policy "
            "owner and a second person publish a version that sets it."
        )

    def count(self, key: str, at: datetime) -> int:
        """A plain number. Raises NotInForce, or TypeError when it is a list."""
        value = self.row(key, at).value
        if not isinstance(value, int):
            raise TypeError(f"parameter {key} is a list")
        return value

    def duration(self, key: str, at: datetime) -> timedelta:
        """A length of time. Raises NotInForce, or TypeError when its unit is not one of time."""
        row = self.row(key, at)
        if not isinstance(row.value, int) or row.unit not in SECONDS_PER:
            raise TypeError(f"parameter {key} is in {row.unit}, not a length of time")
        return timedelta(seconds=row.value * SECONDS_PER[row.unit])

    def retention(self, retention_class: str, at: datetime) -> tuple[timedelta, ParameterRow]:
        """How long footage of a class is kept, and the row that says so. Raises NotInForce."""
        key = f"retention_{retention_class}"
        return self.duration(key, at), self.row(key, at)

    def retention_classes(self) -> tuple[str, ...]:
        return tuple(
            sorted({r.key.removeprefix("retention_") for r in self.rows if r.key.startswith("retention_")})
        )

    def in_force(self, keys: Iterable[str], at: datetime) -> dict[str, Value]:
        """These keys with their values at `at`; times in seconds. Raises NotInForce where one has none."""
        values: dict[str, Value] = {}
        for key in keys:
            row = self.row(key, at)
            scale = SECONDS_PER.get(row.unit, 1)
            values[key] = row.value * scale if isinstance(row.value, int) else row.value
        return values

    def has(self, key: str) -> bool:
        return any(row.key == key for row in self.rows)

    def is_list(self, key: str) -> bool:
        return any(row.key == key and row.unit == "list" for row in self.rows)


def parse(text: str) -> Parameters:
    """Read `parameters.toml`: an array of tables `parameter`. Raises BadParameters."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadParameters(f"parameters.toml cannot be read: {error}") from error
    if set(document) != {"parameter"}:
        raise BadParameters("parameters.toml holds the tables [[parameter]] and nothing else")
    rows = tuple(_row(raw) for raw in document["parameter"])
    for key in {row.key for row in rows}:
        _check_order(key, sorted((r for r in rows if r.key == key), key=lambda r: r.begins))
    _check_floor(rows)
    return Parameters(rows)


def _row(raw: Mapping[str, object]) -> ParameterRow:
    key = str(raw.get("key", "(without key)"))
    wrong = (_COLUMNS - set(raw)) | (set(raw) - _COLUMNS - _OPTIONAL)
    if wrong:
        raise BadParameters(f"parameter {key}: missing or unknown columns {', '.join(sorted(wrong))}")
    unit = str(raw["unit"])
    if unit not in SECONDS_PER and unit not in PLAIN_UNITS:
        raise BadParameters(f"parameter {key}: unknown unit {unit}")
    begins = _instant(raw["from"], key)
    ends = _instant(raw["to"], key) if "to" in raw else None
    if ends is not None and ends <= begins:
        raise BadParameters(f"parameter {key}: ends before it begins")
    authority, citation = str(raw["authority"]).strip(), str(raw["citation"]).strip()
    if not authority or not citation:
        raise BadParameters(f"parameter {key}: a number needs an authority and a citation")
    return ParameterRow(
        key=key, value=_value(raw["value"], unit, key), unit=unit, authority=authority, citation=citation,
        begins=begins, ends=ends, override=str(raw.get("override", "")), note=str(raw.get("note", "")),
    )  # fmt: skip


def _value(raw: object, unit: str, key: str) -> Value:
    if unit == "list" and isinstance(raw, list) and raw and all(isinstance(member, str) for member in raw):
        return frozenset(raw)
    if unit != "list" and isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0:
        return raw
    raise BadParameters(f"parameter {key}: the value does not fit the unit {unit}")


def _instant(raw: object, key: str) -> datetime:
    """A TOML date (midnight UTC) or an offset date-time."""
    if isinstance(raw, datetime):
        if raw.tzinfo is None:
            raise BadParameters(f"parameter {key}: the date-time needs an offset")
        return raw.astimezone(UTC)
    if isinstance(raw, date):
        return datetime.combine(raw, time(), UTC)
    raise BadParameters(f"parameter {key}: from and to are dates")


def _check_order(key: str, rows: list[ParameterRow]) -> None:
    """One value at a time, one unit for ever (what was stored keeps its meaning)."""
    if len({row.unit in SECONDS_PER for row in rows}) > 1 or len({row.unit == "list" for row in rows}) > 1:
        raise BadParameters(f"parameter {key}: its unit changes")
    for earlier, later in pairwise(rows):
        if earlier.ends is None or earlier.ends > later.begins:
            raise BadParameters(f"parameter {key}: two values are in force on {later.begins:%Y-%m-%d}")


def _check_floor(rows: Iterable[ParameterRow]) -> None:
    """A retention below the legal floor is refused, or names the authority that overrides it."""
    rows = tuple(rows)
    for floor in (row for row in rows if row.key == "retention_floor"):
        for row in rows:
            below = (
                row.key.startswith("retention_")
                and row.key != "retention_floor"
                and not row.override
                and (floor.ends is None or row.begins < floor.ends)
                and (row.ends is None or floor.begins < row.ends)
                and _seconds(row) < _seconds(floor)
            )
            if below:
                raise BadParameters(
                    f"parameter {row.key}: {row.value} {row.unit} is below the floor of {floor.value} "
                    f"{floor.unit} ({floor.citation}); name the authority that allows it in `override`"
                )


def _seconds(row: ParameterRow) -> int:
    if not isinstance(row.value, int) or row.unit not in SECONDS_PER:
        raise BadParameters(f"parameter {row.key}: a retention is a length of time")
    return row.value * SECONDS_PER[row.unit]
