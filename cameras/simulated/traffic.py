"""What moves: vehicles as boxes with a profile, people who walk, each drawn into a small patch per frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import atan2, cos, hypot, pi, sin

import numpy as np
from PIL import Image, ImageDraw

from cameras.simulated.canvas import Floats
from cameras.simulated.lens import Lens, Point, Spot
from cameras.simulated.light import Colour, Light, toned

SCALE = 2
At = Callable[[float, float, float], Point]
"""Metres along, across (to the left) and above a vehicle's middle, as a point of the world."""
_TYRE, _GLASS, _TRIM = (24, 24, 26), (46, 58, 70), (52, 54, 58)


@dataclass(frozen=True)
class Body:
    """A vehicle: its outline is a row of corners (metres before its middle, metres up) from the rear on."""

    width: float
    profile: tuple[tuple[float, float], ...]
    glass: frozenset[int]
    """Which strips of the profile (from corner i to i + 1) are glass."""
    windows: tuple[tuple[tuple[float, float], ...], ...]
    wheels: tuple[float, ...]
    wheel_m: float


BODIES = {
    "sedan": Body(
        1.82,
        (
            (-2.2, 0.3),
            (-2.25, 0.88),
            (-1.6, 0.98),
            (-0.95, 1.43),
            (0.3, 1.43),
            (1.12, 0.98),
            (2.1, 0.82),
            (2.22, 0.3),
        ),
        frozenset({2, 4}),
        (
            ((-1.42, 1.0), (-0.88, 1.35), (-0.3, 1.35), (-0.3, 1.0)),
            ((-0.2, 1.0), (-0.2, 1.35), (0.25, 1.35), (0.9, 1.0)),
        ),
        (-1.35, 1.38),
        0.33,
    ),
    "suv": Body(
        1.95,
        ((-2.3, 0.35), (-2.35, 1.05), (-2.05, 1.72), (0.35, 1.72), (1.1, 1.12), (2.2, 1.0), (2.32, 0.35)),
        frozenset({1, 3}),
        (
            ((-2.0, 1.12), (-1.85, 1.6), (-0.75, 1.6), (-0.75, 1.12)),
            ((-0.6, 1.12), (-0.6, 1.6), (0.3, 1.6), (0.9, 1.12)),
        ),
        (-1.4, 1.42),
        0.38,
    ),
    "van": Body(
        2.1,
        ((-2.9, 0.4), (-2.95, 2.45), (1.5, 2.45), (2.2, 1.5), (2.9, 1.25), (2.98, 0.4)),
        frozenset({2}),
        (((1.0, 1.45), (1.0, 2.1), (1.5, 2.1), (2.0, 1.45)),),
        (-1.8, 2.0),
        0.38,
    ),
    "bus": Body(
        2.5,
        ((-5.9, 0.4), (-5.95, 3.05), (5.6, 3.05), (5.95, 1.2), (5.95, 0.4)),
        frozenset({2}),
        tuple(
            ((x, 1.35), (x, 2.5), (x + 1.5, 2.5), (x + 1.5, 1.35)) for x in (-5.5, -3.8, -2.1, -0.4, 1.3, 3.0)
        ),
        (-3.6, 3.8),
        0.5,
    ),
}
PAINTS: tuple[Colour, ...] = (
    (196, 200, 204),
    (34, 36, 40),
    (150, 32, 36),
    (40, 66, 116),
    (120, 124, 130),
    (222, 222, 218),
    (70, 90, 78),
    (176, 148, 92),
    (60, 62, 70),
)


@dataclass(frozen=True)
class Patch:
    """Pixels to lay over the picture: colour (0-255), cover (0-1), light, and how near they are."""

    left: int
    top: int
    colour: Floats
    cover: Floats
    glow: Floats | None
    nearness: float


class Brush:
    """Draws into a patch of the picture at twice its size."""

    def __init__(self, lens: Lens, spots: list[Spot], margin: float) -> None:
        us, vs = [s[0] for s in spots], [s[1] for s in spots]
        self.left, self.top = max(0, int(min(us) - margin)), max(0, int(min(vs) - margin))
        self._right = min(lens.width, int(max(us) + margin) + 1)
        self._bottom = min(lens.height, int(max(vs) + margin) + 1)
        self.empty = self._right <= self.left or self._bottom <= self.top
        if not self.empty:
            size = ((self._right - self.left) * SCALE, (self._bottom - self.top) * SCALE)
            self._image, self._shine = Image.new("RGBA", size), Image.new("RGB", size)
            self._shines = False
            self._draw, self._lamp = ImageDraw.Draw(self._image), ImageDraw.Draw(self._shine)

    def polygon(
        self, spots: list[Spot], colour: Colour, glow: Colour | None = None, alpha: int = 255
    ) -> None:
        if len(spots) > 2:
            at = self._at(spots)
            self._draw.polygon(at, (*colour, alpha))
            if glow is not None:
                self._shines = True
                self._lamp.polygon(at, glow)

    def line(self, spots: list[Spot], width: float, colour: Colour) -> None:
        self._draw.line(self._at(spots), colour, max(1, round(width * SCALE)), "curve")

    def disc(self, spot: Spot, radius: float, colour: Colour | None, glow: Colour | None = None) -> None:
        [(u, v)] = self._at([spot])
        r = radius * SCALE
        if colour is not None:
            self._draw.ellipse([u - r, v - r, u + r, v + r], colour)
        if glow is not None:
            self._shines = True
            self._lamp.ellipse([u - r, v - r, u + r, v + r], glow)

    def patch(self, nearness: float) -> Patch:
        pixels = np.asarray(self._image.reduce(SCALE)).astype(np.float32)
        shine = np.asarray(self._shine.reduce(SCALE)).astype(np.float32) if self._shines else None
        return Patch(
            self.left, self.top, pixels[:, :, :3], pixels[:, :, 3:] / np.float32(255), shine, nearness
        )

    def _at(self, spots: list[Spot]) -> list[Spot]:
        return [((u - self.left) * SCALE, (v - self.top) * SCALE) for u, v in spots]


