"""The Range header of a request for bytes (RFC 9110, section 14), for files that never change."""

from __future__ import annotations

import re

from rtcc.errors import DomainError

_RANGE = re.compile(r"bytes=(\d{1,15})?-(\d{1,15})?")


class RangeOutside(DomainError):
    """None of the bytes asked for is there (RFC 9110, section 15.5.17)."""

    code = "range_not_satisfiable"
    status = 416

    def __init__(self, length: int) -> None:
        super().__init__(f"This file has {length} bytes.")
        self.headers = {"Content-Range": f"bytes */{length}"}


def wanted(header: str, length: int) -> tuple[int, int] | None:
    """[first, last) of a Range header; None for the whole. What is no range that we know asks for the whole,
    as RFC 9110 allows. Raises RangeOutside.
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None or found.groups() == (None, None):
        return None
    begin, end = found[1], found[2]
    if begin is None:
        first, last = max(0, length - int(end)), length
    else:
        first, last = int(begin), length if end is None else min(int(end) + 1, length)
    if end is not None and begin is not None and int(end) < int(begin):
        return None
    if first >= length or first >= last:
        raise RangeOutside(length)
    return first, last


def headers_of(asked: tuple[int, int] | None, length: int) -> dict[str, str]:
    """The headers of an answer with these bytes of a file: its status is 206 where a range was asked for."""
    first, last = asked or (0, length)
    said = {"Accept-Ranges": "bytes", "Content-Length": str(last - first)}
    return said if asked is None else said | {"Content-Range": f"bytes {first}-{last - 1}/{length}"}
