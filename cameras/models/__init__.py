"""The rows of the registry."""

from cameras.models.agreements import Agreement, AgreementHours, Designation, LentHours
from cameras.models.devices import Camera, Device, Stream
from cameras.models.health import CameraHealth
from cameras.models.placements import Area, Mask, Placement, Pose, Site

__all__ = [
    "Agreement",
    "AgreementHours",
    "Area",
    "Camera",
    "CameraHealth",
    "Designation",
    "Device",
    "LentHours",
    "Mask",
    "Placement",
    "Pose",
    "Site",
    "Stream",
]
