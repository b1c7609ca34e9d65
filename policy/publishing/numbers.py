"""Giving a number of the parameter table another value from a day on, in its text.

What was stored names the row that it was computed from (`key@day`), so a value is never overwritten: the row
in force gets an end, and a new one begins there. Everything else in the text stays as people wrote it.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime

from policy.parameters import BadParameters, ParameterRow, Parameters, parse
from rtcc import clock
from rtcc.errors import BadInput

_BLOCK = re.compile(r"(?m)^(?=\[\[parameter\]\])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True)
class NewValue:
    """A number from a day of the city on. ``value``: a whole number in the row's unit, or words of a list."""

    key: str
    value: int | tuple[str, ...]
    authority: str
    citation: str
    override: str
    note: str
    begins_on: date

    @property
    def begins(self) -> datetime:
        """Midnight of that day in the city."""
        return clock.midnight(self.begins_on)


def set_number(text: str, new: NewValue) -> str:
    """The table with the new row. Raises BadInput where the table or the value cannot be used."""
    try:
        table = parse(text)
    except BadParameters as error:
        raise BadInput(f"The table of numbers has to be mended first: {error}") from error
    old = _row_at(table, new)
    blocks = _BLOCK.split(text)
    at = next(place for place, block in enumerate(blocks) if _is_of(block, old))
    closed, tail = _closed(blocks[at], new.begins)
    blocks[at] = f"{closed}\n{_written(new, old)}{tail}"
    changed = "".join(blocks)
    try:
        parse(changed)
    except BadParameters as error:
        raise BadInput(_sentence(error), field="override" if "override" in str(error) else "value") from error
    return changed


def _row_at(table: Parameters, new: NewValue) -> ParameterRow:
    """The row that the new value follows."""
    rows = [row for row in table.rows if row.key == new.key and row.in_force(new.begins)]
    if not rows:
        raise BadInput("This number has no value on that day; choose a later one.", field="begins_on")
    if rows[0].begins.date() >= new.begins.date():
        raise BadInput("This number has a value that begins on that day already.", field="begins_on")
    return rows[0]


def _is_of(block: str, row: ParameterRow) -> bool:
    if not block.startswith("[[parameter]]"):
        return False
    raw = tomllib.loads(block)["parameter"][0]
    return bool(raw["key"] == row.key and _day(raw["from"]) == row.begins.date())


def _day(value: date | datetime) -> date:
    return value.astimezone(UTC).date() if isinstance(value, datetime) else value


def _closed(block: str, ends: datetime) -> tuple[str, str]:
    """The block's row with its end, and the comments after it, which belong to what follows."""
    lines = block.rstrip("\n").split("\n")
    last = max(place for place, line in enumerate(lines) if line.strip() and not line.startswith("#"))
    row = [line for line in lines[: last + 1] if not re.match(r"to\s*=", line)]
    tail = "\n".join(lines[last + 1 :])
    return "\n".join([*row, f"to = {_stamp(ends)}"]) + "\n", f"{tail}\n" if tail else "\n"


def _written(new: NewValue, old: ParameterRow) -> str:
    value = new.value if isinstance(new.value, int) else list(new.value)
    lines = [
        "[[parameter]]",
        f"key = {_text(new.key)}",
        f"value = {json.dumps(value, ensure_ascii=False)}",
        f"unit = {_text(old.unit)}",
        f"authority = {_text(new.authority)}",
        f"citation = {_text(new.citation)}",
    ]
    lines += [f"override = {_text(new.override)}"] if new.override.strip() else []
    lines += [f"note = {_text(new.note)}"] if new.note.strip() else []
    lines.append(f"from = {_stamp(new.begins)}")
    lines += [f"to = {_stamp(old.ends)}"] if old.ends else []
    return "\n".join(lines) + "\n"


def _text(words: str) -> str:
    """A TOML basic string: JSON's escapes are among TOML's."""
    return json.dumps(_CONTROL.sub(" ", words).strip(), ensure_ascii=False)


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _sentence(error: BadParameters) -> str:
    """The words of the table's own check, as a sentence."""
    words = str(error)
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")
