"""Lines of CSV files (RFC 4180), of which a spreadsheet runs nothing. The one place that writes them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

# A cell that begins with one of these is a formula to a spreadsheet (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: Any) -> str:
    """The text of a cell: nothing for None, lists joined, and an apostrophe before what would be run."""
    if value is None:
        return ""
    text = "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def line(values: Iterable[Any]) -> str:
    """One line with its end; every value becomes a cell."""
    text = io.StringIO()
    csv.writer(text).writerow([cell(value) for value in values])
    return text.getvalue()
