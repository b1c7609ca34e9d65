"""RTSP/1.0 on a byte stream: text messages and interleaved frames (RFC 2326, sections 4-7 and 10.12).

Sans-io: the caller owns socket and buffer, `Framer.feed` says how much of the buffer it has used.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from evidence.recorder.states import GapReason, ProtocolError

MAX_HEAD = 16 * 1024
MAX_HEADERS = 64
MAX_BODY = 64 * 1024
MAX_URL = 1024
MAX_PENDING = MAX_HEAD + MAX_BODY + 4
"""The most bytes `feed` can leave unused: one incomplete message (an interleaved frame is smaller)."""

DEFAULT_PORT = 554
DOLLAR = 0x24

PacketSink = Callable[[bytearray, int, int], None]
"""Called with (buffer, start, stop) of one interleaved payload; it must copy what it keeps."""

_STATUS_LINE = re.compile(rb"RTSP/1\.[0-9] ([1-5][0-9]{2})(?: ([\x20-\x7e\x80-\xff]*))?")
_REQUEST_LINE = re.compile(rb"([A-Z_]{1,32}) ([!-~]{1,1024}) RTSP/1\.[0-9]")
_HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64})[ \t]*:[ \t]*(.*)", re.DOTALL)
_URL = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Message:
    """A response (`status` set) or a request of the server (`method` and `url` set)."""

    status: int = 0
    phrase: str = ""
    method: str = ""
    url: str = ""
    headers: dict[str, list[str]] = field(default_factory=dict)
    body: bytes = b""

    def get(self, name: str) -> str | None:
        """First value of a header; `name` in lower case."""
        values = self.headers.get(name)
        return values[0] if values else None


class Framer:
    """Splits what a camera sends into messages and interleaved payloads.

    `sinks` maps an interleaved channel to who takes its payloads; other channels are dropped unread.
    """

    def __init__(self, on_message: Callable[[Message], None]) -> None:
        self.on_message = on_message
        self.sinks: dict[int, PacketSink] = {}

    def feed(self, buffer: bytearray, end: int) -> int:
        """Reads buffer[:end] and returns how much of it was used; the rest comes again, with more.

        Raises ProtocolError. Called for every read of every camera: one branch per packet matters.
        """
        at = 0
        sinks = self.sinks
        while at < end:
            if buffer[at] == DOLLAR:
                if end - at < 4:
                    break
                stop = at + 4 + (buffer[at + 2] << 8 | buffer[at + 3])
                if stop > end:
                    break
                sink = sinks.get(buffer[at + 1])
                if sink is not None:
                    sink(buffer, at + 4, stop)
                at = stop
            elif buffer[at] in b"\r\n":
                at += 1
            else:
                used = self._message(buffer, at, end)
                if not used:
                    break
                at += used
        return at

    def _message(self, buffer: bytearray, at: int, end: int) -> int:
        if not (0x41 <= buffer[at] <= 0x5A):
            raise ProtocolError("the camera sent bytes that are neither RTSP nor an interleaved frame")
        head_end = buffer.find(b"\r\n\r\n", at, min(end, at + MAX_HEAD + 4))
        if head_end < 0:
            if end - at >= MAX_HEAD + 4:
                raise ProtocolError("the camera sent an RTSP header that is too long")
            return 0
        lines = bytes(buffer[at:head_end]).split(b"\r\n")
        headers = _parse_headers(lines[1:])
        size = _content_length(headers)
        stop = head_end + 4 + size
        if stop > end:
            return 0
        self.on_message(_build(lines[0], headers, bytes(buffer[head_end + 4 : stop])))
        return stop - at


def _parse_headers(lines: list[bytes]) -> dict[str, list[str]]:
    if len(lines) > MAX_HEADERS:
        raise ProtocolError("the camera sent too many RTSP headers")
    headers: dict[str, list[str]] = {}
    last: list[str] | None = None
    for line in lines:
        if line[:1] in (b" ", b"\t") and last is not None:
            last[-1] += " " + line.strip().decode("latin-1")
            continue
        match = _HEADER.fullmatch(line)
        if match is None:
            raise ProtocolError("the camera sent an RTSP header line without a name")
        last = headers.setdefault(match[1].decode("ascii").lower(), [])
        last.append(match[2].strip().decode("latin-1"))
    return headers


def _content_length(headers: dict[str, list[str]]) -> int:
    text = headers.get("content-length", ["0"])[0]
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ProtocolError("the camera sent a Content-Length that is not a number")
    if int(text) > MAX_BODY:
        raise ProtocolError("the camera sent an RTSP body that is too long")
    return int(text)


def _build(first: bytes, headers: dict[str, list[str]], body: bytes) -> Message:
    match = _STATUS_LINE.fullmatch(first)
    if match is not None:
        phrase = (match[2] or b"").decode("latin-1")
        return Message(status=int(match[1]), phrase=phrase, headers=headers, body=body)
    match = _REQUEST_LINE.fullmatch(first)
    if match is None:
        raise ProtocolError("the camera sent a first line that is not RTSP/1.0")
    return Message(method=match[1].decode("ascii"), url=match[2].decode("ascii"), headers=headers, body=body)


def request(method: str, url: str, headers: dict[str, str]) -> bytes:
    """One request without a body. Raises ProtocolError where a value would break the line."""
    lines = [f"{method} {url} RTSP/1.0", *(f"{name}: {value}" for name, value in headers.items())]
    for line in lines:
        if "\r" in line or "\n" in line or "\0" in line:
            raise ProtocolError("a request for the camera would hold a line break")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


def check_url(url: str) -> tuple[str, int]:
    """(host, port) of an rtsp:// URL without user information. Raises ProtocolError."""
    if len(url) > MAX_URL or not _URL.fullmatch(url):
        raise ProtocolError("the stream's address holds characters that no URL may hold")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ProtocolError("the stream's address is not a URL") from error
    if parts.scheme.lower() != "rtsp":
        raise ProtocolError("the stream's address does not begin with rtsp://", GapReason.REFUSED)
    if not host or "@" in parts.netloc:
        raise ProtocolError("the stream's address has no host, or holds a password")
    return host, port or DEFAULT_PORT


def join_control(base: str, control: str) -> str:
    """The URL of a control attribute (RFC 2326, C.1.1), joined as cameras mean it.

    Cameras append a relative control to the whole base, query and all; a strict RFC 1808 join would
    cut the base's last part.
    """
    if control in ("", "*"):
        return base
    if re.match(r"[A-Za-z][A-Za-z0-9+.\-]*://", control):
        return control
    if control.startswith("/"):
        parts = urlsplit(base)
        return f"{parts.scheme}://{parts.netloc}{control}"
    return base + control if base.endswith("/") else f"{base}/{control}"
