"""One timer for all cameras.

400 cameras at 20 frames/s would be 8,000 timers a second; a heap that is looked at no more often than every
few milliseconds serves what is due in one go and lets the loop sleep between.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count

Step = Callable[[float], float | None]
"""Called when due with the loop's time; answers when it is due next, or None to be forgotten."""

TICK_S = 0.004
"""The least time between two looks, and so the most that a frame waits for company."""


class Pacer:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._heap: list[tuple[float, int, Step]] = []
        self._order = count()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, due_s: float, step: Step) -> None:
        heapq.heappush(self._heap, (due_s, next(self._order), step))
        self._arm(due_s)

    def close(self) -> None:
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, at_s: float) -> None:
        if self._timer is not None:
            if self._timer.when() <= at_s:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(at_s, self._look)

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        heap = self._heap
        try:
            while heap and heap[0][0] <= now:
                _, order, step = heapq.heappop(heap)
                due = step(now)
                if due is not None:
                    heapq.heappush(heap, (due, order, step))
        finally:
            # A step that raises is reported by the event loop; the other cameras go on.
            if heap:
                self._arm(max(heap[0][0], now + TICK_S))
