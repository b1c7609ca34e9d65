"""RTSP/1.0 messages as a server reads and writes them (RFC 2326)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

HEAD_LIMIT, BODY_LIMIT = 16_384, 65_536

REASONS = {
    200: "OK", 302: "Moved Temporarily", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 454: "Session Not Found",
    455: "Method Not Valid in This State", 461: "Unsupported Transport", 501: "Not Implemented",
    503: "Service Unavailable", 505: "RTSP Version Not Supported",
}  # fmt: skip


class BadMessage(ValueError):
    """What came is no RTSP; the connection cannot go on."""


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    version: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True)
class Interleaved:
    """A binary packet from the client: a receiver report."""

    channel: int
    data: bytes


class Reader:
    """Cuts a byte stream into requests and interleaved packets."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Request | Interleaved]:
        """Raises `BadMessage`."""
        self._buffer += data
        while self._buffer:
            message = self._interleaved() if self._buffer[0] == 0x24 else self._request()
            if message is None:
                return
            yield message

    def _interleaved(self) -> Interleaved | None:
        if len(self._buffer) < 4:
            return None
        end = 4 + int.from_bytes(self._buffer[2:4])
        if len(self._buffer) < end:
            return None
        packet = Interleaved(self._buffer[1], bytes(self._buffer[4:end]))
        del self._buffer[:end]
        return packet

    def _request(self) -> Request | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > HEAD_LIMIT:
                raise BadMessage("the head does not end")
            return None
        first, *lines = bytes(self._buffer[:end]).decode("utf-8", "replace").lstrip("\r\n").split("\r\n")
        parts = first.split(" ")
        if len(parts) != 3 or not parts[2].startswith("RTSP/"):
            raise BadMessage("no request line")
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (li.partition(":") for li in lines)
        }
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > BODY_LIMIT:
            raise BadMessage("the length of the body is no small number")
        stop = end + 4 + int(length)
        if len(self._buffer) < stop:
            return None
        body = bytes(self._buffer[end + 4 : stop])
        del self._buffer[:stop]
        return Request(parts[0], parts[1], parts[2], headers, body)


def response(status: int, cseq: str | None, headers: list[tuple[str, str]], body: bytes = b"") -> bytes:
    lines = [f"RTSP/1.0 {status} {REASONS[status]}"]
    if cseq is not None:
        lines.append(f"CSeq: {cseq}")
    lines += [f"{name}: {value}" for name, value in headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
