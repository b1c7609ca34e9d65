"""A place on the map, and the cameras that stood there or looked into it at the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shapely.errors import ShapelyError
from shapely.geometry import Polygon

from cameras.geometry import Position, sector
from cameras.models import Placement
from cameras.nearest import seen_in
from evidence.retention.keeping import MOST_CAMERAS, Span
from rtcc.errors import BadInput

LEAST_RADIUS_M, MOST_RADIUS_M = 10, 1000
MOST_CORNERS = 60
# Wider than this is no place, but a part of the country.
_MOST_DEGREES = 0.2


@dataclass(frozen=True)
class Place:
    """Where something happened. ``area`` is a GeoJSON polygon (RFC 7946), longitude first."""

    words: str
    area: dict[str, Any]
    point: Position | None = None
    radius_m: int | None = None


@dataclass(frozen=True)
class Seen:
    """A placement that saw the place, and the part of the time in which it stood."""

    span: Span
    placement: UUID


def circle(words: str, point: Position, radius_m: int) -> Place:
    """A place around a point. Raises BadInput."""
    lon, lat = point
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise BadInput("That point is not on the map.", field="lat")
    if not LEAST_RADIUS_M <= radius_m <= MOST_RADIUS_M:
        raise BadInput(f"Choose between {LEAST_RADIUS_M} and {MOST_RADIUS_M} metres.", field="radius_m")
    return Place(words, sector(point, bearing_deg=0, angle_deg=360, reach_m=radius_m), point, radius_m)


def drawn(words: str, text: str) -> Place:
    """A place from its corners, ``lon,lat;lon,lat;...``. Raises BadInput."""
    try:
        ring = [tuple(float(part) for part in corner.split(",")) for corner in text.split(";")]
    except ValueError as error:
        raise BadInput("The place is not a list of corners.", field="corners") from error
    on_earth = all(len(corner) == 2 and abs(corner[0]) <= 180 and abs(corner[1]) <= 90 for corner in ring)
    if not on_earth or not 3 <= len(ring) <= MOST_CORNERS:
        raise BadInput(f"A place has 3 to {MOST_CORNERS} corners on the map.", field="corners")
    try:
        polygon = Polygon(ring)
        sound = polygon.is_valid and polygon.area > 0
    except (ShapelyError, ValueError):
        sound = False
    if not sound:
        raise BadInput("The lines of the place cross each other, or it has no area.", field="corners")
    west, south, east, north = polygon.bounds
    if max(east - west, north - south) > _MOST_DEGREES:
        raise BadInput("That is too wide. Draw around the corner that you mean.", field="corners")
    return Place(words, {"type": "Polygon", "coordinates": [[*map(list, ring), list(ring[0])]]})


def cameras_at(place: Place, starts_at: datetime, ends_at: datetime) -> list[Seen]:
    """All that stood or looked there at some time of [starts_at, ends_at), partners' included.

    Raises BadInput where they are more than one hold may name.
    """
    found = seen_in(place.area, starts_at, ends_at)
    rows = {row.id: row for row in Placement.objects.with_ids([placement for _, placement in found])}
    cameras = {camera for camera, _ in found}
    if len(cameras) > MOST_CAMERAS:
        raise BadInput(f"{len(cameras)} cameras saw that place. Draw a smaller one.", field="corners")
    return [
        Seen(
            Span(
                camera,
                max(starts_at, rows[placement].starts_at),
                min(ends_at, rows[placement].ends_at or ends_at),
            ),
            placement,
        )
        for camera, placement in found
    ]
