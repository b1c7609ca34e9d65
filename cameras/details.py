"""What somebody states about a camera, and whether it can be true. Forms, the API and CSV all make these."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cameras.addresses import Address, is_allowed
from cameras.geometry import check_field_of_view
from cameras.models.devices import Credentials
from cameras.vocabulary import Recording, RetentionClass, Sensitivity
from rtcc.config import config
from rtcc.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class PlacementDetails:
    """Where a camera stands, in degrees of WGS 84; ``bearing_deg`` is clockwise from true north."""

    site: UUID
    lon: float
    lat: float
    purpose: str
    area: UUID | None = None
    bearing_deg: float | None = None
    field_of_view: dict[str, Any] | None = None
    marking: str = ""
    sensitivity: frozenset[Sensitivity] = frozenset()


@dataclass(frozen=True, kw_only=True)
class StreamDetails:
    """Where the pictures come from. Without ``live_path`` the recorded stream is the one that is watched."""

    host: str
    port: int
    path: str
    live_path: str = ""
    maker: str = ""
    credentials: Credentials | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class CameraDetails:
    """A camera to be registered."""

    code: str
    name: str
    owner: UUID
    purpose: str
    recording: Recording
    retention_class: RetentionClass
    stream: StreamDetails
    placement: PlacementDetails


def check_stream(stream: StreamDetails) -> None:
    """Raise BadInput naming the field. A name is looked up when it is connected to, never here."""
    for name, path in (("path", stream.path), ("live_path", stream.live_path)):
        if path and (not path.startswith("/") or any(letter.isspace() for letter in path)):
            raise BadInput("The path begins with / and has no spaces.", field=name)
    if not any(net.first_port <= stream.port <= net.last_port for net in config.camera_networks):
        raise BadInput(f"Port {stream.port} is not one at which cameras may be reached.", field="port")
    try:
        ip = ipaddress.ip_address(stream.host.strip("[]"))
    except ValueError:
        return
    if not is_allowed(Address(str(ip), stream.port), config.camera_networks):
        raise BadInput(f"{ip} is outside the networks in which cameras may stand.", field="host")


def check_placement(placement: PlacementDetails) -> None:
    """Raise BadInput naming the field."""
    if not (-180 <= placement.lon <= 180 and -90 <= placement.lat <= 90):
        raise BadInput("Longitude is between -180 and 180, latitude between -90 and 90.", field="lon")
    if placement.bearing_deg is not None and not 0 <= placement.bearing_deg < 360:
        raise BadInput("The bearing is from 0 up to 360 degrees, clockwise from north.", field="bearing_deg")
    if not placement.purpose.strip():
        raise BadInput("Every camera has a written purpose.", field="purpose")
    if placement.field_of_view is not None:
        wrong = check_field_of_view(placement.field_of_view, (placement.lon, placement.lat))
        if wrong:
            raise BadInput(wrong, field="field_of_view")


def check_camera(details: CameraDetails) -> None:
    """Raise BadInput naming the field."""
    for name, text, most in (("code", details.code, 40), ("name", details.name, 120)):
        if not text.strip() or len(text) > most:
            raise BadInput(f"A {name} of up to {most} characters is needed.", field=name)
    if not details.code.replace("-", "").replace("_", "").isalnum() or not details.code.isascii():
        raise BadInput("The code has letters, digits, - and _ only.", field="code")
    if not details.purpose.strip():
        raise BadInput("Every camera has a written purpose.", field="purpose")
    check_stream(details.stream)
    check_placement(details.placement)