@dataclass(frozen=True)
class Vehicle:
    body: Body
    paint: Colour
    start: tuple[float, float]
    end: tuple[float, float]
    phase: float
    """Share of the way already gone when the loop begins; the way takes one loop."""

    def place(self, share: float) -> tuple[float, float]:
        s = (share + self.phase) % 1.0
        (x0, y0), (x1, y1) = self.start, self.end
        return x0 + (x1 - x0) * s, y0 + (y1 - y0) * s

    def patch(self, lens: Lens, light: Light, share: float) -> Patch | None:
        x, y = self.place(share)
        heading = atan2(self.end[1] - self.start[1], self.end[0] - self.start[0])
        return draw_vehicle(lens, light, self.body, self.paint, (x, y), heading)


def draw_vehicle(
    lens: Lens, light: Light, body: Body, paint: Colour, place: tuple[float, float], heading: float
) -> Patch | None:
    """None where the vehicle is not in the picture."""
    ch, sh = cos(heading), sin(heading)
    half = body.width / 2

    def at(along: float, across: float, z: float) -> Point:
        return (place[0] + along * ch - across * sh, place[1] + along * sh + across * ch, z)

    length = body.profile[-1][0]
    corners = [
        at(s * length, t * half, z)
        for s in (-1.0, 1.0)
        for t in (-1.0, 1.0)
        for z in (0.0, body.profile[1][1])
    ]
    if min(lens.depth(c) for c in corners) < 2.5:
        return None
    depth = lens.depth(at(0, 0, 0.5))
    scale = lens.pixels_per_m(depth)
    brush = Brush(lens, [lens.spot(c) for c in corners], scale * 0.9 + 2)
    if brush.empty:
        return None
    _shadow(brush, lens, light, at, length, half)
    faces = _faces(body, paint, at, half)
    for points, colour in sorted(faces, key=lambda f: -sum(lens.depth(p) for p in f[0]) / len(f[0])):
        if lens.faces(points):
            brush.polygon([lens.spot(p) for p in points], colour)
    for side in (-1.0, 1.0):
        if lens.faces([at(0, side * half, 0), at(side * -1, side * half, 0), at(side * -1, side * half, 1)]):
            _side(brush, lens, body, at, side * half, scale)
    _lights(brush, lens, light, at, length, half, scale)
    return brush.patch(1 / depth)


