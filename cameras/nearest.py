"""Which cameras see a place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cameras.geometry import MAX_REACH_M, Position, box_around, covers, distance_m
from cameras.models import Camera, Placement

FIVE = 5


@dataclass(frozen=True)
class Nearest:
    """A camera whose field of view held the place at the instant asked for."""

    camera: Camera
    placement: Placement
    distance_m: float


def nearest(point: Position, at: datetime, *, limit: int = FIVE) -> list[Nearest]:
    """Up to ``limit`` active cameras that see the point (lon, lat), nearest first; a camera whose field of
    view is not known is left out, because nobody can say that it sees the place.

    One query for the placements in reach; the exact cover is computed here.
    """
    placements = Placement.objects.valid_at(at).near(box_around(point, MAX_REACH_M)).of_active_cameras()
    found = [
        Nearest(placement.camera, placement, distance_m((placement.lon, placement.lat), point))
        for placement in placements.select_related("camera__owner", "site", "area")
        if placement.field_of_view and covers(placement.field_of_view, point)
    ]
    return sorted(found, key=lambda each: (each.distance_m, each.camera.code))[:limit]


def five_nearest(point: Position, at: datetime) -> list[Camera]:
    """The cameras that one key opens on an incident."""
    return [each.camera for each in nearest(point, at)]


def seen_in(polygon: dict[str, Any], starts_at: datetime, ends_at: datetime) -> list[tuple[UUID, UUID]]:
    """(camera, placement) of all that stood or looked into a drawn place in [starts_at, ends_at)."""
    from shapely.geometry import Point, shape

    area = shape(polygon)
    west, south, east, north = area.bounds
    margin = box_around(((west + east) / 2, (south + north) / 2), MAX_REACH_M)
    grow_lon, grow_lat = (margin.east - margin.west) / 2, (margin.north - margin.south) / 2
    rows = Placement.objects.overlapping(starts_at, ends_at).filter(
        lat__range=(south - grow_lat, north + grow_lat), lon__range=(west - grow_lon, east + grow_lon)
    )
    return [
        (camera, row.id)
        for row, camera in ((row, row.camera.id) for row in rows.select_related("camera"))
        if area.intersects(Point(row.lon, row.lat))
        or (row.field_of_view and area.intersects(shape(row.field_of_view)))
    ]
