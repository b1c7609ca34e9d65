"""A pinhole camera on a pole. World: metres, x east, y north, z up, the street corner at the origin."""

from __future__ import annotations

from math import hypot

Point = tuple[float, float, float]
Spot = tuple[float, float]
"""A place in the picture, in pixels from its upper left corner."""

NEAR_M = 0.6


class Lens:
    def __init__(self, eye: Point, target: Point, focal: float, width: int, height: int) -> None:
        """`focal` in picture widths."""
        self.eye = eye
        self.width, self.height = width, height
        self._f = focal * width
        dx, dy, dz = (t - e for t, e in zip(target, eye, strict=True))
        flat = hypot(dx, dy)
        length = hypot(flat, dz)
        self._forward = (dx / length, dy / length, dz / length)
        self._right = (dy / flat, -dx / flat, 0.0)
        fx, fy, fz = self._forward
        rx, ry, _ = self._right
        self._up = (ry * fz, -rx * fz, rx * fy - ry * fx)
        self.horizon = self.height / 2 + self._f * dz / flat

    def view(self, point: Point) -> Point:
        """Right, up and depth from the eye, in metres."""
        x, y, z = point[0] - self.eye[0], point[1] - self.eye[1], point[2] - self.eye[2]
        r, u, f = self._right, self._up, self._forward
        return (x * r[0] + y * r[1], x * u[0] + y * u[1] + z * u[2], x * f[0] + y * f[1] + z * f[2])

    def depth(self, point: Point) -> float:
        return self.view(point)[2]

    def pixels_per_m(self, depth: float) -> float:
        return self._f / depth

    def spot(self, point: Point) -> Spot:
        """Only for points that are known to be before the eye."""
        return self._flat(self.view(point))

    def outline(self, points: list[Point]) -> list[Spot]:
        """A polygon in the picture, cut at the near plane; empty where nothing of it is before the eye."""
        views = [self.view(p) for p in points]
        kept: list[Point] = []
        for a, b in zip(views, [*views[1:], views[0]], strict=True):
            if a[2] >= NEAR_M:
                kept.append(a)
            if (a[2] >= NEAR_M) != (b[2] >= NEAR_M):
                t = (NEAR_M - a[2]) / (b[2] - a[2])
                kept.append((a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]), NEAR_M))
        return [self._flat(v) for v in kept] if len(kept) > 2 else []

    def faces(self, points: list[Point]) -> bool:
        """Whether the eye is on the side from which the corners run counter-clockwise."""
        (ax, ay, az), (bx, by, bz), (cx, cy, cz) = points[0], points[1], points[2]
        ux, uy, uz = bx - ax, by - ay, bz - az
        vx, vy, vz = cx - ax, cy - ay, cz - az
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        ex, ey, ez = self.eye
        return nx * (ex - ax) + ny * (ey - ay) + nz * (ez - az) > 0

    def ground_depth(self, row: float) -> float:
        """Depth of the ground that is seen in a row of the picture; infinite above the horizon."""
        # A ray through the row (per metre of depth) falls by this much.
        fall = -(self._forward[2] + (self.height / 2 - row) / self._f * self._up[2])
        return self.eye[2] / fall if fall > 1e-6 else float("inf")

    def _flat(self, view: Point) -> Spot:
        scale = self._f / view[2]
        return self.width / 2 + view[0] * scale, self.height / 2 - view[1] * scale
