"""Cameras from a CSV file (RFC 4180): errors by row and column, and nothing done while one stands."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from cameras.details import CameraDetails
from cameras.forms import CameraForm
from cameras.models import Camera
from rtcc.errors import BadInput

MOST_ROWS = 500
MOST_BYTES = 1 << 20
COLUMNS = tuple(CameraForm.field_order)
REQUIRED = tuple(name for name in COLUMNS if CameraForm.base_fields[name].required)
# Empty cells of these mean what the form shows first.
_INITIAL = {
    name: str(CameraForm.base_fields[name].initial)
    for name in ("port", "recording", "retention_class")
    if CameraForm.base_fields[name].initial is not None
}


@dataclass(frozen=True)
class CellError:
    """What is wrong in one cell. Row 1 is the line of column names; column "" is the row as a whole."""

    row: int
    column: str
    sentence: str


@dataclass(frozen=True)
class Reading:
    """What a file says: the cameras of its good rows, and every error."""

    cameras: tuple[CameraDetails, ...]
    errors: tuple[CellError, ...]


def read(content: bytes) -> Reading:
    """Read a whole file without changing anything. Raises BadInput where it is no CSV of cameras at all."""
    rows = list(_rows(content))
    taken = set(Camera.objects.by_code_in([row["code"] for _, row in rows]).values_list("code", flat=True))
    first_seen: dict[str, int] = {}
    cameras, errors = [], []
    for number, row in rows:
        code = row["code"]
        if code in taken:
            errors.append(
                CellError(number, "code", f"The code {code} is taken by a camera that is registered.")
            )
        if code and first_seen.setdefault(code, number) != number:
            errors.append(
                CellError(number, "code", f"The code {code} stands in row {first_seen[code]} already.")
            )
        form = CameraForm({**row, "sensitivity": row["sensitivity"].replace(";", " ").split()})
        if form.is_valid():
            cameras.append(form.details())
        for field, sentences in form.errors.items():
            column = "" if field == "__all__" else field
            errors += [CellError(number, column, str(sentence)) for sentence in sentences]
    return Reading(tuple(cameras), tuple(errors))


def _rows(content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows with their number in the file, each with every column."""
    if len(content) > MOST_BYTES:
        raise BadInput(f"The file is larger than {MOST_BYTES // 1024} KiB.", field="file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput("The file is not UTF-8 text.", field="file") from error
    if "\x00" in text:
        raise BadInput("The file holds a NUL character, which no text has.", field="file")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        head = [cell.strip() for cell in next(reader, [])]
        _check_head(head)
        for number, cells in enumerate(reader, start=2):
            if not any(cell.strip() for cell in cells):
                continue
            if number > MOST_ROWS + 1:
                raise BadInput(f"The file has more than {MOST_ROWS} rows; split it.", field="file")
            if len(cells) != len(head):
                raise BadInput(
                    f"Row {number} has {len(cells)} cells, the first has {len(head)}.", field="file"
                )
            given = {name: cell.strip() for name, cell in zip(head, cells, strict=True)}
            yield number, {name: given.get(name) or _INITIAL.get(name, "") for name in COLUMNS}
    except csv.Error as error:
        raise BadInput(
            f"The file cannot be read as CSV near line {reader.line_num}: {error}.", field="file"
        ) from error


def _check_head(head: list[str]) -> None:
    unknown = sorted(set(head) - set(COLUMNS))
    missing = [name for name in REQUIRED if name not in head and name not in _INITIAL]
    if unknown:
        raise BadInput(f"The column {unknown[0]!r} is not known. Known: {', '.join(COLUMNS)}.", field="file")
    if len(set(head)) != len(head):
        raise BadInput("A column stands twice in the first row.", field="file")
    if missing:
        raise BadInput(f"These columns are missing: {', '.join(missing)}.", field="file")
