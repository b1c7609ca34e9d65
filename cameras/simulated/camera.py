"""A camera: what it shows, who watches it, and what is wrong with it."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from cameras.simulated.film import Cue, Film, Track
from cameras.simulated.loop import VIDEO_HZ, Loop
from cameras.simulated.pacer import Pacer
from cameras.simulated.sdp import SOUND_TRACK, VIDEO_TRACK, describe
from cameras.simulated.sender import Moment, RtpSender

LATE_S = 2.0
"""Behind by more than this (a suspended machine), a camera skips to its next key frame, not catching up."""


@dataclass
class Faults:
    """What a test may break. Each stays until it is mended, but for `lose_frames`, which counts down."""

    stalled: bool = False
    """Connected, answering requests, sending no media."""
    mute: bool = False
    """Connected, answering nothing."""
    refuses_auth: bool = False
    redirect_to: str | None = None
    clock_offset_s: float = 0.0
    """How far the camera's own clock (the NTP time of its sender reports) is ahead."""
    lose_frames: int = 0


class Watcher(Protocol):
    """A connection, as its camera sees it."""

    senders: dict[str, RtpSender]

    def drop(self, reason: str) -> None: ...


class Camera(ABC):
    """Lives on the event loop's thread; nothing here is called from another."""

    def __init__(self, name: str, title: str) -> None:
        self.name = name
        self.title = title
        self.faults = Faults()
        self.on = True
        self.watchers: set[Watcher] = set()

    @property
    @abstractmethod
    def ready(self) -> bool:
        """Whether there is anything to show; until then DESCRIBE answers 503."""

    @abstractmethod
    def sdp(self, host: str) -> bytes: ...

    @property
    @abstractmethod
    def tracks(self) -> tuple[str, ...]: ...

    @abstractmethod
    def play(self, watcher: Watcher, now_s: float) -> dict[str, int | None]:
        """Start sending to `watcher`. Answers, per track, the ticks of its first frame, where known."""

    def leave(self, watcher: Watcher) -> None:
        self.watchers.discard(watcher)

    def senders(self, track: str) -> list[RtpSender]:
        return [w.senders[track] for w in self.watchers if track in w.senders]

    async def close(self) -> None:  # noqa: B027  # most cameras hold nothing
        """Give back what the camera holds; its watchers are gone by now."""

    def drop_all(self, reason: str) -> None:
        for watcher in list(self.watchers):
            watcher.drop(reason)

    def resume(self) -> None:
        """After a stall: go on at the next key frame, since what came between is missing."""
        self.faults.stalled = self.faults.mute = False
        for watcher in self.watchers:
            for sender in watcher.senders.values():
                sender.waits_for_key = True

    def wall_s(self) -> float:
        return time.time() + self.faults.clock_offset_s


