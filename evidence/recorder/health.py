"""How cameras are doing, written every few seconds for the pages that show it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from cameras.models import Camera, CameraHealth
from cameras.vocabulary import HealthState
from evidence.recorder.camera import CameraStatistics
from evidence.recorder.states import CameraState
from rtcc import clock

MEASURED = (
    "state",
    "since",
    "checked_at",
    "last_picture_at",
    "frame_rate",
    "kbit_per_s",
    "clock_offset_ms",
    "sentence",
)


def write_health(statistics: dict[str, CameraStatistics]) -> None:
    """One upsert for all cameras; ``since`` moves only where the state changed."""
    now = clock.now()
    before = {
        camera: (state, since)
        for camera, state, since in CameraHealth.objects.values_list("camera_id", "state", "since")
    }
    known = set(Camera.objects.filter(id__in=list(statistics)).values_list("id", flat=True))
    rows = []
    for name, found in statistics.items():
        camera = UUID(name)
        if camera not in known:
            continue
        state = _state(found)
        rows.append(
            CameraHealth(
                camera_id=camera,
                state=state,
                since=_since(before.get(camera), state, now),
                checked_at=now,
                last_picture_at=found.last_frame_at,
                frame_rate=found.frames_per_second,
                kbit_per_s=found.bits_per_second / 1000,
                clock_offset_ms=found.clock.offset_s * 1000 if found.clock else None,
                sentence="" if state is HealthState.UP else found.detail[:300],
            )
        )
    CameraHealth.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["camera"], update_fields=MEASURED
    )


def _since(before: tuple[str, datetime] | None, state: HealthState, now: datetime) -> datetime:
    return before[1] if before and before[0] == state else now


def _state(found: CameraStatistics) -> HealthState:
    if found.state is CameraState.PLAYING:
        return HealthState.UP
    return HealthState.UNKNOWN if found.connections == 0 and not found.detail else HealthState.DOWN
