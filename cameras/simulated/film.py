"""A loop made ready to send: packetised once, shared by every camera and client that plays it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from cameras.simulated.loop import VIDEO_HZ, Loop
from cameras.simulated.rtp import MTU, Frame, aac_frame, h264_frame


@dataclass(frozen=True)
class Cue:
    send_s: float
    """Seconds from the start of a lap at which the frame goes out."""
    ticks: int
    """Its presentation time in ticks of the track's clock, from the start of a lap."""
    frame: Frame


@dataclass(frozen=True)
class Track:
    clock_hz: int
    lap_s: Fraction
    cues: tuple[Cue, ...]

    def key_from(self, elapsed_s: float) -> tuple[int, int]:
        """(lap, index) of the first key frame that goes out at or after `elapsed_s`."""
        lap = max(0, int(elapsed_s / float(self.lap_s)) - 1)
        while True:
            base = float(lap * self.lap_s)
            for i, cue in enumerate(self.cues):
                if cue.frame.key and base + cue.send_s >= elapsed_s:
                    return lap, i
            lap += 1

    def due(self, lap: int, index: int) -> float:
        return float(lap * self.lap_s) + self.cues[index].send_s


@dataclass(frozen=True)
class Film:
    loop: Loop
    video: Track
    sound: Track | None


def make_film(loop: Loop, mtu: int = MTU) -> Film:
    lap_s = Fraction(loop.duration, VIDEO_HZ)
    video = tuple(
        Cue(unit.send / VIDEO_HZ, unit.pts, h264_frame(unit.nals, key=unit.key, mtu=mtu))
        for unit in loop.units
    )
    sound = None
    if loop.sound is not None:
        hz = loop.sound.sample_hz
        cues = tuple(Cue(unit.pts / hz, unit.pts, aac_frame(unit.data, mtu)) for unit in loop.sound.units)
        sound = Track(hz, lap_s, cues)
    return Film(loop, Track(VIDEO_HZ, lap_s, video), sound)
