"""The still part of a scene: drawn once, twice as large, then lit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from cameras.simulated.lens import Lens, Point, Spot
from cameras.simulated.light import Colour, Light, toned

Floats = NDArray[np.float32]
SCALE = 2
BLACK = (0, 0, 0)


class Canvas:
    """Three layers of one view: what things are coloured, what shines, and how near what hides is."""

    def __init__(self, lens: Lens, light: Light) -> None:
        self.lens, self.light = lens, light
        size = (lens.width * SCALE, lens.height * SCALE)
        self._paint = Image.new("RGB", size)
        self._glow = Image.new("RGB", size)
        self._shade = Image.new("L", size)
        self._pools = Image.new("L", size)
        self._wet = Image.new("L", size)
        self._brush, self._lamp = ImageDraw.Draw(self._paint), ImageDraw.Draw(self._glow)
        self.nearness: Floats = np.zeros((lens.height, lens.width), np.float32)
        """1 / depth of what hides things behind it; 0 where the ground or the sky is seen."""

    def sky(self, rng: np.random.Generator) -> None:
        height, width = self._paint.height, self._paint.width
        horizon = max(1, int(self.lens.horizon * SCALE))
        mix = np.clip(np.arange(height) / horizon, 0, 1)[:, None] ** 1.4
        rows = np.array(self.light.sky_top) * (1 - mix) + np.array(self.light.sky_low) * mix
        self._paint.paste(Image.fromarray(np.repeat(rows[:, None], width, axis=1).astype(np.uint8)))
        clouds = Image.fromarray((rng.random((5, 9)) * 255).astype(np.uint8)).resize(
            (width, horizon), Image.Resampling.BICUBIC
        )
        mask = clouds.point(lambda v: max(0, (v - 130) // 2))
        bright = toned(self.light.sky_low, 1.12)
        self._paint.paste(Image.new("RGB", (width, horizon), bright), (0, 0), mask)

    def shape(self, points: list[Point], colour: Colour, glow: Colour = BLACK) -> None:
        """A flat polygon in the world."""
        self.outline(self.lens.outline(points), colour, glow)

    def outline(self, spots: list[Spot], colour: Colour, glow: Colour = BLACK) -> None:
        if spots:
            scaled = _scaled(spots)
            self._brush.polygon(scaled, colour)
            self._lamp.polygon(scaled, glow)

    def disc(self, centre: Point, radius_m: float, colour: Colour, glow: Colour = BLACK) -> None:
        """A ball, as a circle that faces the eye."""
        depth = self.lens.depth(centre)
        if depth > 1:
            (u, v), r = self.lens.spot(centre), self.lens.pixels_per_m(depth) * radius_m
            box = [(u - r) * SCALE, (v - r) * SCALE, (u + r) * SCALE, (v + r) * SCALE]
            self._brush.ellipse(box, colour)
            self._lamp.ellipse(box, glow)

    def shadow(self, points: list[Point]) -> None:
        if spots := self.lens.outline(points):
            ImageDraw.Draw(self._shade).polygon(_scaled(spots), 110)

    def pool(self, x: float, y: float, radius_m: float) -> None:
        """Light of a lamp on the ground."""
        brush = ImageDraw.Draw(self._pools)
        angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        for share in (1.0, 0.75, 0.5, 0.3):
            ring = [(x + radius_m * share * np.cos(a), y + radius_m * share * np.sin(a), 0.0) for a in angles]
            if spots := self.lens.outline(ring):
                brush.polygon(_scaled(spots), int(60 + 170 * (1 - share)))

    def wet(self, points: list[Point]) -> None:
        if spots := self.lens.outline(points):
            ImageDraw.Draw(self._wet).polygon(_scaled(spots), 255)

    def speckle(self, rng: np.random.Generator, strength: float) -> None:
        """Stains and grain, so that asphalt is not a flat colour."""
        shape = (self._paint.height, self._paint.width)
        grain = rng.normal(0, strength, shape).astype(np.float32)
        stains = Image.fromarray(
            rng.normal(0, strength * 1.6, (shape[0] // 10, shape[1] // 48)).astype(np.float32)
        )
        grain += np.asarray(stains.resize((shape[1], shape[0]), Image.Resampling.BICUBIC))
        below = np.arange(shape[0])[:, None] > self.lens.horizon * SCALE
        painted = np.asarray(self._paint).astype(np.float32) + (grain * below)[:, :, None]
        self._paint.paste(Image.fromarray(np.clip(painted, 0, 255).astype(np.uint8)))

    def hides(
        self, spots: list[Spot], depths: tuple[float, float, float] | float, corners: list[Spot]
    ) -> None:
        """Mark an outline as standing before what is farther.

        `depths` is one, or those at three `corners`, between which 1/depth is linear.
        """
        if not spots:
            return
        us, vs = [s[0] for s in spots], [s[1] for s in spots]
        left, top = max(0, int(min(us))), max(0, int(min(vs)))
        right, bottom = min(self.lens.width, int(max(us)) + 1), min(self.lens.height, int(max(vs)) + 1)
        if left >= right or top >= bottom:
            return
        mask = Image.new("L", (right - left, bottom - top))
        ImageDraw.Draw(mask).polygon([(u - left, v - top) for u, v in spots], 1)
        inside = np.asarray(mask).astype(bool)
        near: Floats | float
        if isinstance(depths, tuple):
            system = np.array([[u, v, 1.0] for u, v in corners])
            if abs(np.linalg.det(system)) < 1e-6:
                return
            a, b, c = np.linalg.solve(system, 1.0 / np.array(depths))
            near = (a * np.arange(left, right)[None] + b * np.arange(top, bottom)[:, None] + c).astype(
                np.float32
            )
            near = np.clip(near, 0, 2)
        else:
            near = 1.0 / depths
        patch = self.nearness[top:bottom, left:right]
        np.copyto(patch, np.maximum(patch, near), where=inside)

    def picture(self) -> tuple[Floats, Floats]:
        """The lit background (height x width x 3, 0-255) and the lamps' light on the ground (x 1, 0-1)."""
        size = (self.lens.width, self.lens.height)
        glow = self._glow.reduce(SCALE)
        paint = _floats(self._paint.reduce(SCALE))
        shade = _share(self._shade.reduce(SCALE).filter(ImageFilter.GaussianBlur(1.2)))
        pools = _share(self._pools.reduce(SCALE).filter(ImageFilter.GaussianBlur(size[0] / 90)))
        if not self.light.lamps:
            pools *= 0
        ambient = np.array(self.light.ambient, np.float32)
        lit = paint * (ambient * (1 - shade) + pools * np.array((1.25, 1.02, 0.7), np.float32))
        lit = self._hazed(lit) + _floats(glow)
        lit += _floats(glow.filter(ImageFilter.GaussianBlur(size[0] / 70))) * 0.7
        if self.light.wet:
            smear = _floats(glow.resize((size[0], size[1] // 14)).resize(size, Image.Resampling.BILINEAR))
            down = np.roll(smear, size[1] // 12, axis=0)
            lit += (down * 0.8 + smear * 0.5) * _share(self._wet.reduce(SCALE))
        return np.clip(lit, 0, 255), pools

    def _hazed(self, lit: Floats) -> Floats:
        rows = np.array([self.lens.ground_depth(row) for row in range(self.lens.height)], np.float32)
        depth = np.repeat(np.minimum(rows, 2000)[:, None], self.lens.width, axis=1)
        depth = np.where(self.nearness > 0, 1 / np.maximum(self.nearness, 1e-4), depth)
        share = 1 - np.exp(-depth / self.light.haze_at_m)
        sky = (depth >= 2000) & (self.nearness == 0)
        share = np.where(sky, 0.35, share)[:, :, None]
        hazed: Floats = (lit * (1 - share) + np.array(self.light.haze) * share).astype(np.float32)
        return hazed


def _scaled(spots: list[Spot]) -> list[Spot]:
    # Far outside the picture only the direction matters; Pillow wants numbers of moderate size.
    return [(max(-1e5, min(1e5, u * SCALE)), max(-1e5, min(1e5, v * SCALE))) for u, v in spots]


def _floats(image: Image.Image) -> Floats:
    return np.asarray(image).astype(np.float32)


def _share(mask: Image.Image) -> Floats:
    """A mask as shares of 1, height x width x 1."""
    return _floats(mask)[:, :, None] / np.float32(255)
