"""When to try a camera again: exponential back-off with jitter, so that hundreds don't return at once."""

from __future__ import annotations

from collections.abc import Callable

FIRST_S = 0.5
CAP_S = 30.0
STEADY_S = 30.0
"""A connection that played this long was a good one: the next failure starts over."""


class Backoff:
    """One camera's waiting times. `random` gives floats in [0, 1)."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._failures = 0

    def delay_s(self, played_s: float) -> float:
        """How long to wait after a connection that played for so long: between half and all of
        0.5, 1, 2, 4 ... 30 seconds."""
        if played_s >= STEADY_S:
            self._failures = 0
        ceiling = min(CAP_S, FIRST_S * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return ceiling * (0.5 + 0.5 * self._random())
