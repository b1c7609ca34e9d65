"""When frames are decoded, shown and were taken: decode time stamps and recorder time of one connection."""

from __future__ import annotations

from bisect import bisect_left, insort

from evidence.recorder.states import GapReason, ProtocolError

CLOCK_HZ = 90_000
DEFAULT_FRAME_TICKS = CLOCK_HZ // 25
MAX_REORDER = 16

RUSHED_S = 10.0
"""Time stamps that run this far ahead of their arrival, in all, mean that the camera's clock jumped (and
would date its footage back). Less is the burst of older frames that many cameras send first."""
LATE_S = 20.0
"""Time stamps this far behind their arrival mean a jump back, or a camera clock that stands still."""
SETTLE_S = 0.9
DRIFT_PER_S = 200e-6
"""How fast a camera clock may run slow. Crystals are within 100 ppm."""


class Timeline:
    """Decode time stamps from presentation time stamps, and recorder time from arrivals.

    A frame's decode time is the reorder depth's n-th oldest presentation time so far: never after the
    frame's own, and rising. Where the depth is not known it is learnt; until then a late frame's decode
    time is squeezed behind the one before it and its composition offset is negative.

    Recorder time follows the *least* delayed arrival (a lower envelope with a little drift), so that
    sockets read only every 250 ms and stalls of the network do not move frames.
    """

    def __init__(self, frame_ticks: int | None, reorder_frames: int | None) -> None:
        self.frame_ticks = frame_ticks or DEFAULT_FRAME_TICKS
        """Usual distance of frames, measured as they come."""
        self._depth = reorder_frames or 0
        self._window: list[int] = []
        self._recent: list[int] = []
        self._last_dts = -1
        self._offset_s = 0.0
        self._first_offset_s = 0.0
        self._last_now = 0.0
        self._first_now = 0.0

    def stamp(self, pts: int, now: float) -> int:
        """The decode time stamp of the next frame in decode order, arrived at monotonic `now`.

        Raises ProtocolError(CAMERA_CLOCK) when the camera's clock jumped.
        """
        if self._last_dts < 0:
            self._window = [pts - (self._depth - n) * self.frame_ticks for n in range(self._depth)]
            self._offset_s = self._first_offset_s = now - pts / CLOCK_HZ
            self._first_now = now
        else:
            self._follow(pts, now)
        self._last_now = now
        dts = pts
        if self._depth or pts <= self._last_dts:
            dts = self._reordered(pts)
        elif self._recent:
            self._measure(pts - self._last_dts)
        if dts <= self._last_dts:
            dts = self._last_dts + 1
        self._last_dts = dts
        self._recent.append(pts)
        if len(self._recent) > MAX_REORDER:
            del self._recent[0]
        return dts

    def expect(self, frame_ticks: int | None, reorder_frames: int | None) -> None:
        """New parameter sets: the depth may grow; it never shrinks within a connection."""
        if frame_ticks and self._last_dts < 0:
            self.frame_ticks = frame_ticks
        self._deepen(reorder_frames or 0)

    @property
    def settled(self) -> bool:
        """Whether a burst of older frames at the start must be over, so that recorder time can be
        trusted."""
        return self._last_now - self._first_now >= SETTLE_S

    def arrived_s(self, pts: int) -> float:
        """Recorder time of a frame on the monotonic clock."""
        return self._offset_s + pts / CLOCK_HZ

    def _follow(self, pts: int, now: float) -> None:
        offset_s = now - pts / CLOCK_HZ
        late = offset_s - self._offset_s
        rushed = self._first_offset_s - offset_s - (now - self._first_now) * DRIFT_PER_S
        if rushed > RUSHED_S or late > LATE_S:
            direction = "forward" if late < 0 else "back, or stood still"
            raise ProtocolError(
                f"the camera's clock jumped {direction} by about {abs(late):.0f} s", GapReason.CAMERA_CLOCK
            )
        self._offset_s += min(late, (now - self._last_now) * DRIFT_PER_S)

    def _reordered(self, pts: int) -> int:
        overtaken = sum(earlier > pts for earlier in self._recent)
        self._deepen(overtaken)
        if not self._depth:
            return pts
        window = self._window
        insort(window, pts)
        at = bisect_left(window, pts)
        if at:
            self._measure(pts - window[at - 1])
        return window.pop(0)

    def _measure(self, step: int) -> None:
        step = min(max(step, 1), 4 * self.frame_ticks)
        self.frame_ticks = max(self.frame_ticks + ((step - self.frame_ticks) >> 3), 1)

    def _deepen(self, depth: int) -> None:
        """The window holds the newest `depth` presentation times; missing ones count as the oldest."""
        depth = min(depth, MAX_REORDER)
        if depth > self._depth and self._recent:
            newest = sorted(self._recent)[-depth:]
            self._window = newest[:1] * (depth - len(newest)) + newest
        self._depth = max(depth, self._depth)
