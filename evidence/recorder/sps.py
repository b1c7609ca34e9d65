"""H.264 sequence parameter sets (ITU-T H.264, 7.3.2.1.1 and annex E.1.1)."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.recorder.states import GapReason, ProtocolError

MAX_SIDE = 16_384
MAX_BYTES = 1024
_WITH_CHROMA = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_SAMPLE_ASPECT = {
    1: (1, 1), 2: (12, 11), 3: (10, 11), 4: (16, 11), 5: (40, 33), 6: (24, 11), 7: (20, 11), 8: (32, 11),
    9: (80, 33), 10: (18, 11), 11: (15, 11), 12: (64, 33), 13: (160, 99), 14: (4, 3), 15: (3, 2), 16: (2, 1),
}  # fmt: skip
_EXTENDED_ASPECT = 255


@dataclass(frozen=True, slots=True)
class SequenceParameters:
    """What the recorder needs from an SPS. Sizes are in pixels after cropping."""

    profile_idc: int
    constraints: int
    level_idc: int
    chroma_format_idc: int
    bit_depth_luma: int
    bit_depth_chroma: int
    pic_order_cnt_type: int
    width: int
    height: int
    sample_aspect: tuple[int, int] | None
    frame_ticks: int | None
    """Length of a frame at 90 kHz by VUI timing, None where the camera does not say."""
    reorder_frames: int | None
    """max_num_reorder_frames; 0 where no reordering is possible; None where the camera does not say."""

    @property
    def codec(self) -> str:
        """The RFC 6381 name, `avc1.PPCCLL`."""
        return f"avc1.{self.profile_idc:02X}{self.constraints:02X}{self.level_idc:02X}"


class Bits:
    """Reads bits of an RBSP (emulation prevention removed). Raises ProtocolError at its end."""

    def __init__(self, rbsp: bytes) -> None:
        self._value = int.from_bytes(rbsp, "big")
        self._left = 8 * len(rbsp)

    def read(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ProtocolError("the camera's sequence parameter set is cut short")
        return (self._value >> self._left) & ((1 << count) - 1)

    def flag(self) -> bool:
        return bool(self.read(1))

    def unsigned(self) -> int:
        """ue(v), 9.1."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 32:
                raise ProtocolError("the camera's sequence parameter set holds a number that is too long")
        return (1 << zeros) - 1 + self.read(zeros)

    def signed(self) -> int:
        """se(v), 9.1.1."""
        code = self.unsigned()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def unescape(nal: bytes) -> bytes:
    """RBSP of a NAL unit: emulation prevention bytes removed (7.3.1)."""
    return nal.replace(b"\x00\x00\x03", b"\x00\x00")


def parameter_set_id(nal: bytes) -> int:
    """Its own id in an SPS or PPS. Raises ProtocolError."""
    bits = Bits(unescape(nal[:16]))
    bits.read(32 if nal[0] & 0x1F == 7 else 8)
    number = bits.unsigned()
    if number > (31 if nal[0] & 0x1F == 7 else 255):
        raise ProtocolError("the camera's parameter set has an id that can't be")
    return number


def parse(nal: bytes) -> SequenceParameters:
    """Parses an SPS NAL unit, header byte included. Raises ProtocolError."""
    if len(nal) > MAX_BYTES:
        raise ProtocolError("the camera's sequence parameter set is too long")
    bits = Bits(unescape(nal))
    if bits.read(8) & 0x1F != 7:
        raise ProtocolError("a parameter set is not a sequence parameter set")
    profile, constraints, level = bits.read(8), bits.read(8), bits.read(8)
    bits.unsigned()
    chroma, depth_luma, depth_chroma, separate = _chroma(bits, profile)
    bits.unsigned()  # log2_max_frame_num_minus4
    order_type = _picture_order(bits)
    bits.unsigned()  # max_num_ref_frames
    bits.flag()  # gaps_in_frame_num_value_allowed_flag
    width, height = _size(bits, chroma, separate)
    aspect, frame_ticks, reorder = _vui_or_nothing(bits) if bits.flag() else (None, None, None)
    if profile == 66 or order_type == 2 or (profile in (44, 100, 110, 122, 244) and constraints & 0x10):
        reorder = 0
    return SequenceParameters(
        profile, constraints, level, chroma, depth_luma, depth_chroma, order_type,
        width, height, aspect, frame_ticks, reorder,
    )  # fmt: skip


