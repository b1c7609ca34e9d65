"""The camera `clock`: encoded live, with the wall clock burned in, to measure how late a picture is seen.

The bar code carries Unix milliseconds at the instant the picture is drawn. Nothing is encoded while nobody
watches; a new watcher gets a key picture at once.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from fractions import Fraction

import av
import numpy as np
from av.codec.context import Flags
from av.video.frame import PictureType
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from cameras.simulated.barcode import draw_barcode, strip_height
from cameras.simulated.camera import Camera, Watcher
from cameras.simulated.loop import PPS, SPS, VIDEO_HZ, split_annex_b, with_parameter_sets
from cameras.simulated.rtp import Frame, h264_frame
from cameras.simulated.sdp import VIDEO_TRACK, describe
from cameras.simulated.sender import Moment

_BACK, _FORE = 40, 220


class ClockFace:
    """Draws and encodes; used by one thread at a time."""

    def __init__(self, width: int, height: int, frame_rate: int) -> None:
        self._plane = np.full((height * 3 // 2, width), 128, np.uint8)
        self._height = height
        self._font = ImageFont.load_default(height // 9)
        codec = av.CodecContext.create("libx264", "w")
        assert isinstance(codec, av.VideoCodecContext)
        codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
        codec.time_base, codec.framerate = Fraction(1, VIDEO_HZ), Fraction(frame_rate)
        codec.gop_size, codec.thread_count = frame_rate, 1
        codec.flags |= Flags.global_header
        codec.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "23", "forced-idr": "1"}
        codec.open()
        self._codec = codec
        sets = {nal[0] & 31: nal for nal in split_annex_b(codec.extradata or b"")}
        self.sps, self.pps = sets[SPS], sets[PPS]

    def picture(self, unix_ms: int) -> NDArray[np.uint8]:
        """The luma plane, height x width."""
        instant = datetime.fromtimestamp(unix_ms / 1000, UTC)
        image = Image.new("L", (self._plane.shape[1], self._height), _BACK)
        brush = ImageDraw.Draw(image)
        day, hour = f"{instant:%Y-%m-%d} UTC", f"{instant:%H:%M:%S}.{unix_ms % 1000:03d}"
        brush.text((image.width / 2, image.height * 0.32), day, _FORE, self._font, "mm")
        brush.text((image.width / 2, image.height * 0.55), hour, _FORE, self._font, "mm")
        # A hand that turns once a second shows a stutter to the eye.
        left = int(image.width * (unix_ms % 1000) / 1000)
        brush.rectangle([left, image.height - strip_height(image.height) - 12, left + 8, image.height], _FORE)
        luma = np.array(image)
        draw_barcode(luma, unix_ms)
        return luma

    def encode(self, unix_ms: int, ticks: int, key: bool) -> Frame:
        self._plane[: self._height] = self.picture(unix_ms)
        picture = av.VideoFrame.from_ndarray(self._plane, format="yuv420p")
        picture.pts, picture.time_base = ticks, Fraction(1, VIDEO_HZ)
        picture.pict_type = PictureType.I if key else PictureType.NONE
        [packet] = self._codec.encode(picture)
        nals = tuple(split_annex_b(bytes(packet)))
        if packet.is_keyframe:
            nals = with_parameter_sets(nals, self.sps, self.pps)
        return h264_frame(nals, key=packet.is_keyframe)


class ClockCamera(Camera):
    """Created and used on the event loop; drawing and encoding happen on a thread of its own."""

    def __init__(
        self, name: str = "clock", *, width: int = 640, height: int = 360, frame_rate: int = 20
    ) -> None:
        super().__init__(name, "Clock")
        self._loop = asyncio.get_running_loop()
        self._rate = frame_rate
        self._face = ClockFace(width, height, frame_rate)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"camera-{name}")
        self._origin_s = self._loop.time()
        self._key_wanted = True
        self._task: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        return True

    @property
    def tracks(self) -> tuple[str, ...]:
        return (VIDEO_TRACK,)

    def sdp(self, host: str) -> bytes:
        return describe(
            title=self.title, version=1, host=host, sps=self._face.sps, pps=self._face.pps,
            frame_rate=Fraction(self._rate), sound=None,
        )  # fmt: skip

    def play(self, watcher: Watcher, now_s: float) -> dict[str, int | None]:
        self.watchers.add(watcher)
        self._key_wanted = True
        if self._task is None or self._task.done():
            self._task = self._loop.create_task(self._run())
        return {}

    @property
    def encoding(self) -> bool:
        return self._task is not None and not self._task.done()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._thread.shutdown(wait=True)

    async def _run(self) -> None:
        due = self._loop.time()
        while self.watchers:
            await asyncio.sleep(due - self._loop.time())
            ticks = self._ticks(self._loop.time())
            key, self._key_wanted = self._key_wanted, False
            frame = await self._loop.run_in_executor(self._thread, self._encode, ticks, key)
            if not (self.faults.stalled or self.faults.mute):
                now = self._loop.time()
                moment = Moment(now, self.wall_s(), self._ticks(now))
                for sender in self.senders(VIDEO_TRACK):
                    sender.send(frame, ticks, moment)
            due = max(due + 1 / self._rate, self._loop.time())

    def _encode(self, ticks: int, key: bool) -> Frame:
        return self._face.encode(int(time.time() * 1000), ticks, key)

    def _ticks(self, now_s: float) -> int:
        return int((now_s - self._origin_s) * VIDEO_HZ)
