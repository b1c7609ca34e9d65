"""Plane geometry around a point of the city: distances and fields of view, in metres.

Within a few kilometres the earth is flat enough: an equirectangular projection about the point itself
errs by less than 0.1% of the distance there. Points are (longitude, latitude) in WGS 84 degrees, as
in GeoJSON (RFC 7946, section 3.1.1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shapely.errors import ShapelyError
from shapely.geometry import Point, Polygon, shape

METRES_PER_DEGREE = 111_320.0
# The farthest that a field of view may reach; what lies beyond is refused when a camera is registered,
# so that the search for the nearest may leave out every camera farther away than this.
MAX_REACH_M = 1000.0

Position = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A box of degrees."""

    west: float
    south: float
    east: float
    north: float


def box_around(point: Position, radius_m: float) -> Box:
    """The box that holds every point within ``radius_m``."""
    lon, lat = point
    up = radius_m / METRES_PER_DEGREE
    across = up / max(math.cos(math.radians(lat)), 0.01)
    return Box(lon - across, lat - up, lon + across, lat + up)


def to_local(point: Position, origin: Position) -> Position:
    """Metres east and north of the origin."""
    scale = METRES_PER_DEGREE * math.cos(math.radians(origin[1]))
    return (point[0] - origin[0]) * scale, (point[1] - origin[1]) * METRES_PER_DEGREE


def from_local(metres: Position, origin: Position) -> Position:
    """The inverse of `to_local`."""
    scale = METRES_PER_DEGREE * math.cos(math.radians(origin[1]))
    return origin[0] + metres[0] / scale, origin[1] + metres[1] / METRES_PER_DEGREE


def distance_m(one: Position, other: Position) -> float:
    """Metres between two points near each other."""
    return math.hypot(*to_local(one, other))


def covers(field_of_view: dict[str, Any], point: Position) -> bool:
    """Whether a GeoJSON polygon holds the point, its edge included."""
    ring = [to_local((corner[0], corner[1]), point) for corner in field_of_view["coordinates"][0]]
    holes = [
        [to_local((corner[0], corner[1]), point) for corner in hole]
        for hole in field_of_view["coordinates"][1:]
    ]
    return bool(Polygon(ring, holes).covers(Point(0, 0)))


def sector(point: Position, *, bearing_deg: float, angle_deg: float, reach_m: float) -> dict[str, Any]:
    """A field of view as a GeoJSON polygon: a slice of a circle, or the whole circle from 360 degrees.

    ``bearing_deg`` is where its middle looks, clockwise from true north.
    """
    steps = max(4, int(angle_deg // 10))
    whole = angle_deg >= 360
    first = bearing_deg - min(angle_deg, 360) / 2
    turns = [first + min(angle_deg, 360) * step / steps for step in range(steps if whole else steps + 1)]
    arc = [(reach_m * math.sin(math.radians(turn)), reach_m * math.cos(math.radians(turn))) for turn in turns]
    corners = arc if whole else [(0.0, 0.0), *arc]
    ring = [from_local(corner, point) for corner in [*corners, corners[0]]]
    # Clockwise on the compass; GeoJSON's outer ring runs the other way (RFC 7946, section 3.1.6).
    return {"type": "Polygon", "coordinates": [[[round(x, 7), round(y, 7)] for x, y in reversed(ring)]]}


def check_field_of_view(value: Any, point: Position) -> str | None:
    """What is wrong with a field of view for a camera at the point, as a sentence; None if nothing is."""
    if not isinstance(value, dict) or value.get("type") != "Polygon":
        return "The field of view must be a GeoJSON Polygon."
    try:
        polygon = shape(value)
        if not isinstance(polygon, Polygon):
            return "The field of view must be a GeoJSON Polygon."
        corners = [(float(x), float(y)) for x, y, *_ in polygon.exterior.coords]
    except (ShapelyError, ValueError, TypeError, KeyError, AttributeError, IndexError):
        return "The field of view is not a readable GeoJSON Polygon."
    if len(corners) < 4 or not polygon.is_valid or polygon.is_empty:
        return "The field of view crosses itself or has no area."
    if not all(math.isfinite(x) and math.isfinite(y) for x, y in corners):
        return "The field of view holds a coordinate that is not a number."
    if max(distance_m(corner, point) for corner in corners) > MAX_REACH_M:
        return f"The field of view reaches farther than {MAX_REACH_M:.0f} m from the camera."
    return None


def outline(field_of_view: dict[str, Any] | None) -> Sequence[Sequence[float]]:
    """The outer ring, for a map; empty where the field of view is not known."""
    ring: Sequence[Sequence[float]] = field_of_view["coordinates"][0] if field_of_view else ()
    return ring
