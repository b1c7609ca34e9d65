"""Words the recorder uses for where a camera stands and why footage is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CameraState(StrEnum):
    """Where one camera's connection stands. The engine owns every change."""

    WAITING = "waiting"
    RESOLVING = "resolving"
    CONNECTING = "connecting"
    HANDSHAKE = "handshake"
    PLAYING = "playing"
    STOPPED = "stopped"


class GapReason(StrEnum):
    """Why there is no footage, or footage that does not decode, for some time."""

    CONNECTING = "connecting"
    ADDRESS_REFUSED = "address_refused"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    AUTH_FAILED = "auth_failed"
    NOT_FOUND = "not_found"
    NO_VIDEO = "no_video"
    CODEC_NOT_SUPPORTED = "codec_not_supported"
    PROTOCOL_ERROR = "protocol_error"
    TIMEOUT = "timeout"
    CLOSED_BY_CAMERA = "closed_by_camera"
    NO_KEY_FRAME = "no_key_frame"
    STALLED = "stalled"
    LOST_PACKETS = "lost_packets"
    CAMERA_CLOCK = "camera_clock"
    STORAGE_FAILED = "storage_failed"
    FILE_MISSING = "file_missing"
    INTERNAL_ERROR = "internal_error"
    STOPPED = "stopped"
    NOT_RUNNING = "not_running"


class CloseReason(StrEnum):
    """Why a segment ended."""

    MINUTE = "minute"
    STREAM_CHANGED = "stream_changed"
    CONNECTION_ENDED = "connection_ended"
    STORAGE_FAILED = "storage_failed"
    STOPPED = "stopped"


class ProtocolError(Exception):
    """The camera said something the recorder can't or won't follow; the connection ends.

    `reason` becomes the gap's reason, `detail` one plain sentence without secrets.
    """

    def __init__(self, detail: str, reason: GapReason = GapReason.PROTOCOL_ERROR) -> None:
        super().__init__(detail)
        self.detail = detail
        self.reason = reason


class AddressRefused(Exception):
    """Raised by a `resolve` callback: the address is not in an allowed network."""


class SinkFailed(Exception):
    """Raised by a segment sink that could not keep a fragment (disk full, vault behind).

    `kept_until`: how far footage was kept, where the sink knows better than its caller.
    """

    def __init__(self, detail: str, kept_until: datetime | None = None) -> None:
        super().__init__(detail)
        self.kept_until = kept_until


@dataclass(frozen=True, slots=True)
class Gap:
    """Missing footage of one camera. Sent when it opens (`ends_at` None) and again, with the same
    (camera, starts_at, reason), when it closes."""

    camera: str
    starts_at: datetime
    ends_at: datetime | None
    reason: GapReason
    detail: str
