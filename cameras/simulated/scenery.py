"""One view of the town with its traffic: gives the picture at any share of the loop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from cameras.simulated.barcode import strip_height
from cameras.simulated.canvas import Canvas
from cameras.simulated.lens import Lens, Point
from cameras.simulated.light import LIGHTS, Light
from cameras.simulated.streets import PAVEMENT_M, Town, draw_town
from cameras.simulated.traffic import BODIES, PAINTS, Patch, Vehicle, Walker, draw_vehicle

COATS = (
    (150, 44, 40),
    (38, 60, 96),
    (206, 200, 190),
    (52, 52, 56),
    (196, 156, 60),
    (70, 96, 74),
    (112, 60, 96),
)
TROUSERS = ((38, 44, 62), (56, 50, 46), (30, 30, 34), (110, 104, 92))


@dataclass(frozen=True)
class View:
    eye: Point
    target: Point
    focal: float
    town: Town


VIEWS: tuple[View, ...] = (
    View((-9.5, -20.0, 7.5), (3.0, 10.0, 0.0), 0.78, Town(6.6, 5.2, True, 6, (1, 1))),
    View((9.8, -22.0, 6.4), (-2.0, 12.0, 0.6), 0.82, Town(6.6, 5.2, True, 8, None)),
    View((-10.2, -17.0, 9.0), (6.0, 7.0, 0.0), 0.72, Town(5.2, 6.6, False, 10, None)),
    View((0.5, -26.0, 8.2), (0.0, 10.0, 0.5), 0.85, Town(8.4, 5.2, True, 12, (-1, 1))),
    View((10.6, -15.5, 10.5), (-5.0, 6.0, 0.0), 0.74, Town(6.6, 6.6, True, 5, (-1, 1))),
    View((-9.0, -24.0, 12.5), (2.5, 8.0, 0.0), 0.95, Town(6.6, 5.2, True, 4, None)),
)


class Scenery:
    def __init__(self, *, width: int, height: int, light: str, view: int, seed: int, label: str) -> None:
        rng = np.random.default_rng(seed)
        chosen = VIEWS[view % len(VIEWS)]
        self._light: Light = LIGHTS[light]
        self._lens = Lens(chosen.eye, chosen.target, chosen.focal, width, height)
        canvas = Canvas(self._lens, self._light)
        draw_town(canvas, chosen.town, rng)
        still, self._pools = canvas.picture()
        self._still = still.astype(np.uint8)
        self._nearness = canvas.nearness
        for patch in _waiting(self._lens, self._light, chosen.town, rng):
            self._lay(self._still, patch)
            self._hide_behind(patch)
        self._vehicles = _vehicles(chosen.town, rng)
        self._walkers = _walkers(chosen.town, rng)
        self._weather = _weather(self._light, width, height, rng)
        self._flakes = rng.random((260, 3)) if self._light.snow else None
        self._title, self._digits = _lettering(label, height)

    def picture(self, share: float, number: int) -> NDArray[np.uint8]:
        frame = self._still.copy()
        patches = [p for v in self._vehicles if (p := v.patch(self._lens, self._light, share)) is not None]
        for walker in self._walkers:
            patches += walker.patches(self._lens, self._light, share)
        for patch in sorted(patches, key=lambda p: p.nearness):
            self._lay(frame, patch)
        if self._weather:
            rows, columns, added = self._weather[number % len(self._weather)]
            frame[rows, columns] = np.minimum(frame[rows, columns].astype(np.uint16) + added, 255)
        if self._flakes is not None:
            self._snow(frame, share)
        self._letter(frame, number)
        return frame

    def _lay(self, frame: NDArray[np.uint8], patch: Patch) -> None:
        rows = slice(patch.top, patch.top + patch.cover.shape[0])
        columns = slice(patch.left, patch.left + patch.cover.shape[1])
        seen = self._nearness[rows, columns] < patch.nearness
        if not seen.any():
            return
        haze = 1 - np.exp(-1 / patch.nearness / self._light.haze_at_m)
        pool = self._pools[min(rows.stop, frame.shape[0]) - 1, (columns.start + columns.stop) // 2 - 1, 0]
        shine = np.array(self._light.ambient, np.float32) + pool * np.array((0.9, 0.75, 0.5), np.float32)
        colour = patch.colour * (shine * np.float32(1 - haze)) + np.array(self._light.haze, np.float32) * haze
        part = frame[rows, columns]
        laid = part + (patch.cover * seen[:, :, None]) * (colour - part)
        if patch.glow is not None:
            laid += patch.glow * (seen[:, :, None] * (1 - haze * 0.6))
        part[:] = np.clip(laid, 0, 255)

    def _hide_behind(self, patch: Patch) -> None:
        """Still things that were laid over the town hide what passes behind them."""
        part = self._nearness[
            patch.top : patch.top + patch.cover.shape[0], patch.left : patch.left + patch.cover.shape[1]
        ]
        np.copyto(part, np.maximum(part, patch.nearness), where=patch.cover[:, :, 0] > 0.7)

    def _snow(self, frame: NDArray[np.uint8], share: float) -> None:
        height, width = frame.shape[:2]
        assert self._flakes is not None
        for x, y, speed in self._flakes:
            # A whole number of falls per loop leaves no seam.
            v = int((y + share * (2 + int(speed * 4))) % 1.0 * (height - 3))
            u = int((x + 0.01 * np.sin(2 * np.pi * (share * 2 + y))) % 1.0 * (width - 3))
            size = 1 + int(speed * 2.4 * height / 540)
            frame[v : v + size, u : u + size] = frame[v : v + size, u : u + size] * 0.25 + 180

    def _letter(self, picture: NDArray[np.uint8], number: int) -> None:
        _stamp(picture, self._title, 8, 6)
        left = picture.shape[1] - 8 - sum(self._digits[c].shape[1] for c in "00000")
        for digit in f"{number:05d}":
            _stamp(picture, self._digits[digit], left, 6)
            left += self._digits[digit].shape[1]


def _vehicles(town: Town, rng: np.random.Generator) -> list[Vehicle]:
    """Main street flows: two lanes each way, so that no two ever meet."""
    vehicles = []
    a = town.main_half_m
    for lane, north in ((a * 0.25, True), (a * 0.75, True), (-a * 0.25, False), (-a * 0.75, False)):
        count = int(rng.integers(1, 4))
        first = float(rng.random())
        for i in range(count):
            kinds = ["sedan", "suv", "sedan", "suv", "van"] if i else ["sedan", "suv", "van", "bus"]
            body = BODIES[kinds[int(rng.integers(len(kinds)))]]
            paint = (236, 236, 232) if body is BODIES["bus"] else PAINTS[int(rng.integers(len(PAINTS)))]
            ends = ((lane, -30.0), (lane, 105.0)) if north else ((lane, 105.0), (lane, -30.0))
            vehicles.append(
                Vehicle(body, paint, *ends, (first + i / count + float(rng.uniform(0, 0.08))) % 1)
            )
    return vehicles


def _waiting(lens: Lens, light: Light, town: Town, rng: np.random.Generator) -> list[Patch]:
    """Vehicles that wait at the cross street's red light, or are parked along main street."""
    places: list[tuple[float, float, float]] = []
    for sign in (-1, 1):
        x, y = sign * (town.main_half_m + 7.6), -sign * town.cross_half_m / 2
        for i in range(int(rng.integers(1, 4))):
            places.append((x + sign * i * 6.2, -y if sign < 0 else y, 0.0 if sign < 0 else np.pi))
    found = []
    for x, y, heading in places:
        kinds = ("sedan", "suv", "van")
        body, paint = BODIES[kinds[int(rng.integers(3))]], PAINTS[int(rng.integers(len(PAINTS)))]
        patch = draw_vehicle(lens, light, body, paint, (x, -abs(y) if heading == 0 else abs(y)), heading)
        if patch is not None:
            found.append(patch)
    return sorted(found, key=lambda p: p.nearness)


