"""RTP packets and RTCP sender reports (RFC 3550) of one video track over TCP."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Protocol

from evidence.recorder.states import GapReason, ProtocolError

_HEADER = struct.Struct(">BBHII")
_SENDER_REPORT = struct.Struct(">IIII")
_NTP_TO_UNIX_S = 2_208_988_800
_RTCP_SENDER_REPORT = 200
_RTCP_GOODBYE = 203
_CYCLE = 1 << 32
_HALF = 1 << 31


class Depacketiser(Protocol):
    """Takes payloads in order and makes access units. One per codec."""

    def payload(self, buffer: bytearray, start: int, stop: int) -> None:
        """One RTP payload."""

    def boundary(self, timestamp: int) -> None:
        """The access unit under way ends; `timestamp` is unwrapped, 90 kHz."""

    def lost(self) -> None:
        """At least one packet is missing before the next payload."""


class Receiver:
    """Reads RTP headers, notices loss, unwraps time stamps, and finds where access units end.

    Packets come over TCP, so that any number out of order means the camera dropped some.
    """

    def __init__(self, payload_type: int, depacketiser: Depacketiser) -> None:
        self._payload_type = payload_type
        self._depacketiser = depacketiser
        self._expected = -1
        self._wire_timestamp = 0
        self._pending = False
        self.timestamp = -1
        """Unwrapped time stamp of the newest packet; -1 before the first."""
        self.lost_packets = 0
        self.malformed_packets = 0

    def packet(self, buffer: bytearray, start: int, stop: int) -> None:
        """One RTP packet in buffer[start:stop]. Called for every packet of every camera."""
        if stop - start < 13:
            self._malformed()
            return
        first, second, sequence, wire_timestamp, _ = _HEADER.unpack_from(buffer, start)
        start += 12
        if first != 0x80:
            start, stop = _bounds(buffer, first, start, stop)
            if start >= stop:
                self._malformed()
                return
        if sequence != self._expected:
            self._out_of_order(sequence)
        self._expected = (sequence + 1) & 0xFFFF
        if second & 0x7F != self._payload_type:
            return
        if wire_timestamp != self._wire_timestamp or self.timestamp < 0:
            if self._pending:
                self._depacketiser.boundary(self.timestamp)
            self.timestamp = self.unwrap(wire_timestamp)
            self._wire_timestamp = wire_timestamp
        self._depacketiser.payload(buffer, start, stop)
        if second & 0x80:
            self._pending = False
            self._depacketiser.boundary(self.timestamp)
        else:
            self._pending = True

    def unwrap(self, wire_timestamp: int) -> int:
        """The 32-bit time stamp as the nearest one to the newest packet's, without wrapping."""
        if self.timestamp < 0:
            return wire_timestamp + _CYCLE
        step = (wire_timestamp - self._wire_timestamp + _HALF) % _CYCLE - _HALF
        return max(self.timestamp + step, 0)

    def _out_of_order(self, sequence: int) -> None:
        if self._expected >= 0:
            self.lost_packets += (sequence - self._expected) & 0xFFFF
            self._depacketiser.lost()

    def _malformed(self) -> None:
        self.malformed_packets += 1
        self._depacketiser.lost()


def _bounds(buffer: bytearray, first: int, start: int, stop: int) -> tuple[int, int]:
    """Payload bounds of a packet with contributors, an extension or padding (RFC 3550, 5.1 and 5.3.1);
    an empty range when they don't fit. `start` points behind the fixed header."""
    if first >> 6 != 2:
        return stop, stop
    start += 4 * (first & 0x0F)
    if first & 0x10:
        if start + 4 > stop:
            return stop, stop
        start += 4 + 4 * (buffer[start + 2] << 8 | buffer[start + 3])
    if first & 0x20:
        stop -= buffer[stop - 1] or stop
    return start, stop


@dataclass(frozen=True, slots=True)
class SenderReport:
    """The camera's own clock (Unix seconds) and the RTP time stamp (32 bits) of the same instant."""

    camera_time_s: float
    wire_timestamp: int


def parse_rtcp(buffer: bytearray, start: int, stop: int) -> SenderReport | None:
    """The sender report in a compound RTCP packet (RFC 3550, 6.4.1), or None.

    Raises ProtocolError(CLOSED_BY_CAMERA) on a goodbye. What can't be read is left aside.
    """
    report = None
    while stop - start >= 4 and buffer[start] >> 6 == 2:
        kind = buffer[start + 1]
        end = start + 4 + 4 * (buffer[start + 2] << 8 | buffer[start + 3])
        if end > stop:
            break
        if kind == _RTCP_GOODBYE:
            raise ProtocolError("the camera said goodbye", GapReason.CLOSED_BY_CAMERA)
        if kind == _RTCP_SENDER_REPORT and end - start >= 28:
            whole, fraction, wire_timestamp, _ = _SENDER_REPORT.unpack_from(buffer, start + 8)
            if whole:
                seconds = whole - _NTP_TO_UNIX_S + (_CYCLE if whole < _HALF else 0)
                report = SenderReport(seconds + fraction / _CYCLE, wire_timestamp)
        start = end
    return report