def _shadow(brush: Brush, lens: Lens, light: Light, at: At, length: float, half: float) -> None:
    alpha = 120 if light.sun else 90
    dx, dy = light.sun or (0.0, 0.0)
    foot = [at(s * (length - 0.05), t * (half + 0.08), 0) for s, t in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    brush.polygon([lens.spot(p) for p in foot], (12, 12, 14), alpha=min(255, alpha + 60))
    if light.sun:
        cast = [(x + dx * 0.7, y + dy * 0.7, 0.0) for x, y, _ in foot]
        brush.polygon([lens.spot(p) for p in cast], (16, 16, 20), alpha=alpha)


def _faces(body: Body, paint: Colour, at: At, half: float) -> list[tuple[list[Point], Colour]]:
    faces: list[tuple[list[Point], Colour]] = []
    for i, ((s0, z0), (s1, z1)) in enumerate(zip(body.profile, body.profile[1:], strict=False)):
        flat = abs(z1 - z0) < abs(s1 - s0)
        tone = 1.12 if flat else 0.82
        colour = _GLASS if i in body.glass else toned(paint, tone)
        faces.append(([at(s0, half, z0), at(s0, -half, z0), at(s1, -half, z1), at(s1, half, z1)], colour))
    right = [at(s, -half, z) for s, z in reversed(body.profile)]
    left = [at(s, half, z) for s, z in body.profile]
    # A profile is hollow where hood meets glass, but not at its lower corners, which tell which way it faces.
    faces.append((right[-2:] + right[:-2], toned(paint, 0.92)))
    faces.append((left[-1:] + left[:-1], toned(paint, 0.92)))
    return faces


def _side(brush: Brush, lens: Lens, body: Body, at: At, across: float, scale: float) -> None:
    for window in body.windows:
        brush.polygon([lens.spot(at(s, across, z)) for s, z in window], _GLASS)
    for s in body.wheels:
        rim = [
            (s + body.wheel_m * cos(t), body.wheel_m * (1 + sin(t))) for t in np.linspace(0, 2 * pi, 13)[:-1]
        ]
        brush.polygon([lens.spot(at(x, across, z)) for x, z in rim], _TYRE)
        if scale > 9:
            hub = [(s + (x - s) * 0.55, body.wheel_m + (z - body.wheel_m) * 0.55) for x, z in rim]
            brush.polygon([lens.spot(at(x, across, z)) for x, z in hub], (130, 132, 136))


def _lights(brush: Brush, lens: Lens, light: Light, at: At, length: float, half: float, scale: float) -> None:
    for s, lamp, shine in (
        (length, (236, 234, 214), (255, 244, 214)),
        (-length, (150, 20, 20), (220, 26, 22)),
    ):
        front = s > 0
        seen = [at(s, half, 0.3), at(s, -half, 0.3), at(s, -half, 0.9)]
        if lens.faces(seen if not front else [seen[1], seen[0], at(s, half, 0.9)]):
            for across in (-half + 0.28, half - 0.28):
                radius = max(0.8, 0.15 * scale)
                spot = lens.spot(at(s, across, 0.72))
                brush.disc(spot, radius, lamp, shine if light.lamps else None)
                if light.lamps:
                    brush.disc(spot, radius * 1.6, None, toned(shine, 1 / 3))
                    brush.disc(spot, radius, None, shine)


@dataclass(frozen=True)
class Walker:
    """A person who walks a path of straight pieces; `repeat` alike follow one another, a loop apart."""

    path: tuple[tuple[float, float], ...]
    phase: float
    repeat: int
    coat: Colour
    trousers: Colour
    height: float

    def places(self, share: float) -> list[tuple[float, float, float, float]]:
        """x, y, metres gone, direction of everyone of this kind who is on the way."""
        pieces = list(zip(self.path, self.path[1:], strict=False))
        lengths = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in pieces]
        result = []
        for j in range(self.repeat):
            gone = (((share + self.phase) % 1.0) + j) / self.repeat * sum(lengths)
            rest = gone
            for (a, b), length in zip(pieces, lengths, strict=True):
                if rest <= length:
                    s = rest / length
                    way = atan2(b[1] - a[1], b[0] - a[0])
                    result.append((a[0] + (b[0] - a[0]) * s, a[1] + (b[1] - a[1]) * s, gone, way))
                    break
                rest -= length
        return result

    def patches(self, lens: Lens, light: Light, share: float) -> list[Patch]:
        found = []
        for x, y, gone, way in self.places(share):
            patch = self._patch(lens, light, (x, y), gone, way)
            if patch is not None:
                found.append(patch)
        return found

    def _patch(
        self, lens: Lens, light: Light, place: tuple[float, float], gone: float, way: float
    ) -> Patch | None:
        x, y = place
        depth = lens.depth((x, y, 0.9))
        if depth < 3:
            return None
        scale = lens.pixels_per_m(depth)

        def at(along: float, z: float) -> Spot:
            return lens.spot((x + along * cos(way), y + along * sin(way), z * self.height / 1.75))

        brush = Brush(lens, [at(0, 0), at(0, 1.75)], scale * 0.6 + 2)
        if brush.empty:
            return None
        ring = [lens.spot((x + 0.3 * cos(t), y + 0.22 * sin(t), 0)) for t in np.linspace(0, 2 * pi, 10)[:-1]]
        brush.polygon(ring, (14, 14, 16), alpha=110)
        # A stride of 1.5 m: both legs once.
        swing = sin(gone / 1.5 * 2 * pi) * 0.32
        for leg, tone in ((-swing, 0.75), (swing, 1.0)):
            brush.line(
                [at(0, 0.9), at(leg * 0.6, 0.45), at(leg, 0.03)], scale * 0.15, toned(self.trousers, tone)
            )
        brush.line([at(0, 1.38), at(-swing * 0.7, 0.98)], scale * 0.11, toned(self.coat, 0.7))
        (u0, v0), (u1, v1) = at(0, 0.84), at(0, 1.46)
        w = scale * 0.2
        torso = [(u0 - w * 0.85, v0), (u0 + w * 0.85, v0), (u1 + w, v1 + w * 0.4), (u1 + w * 0.5, v1)]
        brush.polygon([*torso, (u1 - w * 0.5, v1), (u1 - w, v1 + w * 0.4)], self.coat)
        brush.line([at(0, 1.4), at(swing * 0.7, 0.96)], scale * 0.1, toned(self.coat, 0.85))
        brush.disc(at(0, 1.61), scale * 0.125, (168, 128, 104))
        brush.disc(at(-0.02, 1.66), scale * 0.115, (48, 38, 34))
        return brush.patch(1 / depth)