def _walkers(town: Town, rng: np.random.Generator) -> list[Walker]:
    a, b = town.main_half_m, town.cross_half_m
    wall_x, wall_y = a + PAVEMENT_M, b + PAVEMENT_M
    walkers = []

    def add(path: tuple[tuple[float, float], ...], repeat: int) -> None:
        coat, trousers = COATS[int(rng.integers(len(COATS)))], TROUSERS[int(rng.integers(len(TROUSERS)))]
        walkers.append(
            Walker(path, float(rng.random()), repeat, coat, trousers, float(rng.uniform(1.6, 1.9)))
        )

    for side in (-1, 1):
        # Across the cross street, with main street's green; from door to door along the houses.
        for way in (-1, 1):
            x = side * (a + 1.6 + float(rng.uniform(0, 1.6)))
            ends = ((x, -way * 24.0), (x, way * 24.0))
            add(ends, 4)
        for _ in range(3):
            y = wall_y + float(rng.uniform(2, 30))
            out, length = (
                float(rng.uniform(1.2, 2.6)),
                float(rng.uniform(7, 9)) * (1 if rng.random() < 0.5 else -1),
            )
            door = side * (wall_x + 0.8)
            kerb = side * (wall_x - out)
            add(((door, y), (kerb, y + 1), (kerb, y + length), (door, y + length + 1)), 1)
    return walkers


Drops = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint8]]


def _weather(light: Light, width: int, height: int, rng: np.random.Generator) -> list[Drops]:
    """A few pictures of falling rain, shown in turn: rows, columns and how much brighter."""
    if not light.rain:
        return []
    pictures = []
    for _ in range(5):
        image = Image.new("L", (width, height))
        brush = ImageDraw.Draw(image)
        for _ in range(width // 4):
            u, v, length = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.02, 0.06) * height
            brush.line([(u, v), (u - length * 0.14, v + length)], int(rng.integers(14, 40)))
        drops = np.asarray(image)
        rows, columns = np.nonzero(drops)
        pictures.append((rows, columns, drops[rows, columns][:, None]))
    return pictures


def _lettering(label: str, height: int) -> tuple[NDArray[np.uint8], dict[str, NDArray[np.uint8]]]:
    size = max(11, height // 26)
    return _text(label, size), {digit: _text(digit, size) for digit in "0123456789"}


def _text(text: str, size: int) -> NDArray[np.uint8]:
    font = ImageFont.load_default(size)
    width = int(font.getlength(text)) + 2
    image = Image.new("LA", (width, size + 6))
    ImageDraw.Draw(image).text((1, 1), text, (255, 255), font, stroke_width=1, stroke_fill=(0, 255))
    return np.asarray(image)


def _stamp(picture: NDArray[np.uint8], letters: NDArray[np.uint8], left: int, top: int) -> None:
    room = picture[top : picture.shape[0] - strip_height(picture.shape[0]), left:]
    letters = letters[: room.shape[0], : room.shape[1]]
    part = room[: letters.shape[0], : letters.shape[1]]
    cover = letters[:, :, 1:].astype(np.uint16)
    part[:] = ((part * (255 - cover) + letters[:, :, :1] * cover) // 255).astype(np.uint8)
