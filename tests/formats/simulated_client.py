"""A small RTSP client for the tests of the simulated cameras: it reads bytes, not promises."""

from __future__ import annotations

import hashlib
import re
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True)
class Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass(frozen=True)
class Packet:
    channel: int
    data: bytes

    @property
    def sequence(self) -> int:
        return int.from_bytes(self.data[2:4])

    @property
    def timestamp(self) -> int:
        return int.from_bytes(self.data[4:8])

    @property
    def marker(self) -> bool:
        return bool(self.data[1] & 0x80)

    @property
    def payload(self) -> bytes:
        return self.data[12:]


@dataclass
class RtspClient:
    url: str
    user: str | None = None
    password: str = ""
    algorithm: str = "MD5"
    session: str | None = None
    cseq: int = 0
    challenge: str | None = None
    buffer: bytearray = field(default_factory=bytearray)

    def __enter__(self) -> Self:
        host, port = re.findall(r"//([^:/]+):(\d+)", self.url)[0]
        self.socket = socket.create_connection((host, int(port)), 30)
        return self

    def __exit__(self, *exc: object) -> None:
        self.socket.close()

    def ask(self, method: str, url: str | None = None, **headers: str) -> Reply:
        """One request, repeated once with the answer to a challenge."""
        reply = self.ask_once(method, url, **headers)
        if reply.status == 401 and self.user is not None:
            self.challenge = next(c for c in reply.all("WWW-Authenticate") if self.algorithm in c)
            reply = self.ask_once(method, url, **headers)
        return reply

    def ask_once(self, method: str, url: str | None = None, **headers: str) -> Reply:
        self.cseq += 1
        target = url or self.url
        lines = [f"{method} {target} RTSP/1.0", f"CSeq: {self.cseq}"]
        if self.session:
            lines.append(f"Session: {self.session}")
        if self.challenge is not None:
            lines.append(f"Authorization: {self.credentials(method, target)}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return self.reply()

    def credentials(self, method: str, url: str) -> str:
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', str(self.challenge).removeprefix("Digest ")))
        name = {"MD5": "md5", "SHA-256": "sha256"}[given["algorithm"]]

        def h(text: str) -> str:
            return hashlib.new(name, text.encode()).hexdigest()

        ha1, ha2 = h(f"{self.user}:{given['realm']}:{self.password}"), h(f"{method}:{url}")
        response = h(f"{ha1}:{given['nonce']}:00000001:c0:auth:{ha2}")
        return (
            f'Digest username="{self.user}", realm="{given["realm"]}", nonce="{given["nonce"]}", '
            f'uri="{url}", algorithm={given["algorithm"]}, qop=auth, nc=00000001, cnonce="c0", '
            f'response="{response}"'
        )

    def play(self, *tracks: str) -> list[Reply]:
        """Set up the tracks on channels 0-1, 2-3, ... and play."""
        replies = []
        for i, track in enumerate(tracks or ("trackID=0",)):
            transport = f"RTP/AVP/TCP;unicast;interleaved={2 * i}-{2 * i + 1}"
            reply = self.ask("SETUP", f"{self.url}/{track}", Transport=transport)
            assert reply.status == 200, reply
            self.session = reply.all("Session")[0].partition(";")[0]
            replies.append(reply)
        replies.append(self.ask("PLAY", Range="npt=0-"))
        assert replies[-1].status == 200
        return replies

    def reply(self) -> Reply:
        """The next answer; packets that come before it are passed over."""
        while True:
            head = self._take(1, consume=False)
            if head == b"$":
                self._packet()
                continue
            while b"\r\n\r\n" not in self.buffer:
                self._more()
            end = self.buffer.index(b"\r\n\r\n")
            first, *lines = self.buffer[:end].decode().split("\r\n")
            del self.buffer[: end + 4]
            headers = [(n.strip(), v.strip()) for n, _, v in (line.partition(":") for line in lines)]
            length = next((int(v) for n, v in headers if n.lower() == "content-length"), 0)
            return Reply(int(first.split(" ")[1]), headers, self._take(length))

    def packets(self) -> Iterator[Packet]:
        while True:
            if self._take(1, consume=False) == b"$":
                yield self._packet()
            else:
                self.reply()

    def access_units(self, channel: int = 0) -> Iterator[tuple[int, list[bytes], list[Packet]]]:
        """(timestamp, NAL units, packets) of each picture (RFC 6184, 5.6-5.8)."""
        nals: list[bytes] = []
        packets: list[Packet] = []
        for packet in self.packets():
            if packet.channel != channel:
                continue
            packets.append(packet)
            payload = packet.payload
            kind = payload[0] & 31
            if kind == 24:
                at = 1
                while at < len(payload):
                    (size,) = struct.unpack_from(">H", payload, at)
                    nals.append(payload[at + 2 : at + 2 + size])
                    at += 2 + size
            elif kind == 28:
                if payload[1] & 0x80:
                    nals.append(bytes([payload[0] & 0xE0 | payload[1] & 31]))
                nals[-1] += payload[2:]
            else:
                nals.append(payload)
            if packet.marker:
                yield packet.timestamp, nals, packets
                nals, packets = [], []

    def closed(self) -> bool:
        """Read until the server ends the connection; False where it does not within the socket's patience."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return True

    def _packet(self) -> Packet:
        head = self._take(4)
        return Packet(head[1], self._take(int.from_bytes(head[2:4])))

    def _take(self, count: int, *, consume: bool = True) -> bytes:
        while len(self.buffer) < count:
            self._more()
        data = bytes(self.buffer[:count])
        if consume:
            del self.buffer[:count]
        return data

    def _more(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        self.buffer += data
