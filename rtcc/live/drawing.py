"""Decodes H.264 and gives pictures with a mark burned in: a program of its own, because what a camera sends
is read here by a large library. It is started with an empty environment: no keys, no address of the database.

    python -I drawing.py '{"mode": "live", "marks": [{"lines": [...], "across": "..."}], ...}'

In: frames as between recorder and web (`evidence.recorder.wire`), and WANT, which asks for one more live
picture. Out: ``f64be camera time | u32be length | data``: JPEG, or MP4 of a clip. A reader that does not ask
gets no live picture, and then the newest: nothing old ever waits for a slow telephone.

It stands alone on purpose: nothing of ours is imported.
"""

from __future__ import annotations

import io
import json
import resource
import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import av
from PIL import Image, ImageDraw, ImageFont

INIT, CHUNK, WANT = 1, 2, 9
HEAD = struct.Struct(">BI")
PICTURE = struct.Struct(">dI")
MOST_MEMORY = 1536 * 1024 * 1024
MOST_PAYLOAD = 8 * 1024 * 1024
MOST_FRAMES = 4096
MOST_CPU_S = 60
US, TICKS = 1_000_000, 90_000
# Twelve pictures a second are enough to know somebody by.
STEP_US = 80_000
BAND_EDGE_PX = 5
# Strong enough to be read in a photograph of the screen, weak enough to see a face through.
ACROSS_ALPHA = 58


