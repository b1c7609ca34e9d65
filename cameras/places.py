"""Where cameras stand, for a form on which cameras or a street corner are chosen: by words or on the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from cameras.geometry import Position, distance_m
from cameras.models import Camera, Placement
from rtcc import clock

# Cameras within this stand at one corner.
SAME_CORNER_M = 60.0
_SMALL_WORDS = frozenset({"st", "street", "and", "at", "ave", "avenue"})


@dataclass(frozen=True)
class Corner:
    """A street corner as cameras are named after it: (longitude, latitude)."""

    name: str
    point: Position


def places() -> list[dict[str, Any]]:
    """Every camera with its place, if it stands anywhere; fields of view are left out. Two queries."""
    newest = Placement.objects.valid_at(clock.now()).select_related("area")
    rows = Camera.objects.select_related("owner").prefetch_related(
        Prefetch("placements", queryset=newest, to_attr="placements_now")
    )
    return [_place(row) for row in rows.order_by("name")]


def _place(row: Camera) -> dict[str, Any]:
    place = next(iter(row.placements_now), None)
    return {
        "id": str(row.id),
        "code": row.code,
        "name": row.name,
        "owner": row.owner.name,
        "owner_class": row.owner_class,
        "area": place.area.name if place and place.area else "",
        "lon": place.lon if place else None,
        "lat": place.lat if place else None,
        "field_of_view": [],
    }


def corners(known: list[dict[str, Any]], words: str) -> list[Corner]:
    """Corners whose name holds every word; an exact name is the only answer."""
    wanted = words.casefold().replace("&", " ").replace(",", " ").split()
    wanted = [word for word in wanted if word not in _SMALL_WORDS] or wanted
    if not wanted:
        return []
    found: list[Corner] = []
    for each in known:
        if each["lat"] is None or not all(word in each["name"].casefold() for word in wanted):
            continue
        point = (each["lon"], each["lat"])
        if all(distance_m(corner.point, point) > SAME_CORNER_M for corner in found):
            found.append(Corner(each["name"], point))
    exact = [corner for corner in found if corner.name.casefold() == words.strip().casefold()]
    return exact or found
