"""The words of the registry. Values are stored: members are added, never renamed or reused."""

from __future__ import annotations

from enum import StrEnum


class Recording(StrEnum):
    """When a camera is recorded."""

    NEVER = "never"
    ALWAYS = "always"
    SCHEDULE = "schedule"
    WHILE_GRANTED = "while_granted"


RECORDING_SAYS = {
    Recording.NEVER: "never recorded",
    Recording.ALWAYS: "recorded at all times",
    Recording.SCHEDULE: "recorded in the hours of its agreement",
    Recording.WHILE_GRANTED: "recorded while a grant covers it",
}


class RetentionClass(StrEnum):
    """Which parameter of the policy version says how long footage is kept: `retention_<value>`."""

    STANDARD = "standard"
    PARTNER = "partner"
    DEMONSTRATION = "demonstration"


class StreamRole(StrEnum):
    RECORD = "record"
    LIVE = "live"
    PREVIEW = "preview"


class Codec(StrEnum):
    """What a stream was found to carry; ``unknown`` until it was connected once."""

    H264 = "h264"
    H265 = "h265"
    MJPEG = "mjpeg"
    OTHER = "other"
    UNKNOWN = "unknown"


class Sensitivity(StrEnum):
    """Places where watching weighs more (governance, section 2)."""

    WORSHIP = "worship"
    CLINIC = "clinic"
    SCHOOL = "school"
    SHELTER = "shelter"
    UNION_HALL = "union_hall"
    PROTEST_SPACE = "protest_space"


class HealthState(StrEnum):
    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


HEALTH_SAYS = {
    HealthState.UP: "pictures arrive",
    HealthState.DOWN: "no pictures arrive",
    HealthState.UNKNOWN: "not known yet",
}
