"""What there is of a camera in an interval: recorded, being written, in gap, or destroyed.

This says what exists and hands out nothing: no byte of footage is read here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from evidence.models import Gap, Lease, OpenFile, Segment
from evidence.recorder.states import GapReason
from rtcc import clock

# Rows whose ends meet within this are one stretch of footage; a hole that is longer needs a gap.
TOLERANCE = timedelta(seconds=2)


class SpanKind(StrEnum):
    RECORDED = "recorded"
    OPEN = "open"
    GAP = "gap"
    DESTROYED = "destroyed"


# What a reader is told about a gap where its row says nothing plainer.
REASONS: dict[GapReason, str] = {
    GapReason.CONNECTING: "the camera is being connected",
    GapReason.ADDRESS_REFUSED: "its address is not in an allowed network",
    GapReason.UNREACHABLE: "the camera cannot be reached",
    GapReason.REFUSED: "the camera refused",
    GapReason.AUTH_FAILED: "the camera refused the password",
    GapReason.NOT_FOUND: "the camera has no such stream",
    GapReason.NO_VIDEO: "the stream holds no video",
    GapReason.CODEC_NOT_SUPPORTED: "the camera sends a format that is not recorded",
    GapReason.PROTOCOL_ERROR: "the camera said something that makes no sense",
    GapReason.TIMEOUT: "the camera did not answer in time",
    GapReason.CLOSED_BY_CAMERA: "the camera ended the connection",
    GapReason.NO_KEY_FRAME: "the camera sent no key frame",
    GapReason.STALLED: "the camera sent no frames",
    GapReason.LOST_PACKETS: "packets are missing",
    GapReason.CAMERA_CLOCK: "the camera's clock made no sense",
    GapReason.STORAGE_FAILED: "the footage could not be written",
    GapReason.FILE_MISSING: "a sealed file is gone from the store",
    GapReason.INTERNAL_ERROR: "the recorder failed on this camera",
    GapReason.STOPPED: "recording was stopped",
    GapReason.NOT_RUNNING: "the recorder was not running",
}


@dataclass(frozen=True)
class Span:
    """One stretch of time; ``disposition`` names the record of its destruction."""

    kind: SpanKind
    starts_at: datetime
    ends_at: datetime
    reason: str = ""
    sentence: str = ""
    disposition: UUID | None = None

    def as_json(self) -> dict[str, str | None]:
        return {
            "kind": self.kind,
            "from": self.starts_at.isoformat(),
            "to": self.ends_at.isoformat(),
            "reason": self.reason,
            "sentence": self.sentence,
            "disposition": str(self.disposition) if self.disposition else None,
        }


def coverage(camera: UUID, starts_at: datetime, ends_at: datetime) -> list[Span]:
    """Spans of one camera that overlap [starts_at, ends_at), cut to it, by their beginning.

    Gaps may lie inside recorded spans (lost packets). Time under no span is not explained.
    """
    rows = Segment.objects.of_camera(camera).overlapping(starts_at, ends_at)
    facts = list(rows.values_list("starts_at", "ends_at", "tombstone", "id"))
    recorded = _joined(Span(SpanKind.RECORDED, a, b) for a, b, tombstone, _ in facts if tombstone is None)
    destroyed = _joined(
        Span(SpanKind.DESTROYED, a, b, disposition=tombstone)
        for a, b, tombstone, _ in facts
        if tombstone is not None
    )
    spans = [*recorded, *destroyed, *_gaps(camera, starts_at, ends_at)]
    spans += _open(camera, {key for *_, key in facts}, spans)
    cut = (
        replace(each, starts_at=max(each.starts_at, starts_at), ends_at=min(each.ends_at, ends_at))
        for each in spans
    )
    return sorted((each for each in cut if each.starts_at < each.ends_at), key=lambda each: each.starts_at)


def _joined(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for span in spans:
        last = found[-1] if found else None
        if last and last.disposition == span.disposition and span.starts_at <= last.ends_at + TOLERANCE:
            found[-1] = replace(last, ends_at=max(last.ends_at, span.ends_at))
        else:
            found.append(span)
    return found


def _gaps(camera: UUID, starts_at: datetime, ends_at: datetime) -> list[Span]:
    return [
        Span(
            SpanKind.GAP,
            row.starts_at,
            row.ends_at or max(clock.now(), row.starts_at),
            reason=row.reason,
            sentence=row.detail or REASONS[GapReason(row.reason)],
        )
        for row in Gap.objects.of_camera(camera).overlapping(starts_at, ends_at).longer_than_nothing()
    ]


def _open(camera: UUID, known: set[UUID], spans: list[Span]) -> list[Span]:
    """The file being written, where a recorder that lives holds the camera."""
    now = clock.now()
    row = OpenFile.objects.filter(camera=camera).first()
    lives = Lease.objects.filter(camera=camera, until__gt=now).exclude(recorder="").exists()
    if row is None or not lives or row.asset in known or Segment.objects.of_camera(camera).filter(
        id=row.asset, day=row.starts_at.date()
    ).exists():  # fmt: skip
        return []
    ends_at = min(
        (
            s.starts_at
            for s in spans
            if s.kind is SpanKind.GAP and s.ends_at >= now and s.starts_at > row.starts_at
        ),
        default=now,
    )
    return [Span(SpanKind.OPEN, row.starts_at, ends_at)]


def share(spans: Iterable[Span], starts_at: datetime, ends_at: datetime) -> float:
    """The part of an interval, 0 to 1, that was recorded (destroyed since, or being written, too)."""
    kinds = {SpanKind.RECORDED, SpanKind.OPEN, SpanKind.DESTROYED}
    seconds = sum((each.ends_at - each.starts_at).total_seconds() for each in spans if each.kind in kinds)
    return min(1.0, seconds / (ends_at - starts_at).total_seconds())