def _chroma(bits: Bits, profile: int) -> tuple[int, int, int, bool]:
    if profile not in _WITH_CHROMA:
        return 1, 8, 8, False
    chroma = bits.unsigned()
    if chroma > 3:
        raise ProtocolError("the camera's chroma format can't be")
    separate = chroma == 3 and bits.flag()
    depths = bits.unsigned(), bits.unsigned()
    if max(depths) > 6:
        raise ProtocolError("the camera's bit depth can't be")
    bits.flag()  # qpprime_y_zero_transform_bypass_flag
    if bits.flag():
        for number in range(12 if chroma == 3 else 8):
            if bits.flag():
                _skip_scaling_list(bits, 16 if number < 6 else 64)
    return chroma, depths[0] + 8, depths[1] + 8, separate


def _skip_scaling_list(bits: Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _picture_order(bits: Bits) -> int:
    order_type = bits.unsigned()
    if order_type == 0:
        bits.unsigned()
    elif order_type == 1:
        bits.flag()
        bits.signed()
        bits.signed()
        cycle = bits.unsigned()
        if cycle > 255:
            raise ProtocolError("the camera's picture order cycle is too long")
        for _ in range(cycle):
            bits.signed()
    elif order_type > 2:
        raise ProtocolError("the camera's picture order type can't be")
    return order_type


def _size(bits: Bits, chroma: int, separate: bool) -> tuple[int, int]:
    """7.4.2.1.1: macroblocks less the cropping rectangle, in pixels."""
    columns, rows = bits.unsigned() + 1, bits.unsigned() + 1
    frames_only = bits.flag()
    if not frames_only:
        bits.flag()
    bits.flag()  # direct_8x8_inference_flag
    left = right = top = bottom = 0
    if bits.flag():
        left, right, top, bottom = (bits.unsigned() for _ in range(4))
    lines = 1 if frames_only else 2
    unit_x = 2 if chroma in (1, 2) and not separate else 1
    unit_y = lines * (2 if chroma == 1 and not separate else 1)
    width, height = 16 * columns - unit_x * (left + right), 16 * rows * lines - unit_y * (top + bottom)
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise ProtocolError("the camera's picture size can't be", GapReason.CODEC_NOT_SUPPORTED)
    return width, height


def _vui_or_nothing(bits: Bits) -> tuple[tuple[int, int] | None, int | None, int | None]:
    """The optional part is a hint: a camera that writes it wrongly is recorded without it."""
    try:
        return _vui(bits)
    except ProtocolError:
        return None, None, None


def _vui(bits: Bits) -> tuple[tuple[int, int] | None, int | None, int | None]:
    """E.1.1: (sample aspect ratio, frame length at 90 kHz, max_num_reorder_frames)."""
    aspect = None
    if bits.flag():
        number = bits.read(8)
        pair = (bits.read(16), bits.read(16)) if number == _EXTENDED_ASPECT else _SAMPLE_ASPECT.get(number)
        aspect = pair if pair and all(pair) else None
    if bits.flag():
        bits.flag()  # overscan_appropriate_flag
    if bits.flag():
        bits.read(4)  # video_format, video_full_range_flag
        if bits.flag():
            bits.read(24)  # colour description
    if bits.flag():
        bits.unsigned()
        bits.unsigned()
    frame_ticks = None
    if bits.flag():
        units, scale, _ = bits.read(32), bits.read(32), bits.flag()
        ticks = 2 * 90_000 * units // scale if scale else 0
        frame_ticks = ticks if 0 < ticks <= 90_000 * 60 else None
    described = False
    for _ in range(2):
        if bits.flag():
            _skip_hrd(bits)
            described = True
    if described:
        bits.flag()  # low_delay_hrd_flag
    bits.flag()  # pic_struct_present_flag
    if not bits.flag():
        return aspect, frame_ticks, None
    bits.flag()  # motion_vectors_over_pic_boundaries_flag
    for _ in range(4):
        bits.unsigned()
    reorder = bits.unsigned()
    if reorder > 16:
        raise ProtocolError("the camera's reorder depth can't be")
    return aspect, frame_ticks, reorder


def _skip_hrd(bits: Bits) -> None:
    count = bits.unsigned() + 1
    if count > 32:
        raise ProtocolError("the camera's buffer description is too long")
    bits.read(8)
    for _ in range(count):
        bits.unsigned()
        bits.unsigned()
        bits.flag()
    bits.read(20)
