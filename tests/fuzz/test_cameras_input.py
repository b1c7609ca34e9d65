"""Whatever a file or a body holds, the registry answers with errors by row and column, never with a crash."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from cameras.csv_import import COLUMNS, MOST_ROWS, REQUIRED, Reading, read
from cameras.geometry import check_field_of_view
from rtcc.errors import BadInput

many = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
cells = some.text(some.characters(codec="utf-8"), max_size=20) | some.sampled_from(
    [
        "1e999",
        "-0",
        "nan",
        "Infinity",
        "=1+1",
        "127.0.0.1",
        "always",
        "slmpd-demo",
        "'; DROP",
        "\x00",
        "9" * 40,
    ]
)


def written(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")


def read_or_refusal(content: bytes) -> Reading | BadInput:
    try:
        return read(content)
    except BadInput as refusal:
        return refusal


@many
@given(some.binary(max_size=400))
def test_any_bytes_are_read_or_refused(db: None, content: bytes) -> None:
    answer = read_or_refusal(content)
    assert answer.field == "file" if isinstance(answer, BadInput) else not answer.cameras


@many
@given(some.lists(some.lists(cells, min_size=len(COLUMNS), max_size=len(COLUMNS)), min_size=1, max_size=4))
def test_any_cells_give_errors_that_name_row_and_column(db: None, rows: list[list[str]]) -> None:
    answer = read_or_refusal(written([list(COLUMNS), *rows]))
    if isinstance(answer, BadInput):
        assert any("\x00" in cell for row in rows for cell in row)
        return
    # There is no organisation and no site, so no row can be good.
    assert not answer.cameras
    for error in answer.errors:
        assert 2 <= error.row <= len(rows) + 1
        assert error.column in ("", *COLUMNS)
        assert error.sentence


json_values: Any = some.recursive(
    some.none() | some.booleans() | some.floats() | some.integers() | some.text(max_size=5),
    lambda inner: (
        some.lists(inner, max_size=4)
        | some.dictionaries(some.sampled_from(["type", "coordinates", "x"]), inner)
    ),
    max_leaves=12,
)


@many
@given(json_values | some.builds(lambda c: {"type": "Polygon", "coordinates": c}, json_values))
def test_any_json_is_a_field_of_view_or_a_sentence_why_not(value: Any) -> None:
    answer = check_field_of_view(value, (-90.19, 38.62))
    assert answer is None or answer.endswith(".")


def test_a_file_with_too_many_rows_or_bytes_is_refused(db: None) -> None:
    row = ["x"] * len(COLUMNS)
    with pytest.raises(BadInput, match="more than"):
        read(written([list(COLUMNS), *[row] * (MOST_ROWS + 1)]))
    with pytest.raises(BadInput, match="larger"):
        read(b"x" * (1 << 21))


@pytest.mark.parametrize(
    "head, said",
    [
        (["code", "colour"], "colour"),
        ([*COLUMNS, "code"], "twice"),
        ([name for name in COLUMNS if name != "lat"], "lat"),
    ],
)
def test_wrong_columns_are_named(db: None, head: list[str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read(written([head]))
    assert "code" in REQUIRED