@dataclass(frozen=True)
class Mark:
    """What is burned in: lines under the picture, and words across it. Who, when and which incident."""

    lines: Sequence[str]
    across: str

    def line_px(self, width: int) -> int:
        """Read on a telephone, where the whole picture is as wide as a hand."""
        return max(16, width // 32)

    def band_px(self, width: int) -> int:
        """Even, as video wants it."""
        return (len(self.lines) * self.line_px(width) + 2 * BAND_EDGE_PX + 1) & ~1


def overlay(mark: Mark, width: int, height: int) -> Image.Image:
    """The mark alone, transparent, for a picture of this size: a band higher than the picture.

    The typeface comes with Pillow, so that no machine's fonts matter.
    """
    line_px, band_px = mark.line_px(width), mark.band_px(width)
    layer = Image.new("RGBA", (width, height + band_px), (0, 0, 0, 0))
    layer.alpha_composite(_across(mark.across, width, height))
    draw = ImageDraw.Draw(layer)
    draw.rectangle((0, height, width, height + band_px), fill=(8, 11, 14, 255))
    font = ImageFont.load_default(line_px - 3)
    for number, line in enumerate(mark.lines):
        place = (BAND_EDGE_PX + 2, height + BAND_EDGE_PX + number * line_px)
        draw.text(place, _fitting(draw, line, font, width - 14), font=font, fill=(240, 240, 240, 255))
    return layer


def _across(words: str, width: int, height: int) -> Image.Image:
    layer = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    size = max(14, width // 22)
    stripe = Image.new("RGBA", (width * 2, size * 2), (0, 0, 0, 0))
    draw = ImageDraw.Draw(stripe)
    font = ImageFont.load_default(size)
    step = int(draw.textlength(words, font=font)) + size * 3
    for left in range(0, width * 2, max(step, 1)):
        draw.text((left + 2, 2), words, font=font, fill=(0, 0, 0, ACROSS_ALPHA))
        draw.text((left, 0), words, font=font, fill=(255, 255, 255, ACROSS_ALPHA))
    turned = stripe.rotate(18, expand=True, resample=Image.Resampling.BILINEAR)
    for top in (-height // 3, height // 3):
        spot = (-(turned.width - width) // 2, top)
        part = turned.crop((-spot[0], max(0, -top), -spot[0] + width, max(0, -top) + height))
        layer.alpha_composite(part, (0, max(0, top)))
    return layer


def _fitting(draw: ImageDraw.ImageDraw, line: str, font: Any, width: int) -> str:
    while line and draw.textlength(line, font=font) > width:
        line = line[:-2].rstrip() + "…" if len(line) > 2 else ""
    return line


def draw_mark(picture: Image.Image, mark: Mark) -> Image.Image:
    """The picture with its mark: the band is added below, the words lie across."""
    layer = overlay(mark, picture.width, picture.height)
    canvas = Image.new("RGB", layer.size)
    canvas.paste(picture, (0, 0))
    canvas.paste(layer, (0, 0), layer)
    return canvas


class _Decoder:
    """One camera's pictures, from the configuration in an init segment (14496-15, 5.3.3) and fragments of our
    own writer. A demultiplexer would wait for seconds of stream before it gave the first picture.
    """

    def __init__(self, init: bytes) -> None:
        at = init.index(b"avcC")
        (size,) = struct.unpack_from(">I", init, at - 4)
        self._codec: Any = av.CodecContext.create("h264", "r")
        self._codec.extradata = init[at + 4 : at - 4 + size]
        self._codec.thread_count = 1
        self._begun = False

    def frames(self, payload: bytes) -> Iterator[Any]:
        """Pictures that this CHUNK finishes, ``pts`` in microseconds since 1970; none until a key frame."""
        camera_s, key = struct.unpack_from(">dB", payload)
        self._begun = self._begun or bool(key)
        at_us = round(camera_s * US)
        for shift, duration, data in _samples(payload[9:]):
            if not self._begun:
                return
            packet = av.Packet(data)
            packet.pts = at_us + shift * US // TICKS
            at_us += duration * US // TICKS
            try:
                yield from self._codec.decode(packet)
            except av.FFmpegError:
                # A broken frame costs pictures until the next key frame; the stream goes on.
                self._begun = False

    def rest(self) -> Iterator[Any]:
        """Pictures that wait for others to come first."""
        try:
            yield from self._codec.decode(None)
        except av.FFmpegError:
            return


def _samples(fragment: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Shift of display, duration (90 kHz) and data of each frame of the moof and mdat pairs."""
    at = 0
    while at + 8 <= len(fragment):
        size, kind = struct.unpack_from(">I4s", fragment, at)
        if size < 8:
            return
        if kind == b"moof":
            run = fragment.index(b"trun", at) + 4
            _, count, offset = struct.unpack_from(">IIi", fragment, run)
            start = at + offset
            for number in range(min(count, MOST_FRAMES)):
                duration, length, _, shift = struct.unpack_from(">IIIi", fragment, run + 12 + 16 * number)
                yield shift, duration, fragment[start : start + length]
                start += length
        at += size


def _frames_in(pipe: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Type and payload of each frame, to the end of the pipe."""
    while len(head := pipe.read(HEAD.size)) == HEAD.size:
        kind, length = HEAD.unpack(head)
        if length > MOST_PAYLOAD:
            return
        yield kind, pipe.read(length)


def _stamped(mark: Mark, at_us: int, zone: str) -> Mark:
    at = datetime.fromtimestamp(at_us / US, ZoneInfo(zone))
    return Mark([line.replace("{time}", f"{at:%Y-%m-%d %H:%M:%S %Z}") for line in mark.lines], mark.across)


@dataclass(frozen=True)
class Order:
    """What to make: ``live`` one picture for each WANT, ``still`` the last picture up to ``until``, ``clip``
    all from ``since`` to ``until`` (Unix seconds); the last two once for each mark.
    """

    mode: str
    marks: Sequence[Mark]
    width: int
    quality: int
    zone: str
    since: float = 0.0
    until: float = float("inf")

    @classmethod
    def read(cls, text: str) -> Order:
        body = json.loads(text)
        marks = [Mark(each["lines"], each["across"]) for each in body.pop("marks")]
        return cls(marks=marks, **body)

    def picture(self, frame: Any) -> Image.Image:
        height = round(frame.height * self.width / frame.width) & ~1
        shown: Image.Image = frame.reformat(width=self.width, height=height, format="rgb24").to_image()
        return shown

    def jpeg(self, picture: Image.Image, mark: Mark, at_us: int) -> bytes:
        data = io.BytesIO()
        draw_mark(picture, _stamped(mark, at_us, self.zone)).save(data, "JPEG", quality=self.quality)
        return data.getvalue()


def _give(at_us: int, data: bytes) -> None:
    sys.stdout.buffer.write(PICTURE.pack(at_us / US, len(data)) + data)
    sys.stdout.buffer.flush()


def _live(order: Order) -> None:
    wanted, decoder, newest = False, None, None
    for kind, payload in _frames_in(sys.stdin.buffer):
        if kind == WANT:
            wanted = True
        elif kind == INIT:
            decoder = _Decoder(payload[payload.index(b"\n") + 1 :])
        elif kind == CHUNK and decoder is not None:
            for frame in decoder.frames(payload):
                newest = frame
        if wanted and newest is not None:
            _give(newest.pts, order.jpeg(order.picture(newest), order.marks[0], newest.pts))
            wanted, newest = False, None


def _all(order: Order) -> Iterator[Any]:
    """Every picture of the order's time, in order."""
    decoder = None
    for kind, payload in _frames_in(sys.stdin.buffer):
        if kind == INIT:
            if decoder is not None:
                yield from decoder.rest()
            decoder = _Decoder(payload[payload.index(b"\n") + 1 :])
        elif kind == CHUNK and decoder is not None:
            yield from decoder.frames(payload)
    if decoder is not None:
        yield from decoder.rest()


def _still(order: Order) -> None:
    chosen = None
    for frame in _all(order):
        if chosen is None or frame.pts <= order.until * US:
            chosen = frame
    if chosen is not None:
        picture = order.picture(chosen)
        for mark in order.marks:
            _give(chosen.pts, order.jpeg(picture, mark, chosen.pts))


def _clip(order: Order) -> None:
    clips: list[_Clip] = []
    first = last = 0
    for frame in _all(order):
        if not order.since * US <= frame.pts <= order.until * US or (last and frame.pts - last < STEP_US):
            continue
        picture = order.picture(frame)
        first, last = first or frame.pts, frame.pts
        clips = clips or [_Clip(order, mark, picture) for mark in order.marks]
        for clip in clips:
            clip.add(picture, frame.pts, first)
    for clip in clips:
        _give(first, clip.finish())


class _Clip:
    """One clip in H.264, small enough for a bad network."""

    def __init__(self, order: Order, mark: Mark, picture: Image.Image) -> None:
        self._order, self._mark, self._data = order, mark, io.BytesIO()
        self._out: Any = av.open(self._data, "w", format="mp4")
        small = {"preset": "veryfast", "crf": "28", "maxrate": "500k", "bufsize": "1000k", "threads": "1"}
        self._stream: Any = self._out.add_stream("libx264", rate=round(US / STEP_US), options=small)
        self._stream.width, self._stream.height = picture.width, picture.height + mark.band_px(picture.width)
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = Fraction(1, TICKS)

    def add(self, picture: Image.Image, at_us: int, first_us: int) -> None:
        marked = draw_mark(picture, _stamped(self._mark, at_us, self._order.zone))
        make: Any = av.VideoFrame.from_image
        frame = make(marked)
        frame.pts, frame.time_base = (at_us - first_us) * TICKS // US, Fraction(1, TICKS)
        self._out.mux(self._stream.encode(frame))

    def finish(self) -> bytes:
        self._out.mux(self._stream.encode(None))
        self._out.close()
        return self._data.getvalue()


def main() -> None:
    """Until the pipe ends."""
    order = Order.read(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if order.mode != "live":
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))
    {"live": _live, "still": _still, "clip": _clip}[order.mode](order)


if __name__ == "__main__":
    main()
