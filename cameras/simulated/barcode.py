"""A number along the lower edge of a picture, in black and white cells that survive compression.

80 cells span the width: 4 start cells (white, black, white, black), 48 bits of the number, most significant
first, 8 bits of CRC-8 (polynomial 0x07), and quiet black to the right.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

CELLS, BITS = 80, 48
_START = (1, 0, 1, 0)
_WHITE, _BLACK = 235, 16


class UnreadableBarcode(ValueError):
    """The picture carries no bar code, or it was damaged."""


def strip_height(height: int) -> int:
    return max(8, height // 45)


def draw_barcode(picture: NDArray[np.uint8], value: int) -> None:
    """Write `value` (0 <= value < 2^48) into the last rows of `picture`, in place.

    `picture` is height x width, or height x width x 3.
    """
    if not 0 <= value < 1 << BITS:
        raise ValueError(f"{value} does not fit into {BITS} bits")
    cell = picture.shape[1] // CELLS
    strip = picture[-strip_height(picture.shape[0]) :]
    strip[:] = _BLACK
    for i, bit in enumerate((*_START, *_bits(value, BITS), *_bits(_crc8(value), 8))):
        if bit:
            strip[:, i * cell : (i + 1) * cell] = _WHITE


def read_barcode(frame: NDArray[Any]) -> int:
    """The number in a decoded picture (luma, height x width; or RGB, x 3). Raises `UnreadableBarcode`."""
    rows = strip_height(frame.shape[0])
    cell = frame.shape[1] // CELLS
    strip = frame[-rows + rows // 4 : -(rows // 4)].astype(np.float32)
    if strip.ndim == 3:
        strip = strip.mean(axis=2)
    cells = strip[:, : CELLS * cell].reshape(strip.shape[0], CELLS, cell)
    means = cells[:, :, cell // 4 : cell - cell // 4].mean(axis=(0, 2))
    white, black = means[[0, 2]].min(), means[[1, 3]].max()
    if white - black < 60:
        raise UnreadableBarcode("no start cells")
    bits = (means[4 : 4 + BITS + 8] > (white + black) / 2).astype(int)
    value = int("".join(map(str, bits[:BITS])), 2)
    if _crc8(value) != int("".join(map(str, bits[BITS:])), 2):
        raise UnreadableBarcode("the check does not fit")
    return value


def _bits(value: int, count: int) -> list[int]:
    return [value >> i & 1 for i in range(count - 1, -1, -1)]


def _crc8(value: int) -> int:
    crc = 0xFF
    for octet in value.to_bytes(BITS // 8):
        crc ^= octet
        for _ in range(8):
            crc = (crc << 1 ^ 0x07) & 0xFF if crc & 0x80 else crc << 1
    return crc
