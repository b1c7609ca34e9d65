"""Further street corners of downtown St. Louis, for as many simulated cameras as somebody asks for."""

from __future__ import annotations

from typing import Any

# The grid around the Old Courthouse: 4.5 streets and half a street from its origin. One numbered street
# to the west and one named street to the north move by these degrees (close, not surveyed).
_COURTHOUSE = (-90.18944, 38.62556)
_WEST = (-0.001241, 0.000233)
_NORTH = (0.000228, 0.000743)
_STREETS = ("Market St", "Chestnut St", "Pine St", "Olive St", "Locust St", "Washington Ave")
_NUMBERED = tuple(range(10, 21))
FIRST_CODE = 13


def corners(count: int) -> list[dict[str, Any]]:
    """Rows like those of `demo/cameras.toml`, with codes from cam13 on; none where count is not positive."""
    found = []
    for index in range(max(0, count)):
        lap, place = divmod(index, len(_STREETS) * len(_NUMBERED))
        number, street = divmod(place, len(_STREETS))
        west = _NUMBERED[number] - 4.5
        north = street - 0.5
        code = f"cam{FIRST_CODE + index:02d}"
        pole = f", pole {lap + 1}" if lap else ""
        found.append(
            {
                "code": code,
                "name": f"{_STREETS[street]} & {_NUMBERED[number]}th St{pole}",
                "owner": "slmpd-demo",
                "path": f"/{code}",
                "recording": "always",
                "retention_class": "standard",
                "site": "downtown",
                "area": "downtown-west",
                "lon": round(_COURTHOUSE[0] + west * _WEST[0] + north * _NORTH[0], 5),
                "lat": round(_COURTHOUSE[1] + west * _WEST[1] + north * _NORTH[1], 5),
                "bearing_deg": index * 40 % 360,
                "angle_deg": 120,
                "reach_m": 200,
                "marking": "blue light and sign",
                "purpose": "Vehicles and people at this crossing: collisions, thefts and calls for help.",
            }
        )
    return found