class LoopCamera(Camera):
    """Plays a film without end. Its timestamps run on across lap ends and changes of film."""

    def __init__(self, name: str, title: str, pacer: Pacer, *, start_s: float, offset_s: float = 0.0) -> None:
        """`offset_s`: how far into its film the camera is at `start_s`, so that cameras are not in step."""
        super().__init__(name, title)
        self._pacer = pacer
        self._film: Film | None = None
        self._version = 0
        self._origin_s = start_s - offset_s
        self._before = Fraction(0)
        """Media seconds up to `_origin_s`, where the present film began."""
        self._pumps: dict[str, _Pump] = {}

    @property
    def ready(self) -> bool:
        return self._film is not None

    @property
    def film(self) -> Film:
        if self._film is None:
            raise LookupError(f"{self.name} has no film yet")
        return self._film

    @property
    def tracks(self) -> tuple[str, ...]:
        return (VIDEO_TRACK, SOUND_TRACK) if self.film.sound else (VIDEO_TRACK,)

    def sdp(self, host: str) -> bytes:
        loop: Loop = self.film.loop
        return describe(
            title=self.title, version=self._version, host=host, sps=loop.sps, pps=loop.pps,
            frame_rate=loop.frame_rate, sound=loop.sound,
        )  # fmt: skip

    def show(self, film: Film, now_s: float) -> None:
        """Take a film into the machine; one that runs is replaced mid-stream, at a key frame."""
        if self._film is not None:
            self._before += Fraction(round((now_s - self._origin_s) * VIDEO_HZ), VIDEO_HZ)
            self._origin_s = now_s
        self._film = film
        self._version += 1
        for pump in self._pumps.values():
            pump.stop()
        self._pumps = {}
        if self.watchers:
            self._start(now_s)

    def jump(self, seconds: float) -> None:
        """Timestamps from now on are later (earlier, where negative) by `seconds`; the wall clock is not."""
        self._before += Fraction(round(seconds * VIDEO_HZ), VIDEO_HZ)

    def play(self, watcher: Watcher, now_s: float) -> dict[str, int | None]:
        self.watchers.add(watcher)
        self._start(now_s)
        return {name: pump.next_key_ticks() for name, pump in self._pumps.items()}

    def leave(self, watcher: Watcher) -> None:
        super().leave(watcher)
        if not self.watchers:
            for pump in self._pumps.values():
                pump.stop()
            self._pumps = {}

    def ticks_at(self, lap_offset: Fraction, clock_hz: int) -> int:
        return int((self._before + lap_offset) * clock_hz)

    def moment(self, now_s: float, clock_hz: int) -> Moment:
        elapsed = float(self._before) + now_s - self._origin_s
        return Moment(now_s, self.wall_s(), int(elapsed * clock_hz))

    def elapsed_s(self, now_s: float) -> float:
        return now_s - self._origin_s

    def due(self, elapsed_s: float) -> float:
        return self._origin_s + elapsed_s

    def _start(self, now_s: float) -> None:
        if not self._pumps:
            self._pumps = {VIDEO_TRACK: _Pump(self, VIDEO_TRACK, self.film.video, now_s)}
            if self.film.sound is not None:
                self._pumps[SOUND_TRACK] = _Pump(self, SOUND_TRACK, self.film.sound, now_s)
            for pump in self._pumps.values():
                self._pacer.add(pump.due_s, pump.step)


class _Pump:
    """Sends one track to all who set it up, while anyone watches."""

    def __init__(self, camera: LoopCamera, name: str, track: Track, now_s: float) -> None:
        self._camera, self._name, self._track = camera, name, track
        self._lap, self._index = track.key_from(camera.elapsed_s(now_s))
        self._running = True

    @property
    def due_s(self) -> float:
        return self._camera.due(self._track.due(self._lap, self._index))

    def stop(self) -> None:
        self._running = False

    def next_key_ticks(self) -> int:
        lap, index = self._lap, self._index
        while not self._track.cues[index].frame.key:
            lap, index = self._after(lap, index)
        return self._ticks(lap, index)

    def step(self, now_s: float) -> float | None:
        if not self._running:
            return None
        if now_s - self.due_s > LATE_S:
            self._lap, self._index = self._track.key_from(self._camera.elapsed_s(now_s))
            for sender in self._camera.senders(self._name):
                sender.waits_for_key = True
            return self.due_s
        self._send(self._track.cues[self._index], now_s)
        self._lap, self._index = self._after(self._lap, self._index)
        # Sending may have dropped the last watcher.
        return self.due_s if self._running else None

    def _send(self, cue: Cue, now_s: float) -> None:
        faults = self._camera.faults
        if faults.stalled or faults.mute:
            return
        senders = self._camera.senders(self._name)
        if faults.lose_frames and self._name == VIDEO_TRACK:
            faults.lose_frames -= 1
            for sender in senders:
                sender.lose(cue.frame)
            return
        ticks = self._ticks(self._lap, self._index)
        moment = self._camera.moment(now_s, self._track.clock_hz)
        for sender in senders:
            sender.send(cue.frame, ticks, moment)

    def _ticks(self, lap: int, index: int) -> int:
        return (
            self._camera.ticks_at(lap * self._track.lap_s, self._track.clock_hz)
            + self._track.cues[index].ticks
        )

    def _after(self, lap: int, index: int) -> tuple[int, int]:
        return (lap, index + 1) if index + 1 < len(self._track.cues) else (lap + 1, 0)
