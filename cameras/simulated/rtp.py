"""RTP over the RTSP connection: packets made once per picture, sent to each client with a small patch.

RFC 3550 (RTP and RTCP), RFC 6184 (H.264), RFC 3640 (AAC), RFC 2326 10.12 (interleaving).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

MTU = 1400
"""Octets of RTP payload at most; TCP would carry more, but cameras send what fits a datagram."""
VIDEO_TYPE, SOUND_TYPE = 96, 97
STAP_A, FU_A = 24, 28
NTP_EPOCH_S = 2_208_988_800
"""Seconds from 1900 to 1970 (RFC 5905, 6)."""

_HEADER = struct.Struct(">cBHBBHII")
_PATCH = struct.Struct(">HII")
_PATCH_AT = 6
"""Where sequence number, timestamp and SSRC stand, from the `$` of a packet."""


@dataclass(frozen=True)
class Frame:
    """The interleaved packets of one access unit, with channel, sequence, timestamp and SSRC left 0."""

    template: bytes
    starts: tuple[int, ...]
    octets: int
    key: bool

    def patched(self, *, channel: int, sequence: int, timestamp: int, ssrc: int) -> bytearray:
        """A copy for one client; its packets take `sequence`, `sequence` + 1, ... modulo 2^16."""
        data = bytearray(self.template)
        pack = _PATCH.pack_into
        for start in self.starts:
            pack(data, start + _PATCH_AT, sequence, timestamp, ssrc)
            sequence = (sequence + 1) & 0xFFFF
        if channel:
            for start in self.starts:
                data[start + 1] = channel
        return data


def make_frame(payloads: list[bytes], payload_type: int, *, key: bool) -> Frame:
    """Interleave payloads; the last packet carries the marker bit (RFC 6184 5.1, RFC 3640 3.1)."""
    parts: list[bytes] = []
    starts: list[int] = []
    at = 0
    for i, payload in enumerate(payloads):
        marker = 0x80 if i == len(payloads) - 1 else 0
        parts += [_HEADER.pack(b"$", 0, 12 + len(payload), 0x80, marker | payload_type, 0, 0, 0), payload]
        starts.append(at)
        at += _HEADER.size + len(payload)
    return Frame(b"".join(parts), tuple(starts), sum(map(len, payloads)), key)


def h264_frame(nals: tuple[bytes, ...], *, key: bool, mtu: int = MTU) -> Frame:
    return make_frame(list(h264_payloads(nals, mtu)), VIDEO_TYPE, key=key)


def h264_payloads(nals: tuple[bytes, ...], mtu: int = MTU) -> Iterator[bytes]:
    """packetization-mode=1 (RFC 6184, 5.4): small NAL units in a row share a STAP-A, large ones are FU-As."""
    row: list[bytes] = []
    for nal in nals:
        if row and 1 + sum(2 + len(n) for n in row) + 2 + len(nal) > mtu:
            yield _aggregate(row)
            row = []
        if len(nal) + 3 <= mtu:
            row.append(nal)
        else:
            if row:
                yield _aggregate(row)
                row = []
            if len(nal) <= mtu:
                yield nal
            else:
                yield from _fragments(nal, mtu)
    if row:
        yield _aggregate(row)


def _aggregate(nals: list[bytes]) -> bytes:
    if len(nals) == 1:
        return nals[0]
    # The aggregate carries the highest importance of its parts (RFC 6184, 5.7).
    head = max(nal[0] & 0x60 for nal in nals) | STAP_A
    return bytes([head]) + b"".join(len(nal).to_bytes(2) + nal for nal in nals)


def _fragments(nal: bytes, mtu: int) -> Iterator[bytes]:
    indicator = nal[0] & 0xE0 | FU_A
    step = mtu - 2
    for at in range(1, len(nal), step):
        start = 0x80 if at == 1 else 0
        end = 0x40 if at + step >= len(nal) else 0
        yield bytes([indicator, start | end | nal[0] & 31]) + nal[at : at + step]


def aac_frame(data: bytes, mtu: int = MTU) -> Frame:
    """AAC-hbr (RFC 3640, 3.3.6): a 13-bit size and a 3-bit index; fragments repeat the header."""
    head = struct.pack(">HH", 16, len(data) << 3)
    step = mtu - len(head)
    payloads = [head + data[at : at + step] for at in range(0, len(data), step)]
    return make_frame(payloads, SOUND_TYPE, key=True)


def sender_report(
    *, channel: int, ssrc: int, wall_s: float, timestamp: int, packets: int, octets: int, cname: str
) -> bytes:
    """SR + SDES (RFC 3550, 6.1, 6.4.1, 6.5): `timestamp` is the RTP time at the instant `wall_s` (Unix)."""
    whole = int(wall_s)
    fraction = int((wall_s - whole) * (1 << 32))
    report = struct.pack(
        ">BBHIIIIII", 0x80, 200, 6, ssrc, (whole + NTP_EPOCH_S) & 0xFFFFFFFF, fraction,
        timestamp & 0xFFFFFFFF, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF,
    )  # fmt: skip
    name = cname.encode()
    chunk = struct.pack(">IBB", ssrc, 1, len(name)) + name + b"\x00"
    chunk += b"\x00" * (-len(chunk) % 4)
    description = struct.pack(">BBH", 0x81, 202, len(chunk) // 4) + chunk
    body = report + description
    return struct.pack(">cBH", b"$", channel, len(body)) + body
