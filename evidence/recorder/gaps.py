"""One camera's gaps: told when they open and again when they close."""

from __future__ import annotations

from collections.abc import Callable

from evidence.recorder.segment import instant
from evidence.recorder.states import Gap, GapReason

OnGap = Callable[[Gap], None]


class GapLedger:
    """Keeps the gap that is open, if any. Instants are Unix seconds of recorder time."""

    def __init__(self, camera: str, on_gap: OnGap) -> None:
        self._camera = camera
        self._on_gap = on_gap
        self._open: Gap | None = None

    @property
    def open_reason(self) -> GapReason | None:
        return self._open.reason if self._open else None

    def open(self, reason: GapReason, from_s: float, detail: str) -> None:
        """Footage is missing from here. The same reason again changes nothing; another one takes over
        where it begins."""
        if self._open is not None:
            if self._open.reason is reason:
                return
            self.close(from_s)
        self._open = Gap(self._camera, instant(from_s), None, reason, detail)
        self._on_gap(self._open)

    def close(self, at_s: float) -> None:
        """Footage goes on from here."""
        gap, self._open = self._open, None
        if gap is not None:
            ends_at = max(instant(at_s), gap.starts_at)
            self._on_gap(Gap(gap.camera, gap.starts_at, ends_at, gap.reason, gap.detail))

    def note(self, reason: GapReason, from_s: float, to_s: float, detail: str) -> None:
        """A gap that is over already, inside or beside recorded footage."""
        start = instant(from_s)
        self._on_gap(Gap(self._camera, start, max(instant(to_s), start), reason, detail))
