"""One RTP stream to one client."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

from cameras.simulated.rtp import Frame, sender_report

REPORT_EVERY_S = 5.0
_SIZE = 1 << 32


@dataclass(frozen=True)
class Moment:
    """One instant on three clocks: the loop's, the camera's wall clock (Unix), the track's RTP ticks."""

    now_s: float
    wall_s: float
    ticks: int


class RtpSender:
    """Owns sequence number, SSRC and timestamp origin, all random at the start (RFC 3550, 5.1)."""

    def __init__(
        self, transport: asyncio.WriteTransport, channel: int, buffer_limit: int, on_slow: Callable[[], None]
    ) -> None:
        self._transport = transport
        self._channel = channel
        self._limit = buffer_limit
        self._on_slow = on_slow
        self._ssrc = random.randrange(_SIZE)
        self._origin = random.randrange(_SIZE)
        self.sequence = random.randrange(1 << 16)
        self.waits_for_key = True
        self._packets = self._octets = 0
        self._report_at = float("-inf")

    def timestamp(self, ticks: int) -> int:
        return (self._origin + ticks) % _SIZE

    def send(self, frame: Frame, ticks: int, moment: Moment) -> None:
        """Write one frame and, when due, a sender report before it; who does not read is dropped."""
        if self.waits_for_key and not frame.key:
            return
        self.waits_for_key = False
        data = frame.patched(
            channel=self._channel, sequence=self.sequence, timestamp=self.timestamp(ticks), ssrc=self._ssrc
        )
        self.sequence = (self.sequence + len(frame.starts)) & 0xFFFF
        if moment.now_s >= self._report_at:
            self._report_at = moment.now_s + REPORT_EVERY_S
            data[:0] = self._report(moment)
        self._packets += len(frame.starts)
        self._octets += frame.octets
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > self._limit:
            self._on_slow()

    def lose(self, frame: Frame) -> None:
        """Count a frame that never goes out, as a network would lose it."""
        self.sequence = (self.sequence + len(frame.starts)) & 0xFFFF

    def _report(self, moment: Moment) -> bytes:
        return sender_report(
            channel=self._channel + 1, ssrc=self._ssrc, wall_s=moment.wall_s,
            timestamp=self.timestamp(moment.ticks), packets=self._packets, octets=self._octets,
            cname="camera@simulated",
        )  # fmt: skip
