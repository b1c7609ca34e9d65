"""The still street corner: two roads that cross, markings, houses with shops, trees, lamps, signals."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np

from cameras.simulated.canvas import BLACK, Canvas
from cameras.simulated.lens import Point
from cameras.simulated.light import Colour, toned

PAVEMENT_M = 4.2
FAR_M = 600.0
CLEAR_M = 13.0
"""Nothing stands nearer to the eye than this: a pole or a lamp there would fill the picture."""
_ASPHALT, _CONCRETE, _KERB, _WHITE, _YELLOW = (
    (74, 76, 80),
    (158, 155, 149),
    (184, 182, 176),
    (222, 222, 216),
    (214, 176, 62),
)
_SNOWY = {_ASPHALT: (150, 154, 160), _CONCRETE: (222, 226, 232)}
_WALLS: tuple[Colour, ...] = (
    (142, 78, 62),
    (164, 96, 74),
    (196, 178, 148),
    (176, 160, 138),
    (120, 112, 108),
    (186, 186, 180),
    (128, 66, 56),
    (154, 138, 116),
    (104, 110, 120),
    (206, 196, 176),
)
_AWNINGS: tuple[Colour, ...] = ((150, 40, 44), (36, 84, 66), (40, 62, 110), (190, 150, 60), (92, 48, 88))


@dataclass(frozen=True)
class Town:
    """Measures of one corner. Main street runs along y, the cross street along x."""

    main_half_m: float
    cross_half_m: float
    trees: bool
    tall: float
    """How high houses are, about, in storeys."""
    park: tuple[int, int] | None
    """The block (sign of x, sign of y) that is a small park instead of houses."""


@dataclass(frozen=True)
class House:
    x0: float
    x1: float
    y0: float
    y1: float
    height: float
    wall: Colour

    def sides(self) -> list[tuple[Point, Point]]:
        """Lower corners of each wall, left to right as seen from outside."""
        a, b = (self.x0, self.y0, 0.0), (self.x1, self.y0, 0.0)
        c, d = (self.x1, self.y1, 0.0), (self.x0, self.y1, 0.0)
        return [(a, b), (b, c), (c, d), (d, a)]


def draw_town(canvas: Canvas, town: Town, rng: np.random.Generator) -> None:
    canvas.sky(rng)
    _ground(canvas, town)
    _skyline(canvas, rng)
    _markings(canvas, town)
    canvas.speckle(rng, 3.2)
    houses = _houses(town, rng)
    posts = [p for p in _posts(town) if canvas.lens.depth((p[1], p[2], 0)) > CLEAR_M]
    if canvas.light.sun:
        for house in houses:
            _house_shadow(canvas, house, canvas.light.sun)
    eye = canvas.lens.eye
    # Painter's order by the nearest corner: houses do not overlap, posts stand free of them.
    things: list[tuple[float, int]] = [(_gap(h, eye), i) for i, h in enumerate(houses)]
    things += [(float(np.hypot(p[1] - eye[0], p[2] - eye[1])), len(houses) + i) for i, p in enumerate(posts)]
    for _, i in sorted(things, reverse=True):
        if i < len(houses):
            _house(canvas, houses[i], rng)
        else:
            kind, x, y = posts[i - len(houses)]
            if kind == "tree":
                if town.trees:
                    _tree(canvas, x, y, rng)
            elif kind == "lamp":
                _street_lamp(canvas, x, y)
            else:
                _signal(canvas, x, y, town)


def _gap(house: House, eye: Point) -> float:
    dx = max(house.x0 - eye[0], 0, eye[0] - house.x1)
    dy = max(house.y0 - eye[1], 0, eye[1] - house.y1)
    return float(np.hypot(dx, dy))


def _rect(canvas: Canvas, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
    canvas.shape([(x0, y0, 0), (x1, y0, 0), (x1, y1, 0), (x0, y1, 0)], colour)


def _skyline(canvas: Canvas, rng: np.random.Generator) -> None:
    lens, low = canvas.lens, canvas.light.sky_low
    colour = toned(low, 0.72)
    u = -20.0
    while u < lens.width:
        w, h = lens.width * rng.uniform(0.02, 0.06), lens.height * rng.uniform(0.02, 0.13)
        top, foot = lens.horizon - h, lens.horizon + lens.height * 0.012
        canvas.outline([(u, foot), (u, top), (u + w, top), (u + w, foot)], colour)
        u += w * rng.uniform(0.9, 1.5)


def _ground(canvas: Canvas, town: Town) -> None:
    asphalt, concrete = _ASPHALT, _CONCRETE
    if canvas.light.snow:
        asphalt, concrete = _SNOWY[_ASPHALT], _SNOWY[_CONCRETE]
    elif canvas.light.wet:
        asphalt, concrete = (58, 60, 66), (124, 122, 120)
    a, b, f = town.main_half_m, town.cross_half_m, FAR_M
    _rect(canvas, -f, -f, f, f, concrete)
    k = 0.22
    for half, along in ((a, True), (b, False)):
        for lo, hi, colour in ((-half - k, half + k, _KERB), (-half, half, asphalt)):
            box = (lo, -f, hi, f) if along else (-f, lo, f, hi)
            _rect(canvas, *box, colour)
    _rect(canvas, -a, -f, a, f, asphalt)
    corners = [(-a, -f), (a, f)], [(-f, -b), (f, b)]
    for (x0, y0), (x1, y1) in corners:
        canvas.wet([(x0, y0, 0), (x1, y0, 0), (x1, y1, 0), (x0, y1, 0)])
    # Paving joints every 1.5 m on the pavements that lie near.
    line = toned(concrete, 0.9)
    for side in (-1, 1):
        for i in range(-30, 31):
            y = i * 1.5
            if abs(y) > b + 0.3:
                x0, x1 = side * (a + 0.3), side * (a + PAVEMENT_M)
                _rect(canvas, min(x0, x1), y, max(x0, x1), y + 0.05, line)
    if town.park:
        sx, sy = town.park
        x0, y0 = sx * (a + PAVEMENT_M), sy * (b + PAVEMENT_M)
        grass = (224, 228, 232) if canvas.light.snow else (92, 122, 70)
        _rect(canvas, min(x0, sx * 60), min(y0, sy * 60), max(x0, sx * 60), max(y0, sy * 60), grass)


def _markings(canvas: Canvas, town: Town) -> None:
    if canvas.light.snow:
        return
    a, b = town.main_half_m, town.cross_half_m
    stop = 5.2
    for sign in (-1, 1):
        for i in range(28):
            y0 = sign * (b + stop + i * 6)
            for x in (-a / 2, a / 2):
                _rect(canvas, x - 0.07, min(y0, y0 + sign * 2.6), x + 0.07, max(y0, y0 + sign * 2.6), _WHITE)
        far = sign * FAR_M
        for off in (-0.2, 0.12):
            y0, x0 = sign * (b + stop), sign * (a + stop)
            _rect(canvas, off, min(y0, far), off + 0.1, max(y0, far), _YELLOW)
            _rect(canvas, min(x0, far), off, max(x0, far), off + 0.1, _YELLOW)
        # Crossings: bars along the direction of travel.
        for i in range(int(2 * a / 1.1)):
            x, y = -a + 0.4 + i * 1.1, sign * (b + 1.0)
            _rect(canvas, x, min(y, y + sign * 2.8), x + 0.55, max(y, y + sign * 2.8), _WHITE)
        for i in range(int(2 * b / 1.1)):
            y, x = -b + 0.4 + i * 1.1, sign * (a + 1.0)
            _rect(canvas, min(x, x + sign * 2.8), y, max(x, x + sign * 2.8), y + 0.55, _WHITE)
        y, x = sign * (b + stop - 0.5), sign * (a + stop - 0.5)
        # Stop lines, on the right of the road for those who come.
        _rect(canvas, min(0, -sign * a), y, max(0, -sign * a), y + 0.4, _WHITE)
        _rect(canvas, x, min(0, sign * b), x + 0.4, max(0, sign * b), _WHITE)


def _houses(town: Town, rng: np.random.Generator) -> list[House]:
    houses = []
    a, b = town.main_half_m + PAVEMENT_M, town.cross_half_m + PAVEMENT_M
    for sx in (-1, 1):
        for sy in (-1, 1):
            if (sx, sy) == town.park:
                continue
            at = b
            while at < 110:
                length = float(rng.uniform(13, 24))
                storeys = max(2, round(float(rng.normal(town.tall, town.tall * 0.35))))
                wall = _WALLS[int(rng.integers(len(_WALLS)))]
                xs, ys = sorted((sx * a, sx * (a + 16))), sorted((sy * at, sy * (at + length)))
                houses.append(House(xs[0], xs[1], ys[0], ys[1], storeys * 3.5 + 1.2, wall))
                at += length
            at = a + 16
            while at < 90:
                length = float(rng.uniform(14, 22))
                storeys = max(2, round(float(rng.normal(town.tall, town.tall * 0.35))))
                wall = _WALLS[int(rng.integers(len(_WALLS)))]
                xs, ys = sorted((sx * at, sx * (at + length))), sorted((sy * b, sy * (b + 14)))
                houses.append(House(xs[0], xs[1], ys[0], ys[1], storeys * 3.5 + 1.2, wall))
                at += length
    return houses


def _house_shadow(canvas: Canvas, house: House, sun: tuple[float, float]) -> None:
    dx, dy = sun[0] * house.height, sun[1] * house.height
    for a, b in house.sides():
        canvas.shadow([a, b, (b[0] + dx, b[1] + dy, 0), (a[0] + dx, a[1] + dy, 0)])
    canvas.shadow([(x + dx, y + dy, 0) for (x, y, _), _ in house.sides()])


def _house(canvas: Canvas, house: House, rng: np.random.Generator) -> None:
    for i, (a, b) in enumerate(house.sides()):
        wall = [a, b, (b[0], b[1], house.height), (a[0], a[1], house.height)]
        if not canvas.lens.faces(wall):
            continue
        bright = (1.0, 0.86, 0.78, 0.92)[i]
        colour = toned(house.wall, bright)
        canvas.shape(wall, colour)
        _mark(canvas, wall)
        _wall_details(canvas, house, a, b, colour, rng)


def _mark(canvas: Canvas, wall: list[Point]) -> None:
    """Let a wall hide what is behind it; its plane in 1/depth comes from three points before the eye."""
    lens = canvas.lens
    (ax, ay, _), (bx, by, _), top = wall[0], wall[1], wall[2][2]
    shares = [s for s in np.linspace(0, 1, 9) if lens.depth((ax + s * (bx - ax), ay + s * (by - ay), 0)) > 1]
    if len(shares) < 2:
        return
    near, far = ((ax + s * (bx - ax), ay + s * (by - ay)) for s in (shares[0], shares[-1]))
    points = [(*near, 0.0), (*far, 0.0), (*near, top)]
    depths = (lens.depth(points[0]), lens.depth(points[1]), lens.depth(points[2]))
    if min(depths) > 0.3:
        canvas.hides(lens.outline(wall), depths, [lens.spot(p) for p in points])


@dataclass(frozen=True)
class Wall:
    canvas: Canvas
    foot: Point
    along: tuple[float, float]
    length: float
    height: float
    colour: Colour

    def panel(self, s0: float, s1: float, z0: float, z1: float, colour: Colour, glow: Colour = BLACK) -> None:
        """A rectangle on the wall: metres along it, metres above the ground."""
        (x, y, _), (ux, uy) = self.foot, self.along
        low, high = (x + ux * s0, y + uy * s0), (x + ux * s1, y + uy * s1)
        self.canvas.shape([(*low, z0), (*high, z0), (*high, z1), (*low, z1)], colour, glow)


def _wall_details(
    canvas: Canvas, house: House, a: Point, b: Point, colour: Colour, rng: np.random.Generator
) -> None:
    length = abs(b[0] - a[0]) + abs(b[1] - a[1])
    along = ((b[0] - a[0]) / length, (b[1] - a[1]) / length)
    wall = Wall(canvas, a, along, length, house.height, colour)
    wall.panel(0, length, 3.6, 3.9, toned(colour, 1.18))
    wall.panel(0, length, house.height - 0.8, house.height, toned(colour, 1.18))
    wall.panel(0, length, house.height - 1.0, house.height - 0.8, toned(colour, 0.7))
    bays = max(2, int(length / 3.1))
    _windows(wall, bays, rng)
    _shops(wall, bays, rng)


def _windows(wall: Wall, bays: int, rng: np.random.Generator) -> None:
    step, light = wall.length / bays, wall.canvas.light
    sill = toned(wall.colour, 1.18)
    for floor in range(1, int((wall.height - 1.2) / 3.5)):
        for bay in range(bays):
            s, z = bay * step + step * 0.24, floor * 3.5 + 1.1
            shade = int(rng.integers(52, 96))
            on = light.lamps and rng.random() < light.lit_windows
            glow = toned((255, 199, 128), float(rng.uniform(0.47, 0.84))) if on else BLACK
            wall.panel(s - 0.1, s + step * 0.52 + 0.1, z - 0.22, z - 0.05, sill)
            wall.panel(s, s + step * 0.52, z, z + 1.7, (shade, shade + 10, shade + 22), glow)


def _shops(wall: Wall, bays: int, rng: np.random.Generator) -> None:
    step = wall.length / bays
    awning = _AWNINGS[int(rng.integers(len(_AWNINGS)))]
    for bay in range(bays):
        s = bay * step
        open_late = wall.canvas.light.lamps and rng.random() < 0.55
        if bay % 3 == 1:
            wall.panel(s + step * 0.3, s + step * 0.7, 0, 2.4, (58, 44, 40))
        else:
            shine = (168, 140, 96) if open_late else BLACK
            wall.panel(s + step * 0.1, s + step * 0.9, 0.5, 2.7, (70, 84, 96), shine)
        glow = toned(awning, 1 / 3) if open_late else BLACK
        wall.panel(s + step * 0.06, s + step * 0.94, 2.75, 3.35, awning, glow)


def _posts(town: Town) -> list[tuple[str, float, float]]:
    """Kind, x, y of what stands along the kerbs."""
    a, b = town.main_half_m + 0.9, town.cross_half_m + 0.9
    posts: list[tuple[str, float, float]] = []
    for sx in (-1, 1):
        for sy in (-1, 1):
            posts += [("lamp", sx * a, sy * (b + 9 + 26 * i)) for i in range(4)]
            posts += [("lamp", sx * (a + 14 + 26 * i), sy * b) for i in range(2)]
            posts += [("tree", sx * (a + 0.4), sy * (b + 15 + 13 * i)) for i in range(6)]
            if town.park == (sx, sy):
                posts += [
                    ("tree", sx * (a + 9 + 8 * i), sy * (b + 9 + 7 * j)) for i in range(3) for j in range(3)
                ]
        posts.append(("signal", sx * a, sx * b))
    return posts


def _pole(canvas: Canvas, x: float, y: float, height: float, width: float, colour: Colour) -> None:
    depth = canvas.lens.depth((x, y, 0))
    (u0, v0), (u1, v1) = canvas.lens.spot((x, y, 0)), canvas.lens.spot((x, y, height))
    w = canvas.lens.pixels_per_m(depth) * width / 2
    box = [(u0 - w, v0), (u0 + w, v0), (u1 + w * 0.7, v1), (u1 - w * 0.7, v1)]
    canvas.outline(box, colour)
    canvas.hides(box, depth, box)


def _plate(canvas: Canvas, points: list[Point], colour: Colour) -> None:
    """A small flat thing overhead; it hides what passes behind it."""
    canvas.shape(points, colour)
    canvas.hides(canvas.lens.outline(points), max(1.0, canvas.lens.depth(points[0])), [])


def _street_lamp(canvas: Canvas, x: float, y: float) -> None:
    if canvas.light.sun:
        dx, dy = canvas.light.sun
        canvas.shadow(
            [
                (x, y, 0),
                (x + 0.15, y, 0),
                (x + dx * 7.5 + 0.15, y + dy * 7.5, 0),
                (x + dx * 7.5, y + dy * 7.5, 0),
            ]
        )
    canvas.pool(x - (1.6 if x > 0 else -1.6), y, 10.5)
    _pole(canvas, x, y, 7.6, 0.17, (58, 62, 64))
    arm = -1.7 if x > 0 else 1.7
    _plate(canvas, [(x, y, 7.5), (x + arm, y, 7.75), (x + arm, y, 7.85), (x, y, 7.65)], (58, 62, 64))
    shine = (255, 226, 170) if canvas.light.lamps else BLACK
    canvas.disc((x + arm, y, 7.7), 0.2, (206, 206, 200), shine)


def _signal(canvas: Canvas, x: float, y: float, town: Town) -> None:
    """A mast with an arm over the main street; main has green, the cross street waits."""
    _pole(canvas, x, y, 6.2, 0.2, (70, 72, 70))
    reach = -town.main_half_m if x > 0 else town.main_half_m
    _plate(canvas, [(x, y, 5.75), (x + reach, y, 5.85), (x + reach, y, 5.97), (x, y, 5.9)], (70, 72, 70))
    for share in (0.55, 1.0):
        cx = x + reach * share
        left, right = cx - 0.2, cx + 0.2
        _plate(canvas, [(left, y, 5.0), (right, y, 5.0), (right, y, 6.1), (left, y, 6.1)], (34, 36, 34))
        for z, on, colour in (
            (5.88, False, (90, 20, 20)),
            (5.55, False, (90, 76, 20)),
            (5.22, True, (60, 230, 130)),
        ):
            canvas.disc((cx, y, z), 0.12, colour, colour if on else BLACK)


def _tree(canvas: Canvas, x: float, y: float, rng: np.random.Generator) -> None:
    lens = canvas.lens
    depth = lens.depth((x, y, 0))
    height, spread = float(rng.uniform(5.0, 7.0)), float(rng.uniform(1.5, 2.1))
    if canvas.light.sun:
        dx, dy = canvas.light.sun
        cx, cy = x + dx * height * 0.7, y + dy * height * 0.7
        ring = [
            (cx + spread * cos(t) * 1.1, cy + spread * sin(t) * 1.1, 0.0)
            for t in np.linspace(0, 2 * pi, 14)[:-1]
        ]
        canvas.shadow(ring)
    _pole(canvas, x, y, height * 0.6, 0.28, (84, 66, 52))
    snow = canvas.light.snow
    ring_angles = np.linspace(0, 2 * pi, 13)[:-1]
    green = np.array((206, 212, 218) if snow else (62, 98, 48))
    for i in range(46):
        angle, out = rng.uniform(0, 2 * pi), spread * float(np.sqrt(rng.random()))
        z = height * 0.66 + float(rng.normal(0, spread * 0.42))
        tone = green * (0.66 + 0.5 * i / 46) + rng.normal(0, 6, 3)
        r, g, b = (int(c) for c in np.clip(tone, 0, 255))
        centre = (x + out * cos(angle), y + out * sin(angle) * 0.6, z)
        radius = float(rng.uniform(0.35, 0.62))
        canvas.disc(centre, radius, (r, g, b))
        (u, v), w = lens.spot(centre), lens.pixels_per_m(depth) * radius
        canvas.hides([(u + w * cos(t), v + w * sin(t)) for t in ring_angles], depth, [])
