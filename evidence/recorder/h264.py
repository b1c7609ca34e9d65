"""H.264 out of RTP (RFC 6184): NAL units back together, access units, parameter sets.

An access unit is built in the form MP4 keeps it, each NAL unit behind its length in four bytes, in the
order it came, SEI and parameter sets included, so that the camera's own signatures survive.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from evidence.recorder import sps
from evidence.recorder.states import ProtocolError

MAX_UNIT = 8 * 1024 * 1024
MAX_PARAMETER_SET = 4096
MAX_PARAMETER_SETS = 32

_SLICE, _IDR, _SPS, _PPS, _DELIMITER, _STAP_A, _FU_A = 1, 5, 7, 8, 9, 24, 28
_PICTURE = 1 << _SLICE | 1 << 2 | 1 << _IDR
_PARAMETERS = 1 << _SPS | 1 << _PPS
_BEFORE_PICTURE = frozenset({6, _SPS, _PPS, _DELIMITER})
_LENGTH = struct.Struct(">I")

OnUnit = Callable[[bytearray, int, bool, bool], None]
"""(data, time stamp, key, damaged). `damaged`: frames it refers to may be missing, until the next key."""


class ParameterSets:
    """The sets a decoder needs before the first frame. `version` changes whenever one of them does."""

    def __init__(self) -> None:
        self._sequence: dict[int, bytes] = {}
        self._picture: dict[int, bytes] = {}
        self.version = 0

    def take(self, nal: bytes) -> None:
        """Remembers an SPS or PPS; any other NAL unit is left aside. Raises ProtocolError."""
        kind = nal[0] & 0x1F if nal else 0
        if kind not in (_SPS, _PPS):
            return
        if len(nal) > MAX_PARAMETER_SET:
            raise ProtocolError("the camera sent a parameter set that is too long")
        sets = self._sequence if kind == _SPS else self._picture
        number = sps.parameter_set_id(nal)
        if sets.get(number) == nal:
            return
        sets[number] = nal
        self.version += 1
        if len(sets) > MAX_PARAMETER_SETS:
            raise ProtocolError("the camera sent too many parameter sets")

    @property
    def complete(self) -> bool:
        return bool(self._sequence and self._picture)

    @property
    def sequence(self) -> list[bytes]:
        return [self._sequence[number] for number in sorted(self._sequence)]

    @property
    def picture(self) -> list[bytes]:
        return [self._picture[number] for number in sorted(self._picture)]


class Depacketiser:
    """Makes access units of payloads that come in order (`rtp.Depacketiser`).

    After a loss the unit it hit is dropped (`dropped_units`), and what follows is marked damaged up to
    the next whole key frame.
    """

    def __init__(self, parameters: ParameterSets, on_unit: OnUnit) -> None:
        self.parameters = parameters
        self.dropped_units = 0
        self._on_unit = on_unit
        self._unit = bytearray()
        self._kinds = 0  # bit n is set when the unit holds a NAL unit of type n
        self._open_at = -1  # where the length of the NAL unit under way stands; -1 between units
        self._broken = False
        self._damaged = False
        self._resuming = True  # the next payload shows whether its unit is whole

    def lost(self) -> None:
        self._broken = self._broken or bool(self._unit)
        self._damaged = True
        self._resuming = True

    def payload(self, buffer: bytearray, start: int, stop: int) -> None:
        """One RTP payload (RFC 6184, 5.6-5.8). Called for every packet."""
        kind = buffer[start] & 0x1F
        if self._resuming:
            self._resume(buffer, start, stop, kind)
        unit = self._unit
        if kind == _FU_A and stop - start > 2:
            header = buffer[start + 1]
            if header & 0x80:
                self._close_nal()
                self._open_at = len(unit)
                self._kinds |= 1 << (header & 0x1F)
                unit += b"\0\0\0\0"
                unit.append((buffer[start] & 0xE0) | (header & 0x1F))
            elif self._open_at < 0:
                self._broken = True
                return
            unit += buffer[start + 2 : stop]
            if header & 0x40:
                self._close_nal()
        elif 0 < kind < _STAP_A:
            self._close_nal()
            self._kinds |= 1 << kind
            unit += _LENGTH.pack(stop - start)
            unit += buffer[start:stop]
        elif kind == _STAP_A:
            self._aggregate(buffer, start + 1, stop)
        else:
            self._broken = True
        if len(unit) > MAX_UNIT:
            raise ProtocolError("the camera sent a frame that is too long")

    def boundary(self, timestamp: int) -> None:
        """The unit is over. Parameter sets sent ahead of their picture wait for it."""
        if self._open_at >= 0:
            self._broken = True
        if self._broken:
            self._drop()
            return
        kinds = self._kinds
        if not kinds & _PICTURE:
            return
        if kinds & _PARAMETERS:
            self._take_parameters()
        key = bool(kinds >> _IDR & 1)
        if key:
            self._damaged = False
        unit = self._unit
        self._unit = bytearray()
        self._kinds = 0
        self._on_unit(unit, timestamp, key, self._damaged)

    def _drop(self) -> None:
        self.dropped_units += 1
        self._damaged = True
        self._broken = False
        self._open_at = -1
        self._kinds = 0
        self._unit = bytearray()

    def _resume(self, buffer: bytearray, start: int, stop: int, kind: int) -> None:
        """After a loss, or at the start: is this the first packet of its unit? A slice says so by
        first_mb_in_slice = 0, whose code is a single 1 bit."""
        self._resuming = False
        head = start
        if kind == _STAP_A:
            head = start + 3
        elif kind == _FU_A:
            head = start + 1
        if head + 1 >= stop or (kind == _FU_A and not buffer[head] & 0x80):
            self._broken = True
            return
        inner = buffer[head] & 0x1F
        if inner not in _BEFORE_PICTURE and not buffer[head + 1] & 0x80:
            self._broken = True

    def _aggregate(self, buffer: bytearray, start: int, stop: int) -> None:
        """STAP-A (5.7.1): NAL units, each behind its length in two bytes."""
        self._close_nal()
        while start + 2 < stop:
            size = buffer[start] << 8 | buffer[start + 1]
            start += 2
            if not size or start + size > stop:
                self._broken = True
                return
            self._kinds |= 1 << (buffer[start] & 0x1F)
            self._unit += _LENGTH.pack(size)
            self._unit += buffer[start : start + size]
            start += size
        if start != stop:
            self._broken = True

    def _close_nal(self) -> None:
        if self._open_at >= 0:
            _LENGTH.pack_into(self._unit, self._open_at, len(self._unit) - self._open_at - 4)
            self._open_at = -1

    def _take_parameters(self) -> None:
        for nal in nal_units(self._unit):
            if nal[0] & 0x1F in (_SPS, _PPS):
                self.parameters.take(bytes(nal))


def nal_units(data: bytes | bytearray) -> list[memoryview]:
    """The NAL units of an access unit in MP4 form. Raises ProtocolError on a length that doesn't fit."""
    view, at, found = memoryview(data), 0, []
    while at < len(view):
        if at + 4 >= len(view):
            raise ProtocolError("an access unit ends inside a NAL unit's length")
        (size,) = _LENGTH.unpack_from(view, at)
        at += 4
        if not size or at + size > len(view):
            raise ProtocolError("a NAL unit is longer than its access unit")
        found.append(view[at : at + size])
        at += size
    return found


def slice_types(data: bytes | bytearray) -> list[int]:
    """slice_type modulo 5 of each slice (7.4.3): 0 P, 1 B, 2 I, 3 SP, 4 SI. Raises ProtocolError."""
    types = []
    for nal in nal_units(data):
        if nal[0] & 0x1F in (_SLICE, _IDR):
            bits = sps.Bits(sps.unescape(bytes(nal[1:24])))
            bits.unsigned()
            types.append(bits.unsigned() % 5)
    return types
