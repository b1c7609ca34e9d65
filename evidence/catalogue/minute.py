"""Minute entries: each minute one entry of the log roots all segments that no entry has rooted yet.

The entry states the cameras expected, recorded and in gap, and the root of a leaf list: one line of canonical
JSON per segment, in the order (camera, start, id). The list is a file of its own, so that who has the entry
and the list can recompute the root (RFC 6962 hashing over the lines). Its leaf hashes are public beside the
tiles, ``/log/minute/<day>/<time>`` (`evidence.catalogue.views`).
"""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import rfc8785
from django.db import transaction

from audit.merkle import Edge, leaf_hash
from audit.record import record
from audit.vocabulary import Event, Outcome
from evidence.models import Gap, MinuteSeal, Segment
from policy.actors import SystemActor
from rtcc.config import config
from rtcc.logs import log

RECORDER = SystemActor("recorder")
MOST_AT_ONCE = 5000
MINUTE = timedelta(minutes=1)
# A segment that covers the end of a minute is cut at the next key frame; then its row is written.
GRACE = timedelta(seconds=12)
MOST_LATE = timedelta(hours=24)
_log = log("recorder")


def leaf_line(segment: Segment) -> bytes:
    """The line of one segment in a leaf list."""
    line: bytes = rfc8785.dumps(
        {"camera": str(segment.camera), "id": str(segment.id), "seal": bytes(segment.seal_sha256).hex()}
    )
    return line


def list_path(minute: datetime) -> Path:
    return config.data / "minutes" / f"{minute:%Y%m%d}" / f"{minute:%H%M}.jsonl"


def root_of(lines: Collection[bytes]) -> bytes:
    """RFC 6962 root over the lines."""
    edge = Edge()
    for line in lines:
        edge.append(leaf_hash(line))
    return edge.root()


def leaf_hashes(minute: datetime) -> list[bytes] | None:
    """The leaf hashes of a minute's list, in its order; None where there is no list."""
    try:
        lines = list_path(minute).read_bytes().splitlines()
    except FileNotFoundError:
        return None
    return [leaf_hash(line) for line in lines]


class Minutes:
    """Which minutes are due. A minute that was missed, because the recorder or the database was away, gets
    its entry late; the cameras' gaps say why.
    """

    def __init__(self) -> None:
        self._done: datetime | None = None

    def due(self, now: datetime) -> list[datetime]:
        """Minutes over for long enough that their segments' rows are there, oldest first."""
        last = (now - GRACE).replace(second=0, microsecond=0) - MINUTE
        if self._done is None:
            newest = MinuteSeal.objects.order_by("-minute").values_list("minute", flat=True).first()
            self._done = max(newest, last - MOST_LATE) if newest else last - MINUTE
        return [self._done + n * MINUTE for n in range(1, (last - self._done) // MINUTE + 1)]

    def sealed(self, minute: datetime) -> None:
        self._done = minute


def seal_minute(minute: datetime, expected: Collection[UUID]) -> MinuteSeal | None:
    """Root everything unrooted in an entry for ``minute`` (its start, UTC). None if it has its entry already.

    ``expected`` are the cameras whose footage was expected in all of the minute.
    """
    if MinuteSeal.objects.filter(minute=minute).exists():
        return None
    end = minute + MINUTE
    with transaction.atomic(durable=True):
        segments = list(
            Segment.objects.not_in_a_minute()
            .order_by("camera", "starts_at", "id")
            .select_for_update(skip_locked=True)[:MOST_AT_ONCE]
        )
        lines = [leaf_line(segment) for segment in segments]
        recorded = {row.camera for row in Segment.objects.overlapping(minute, end).of_cameras(expected)}
        gaps = Gap.objects.overlapping(minute, end).of_cameras(expected)
        in_gap = set(gaps.values_list("camera", flat=True))
        dark = set(expected) - recorded - in_gap
        root = root_of(lines)
        entry = record(
            Event.FOOTAGE_SEALED,
            outcome=Outcome.PERMIT,
            actor=RECORDER.key,
            count=len(segments),
            footage_from=minute,
            footage_to=end,
            detail={
                "root": root.hex(),
                "expected": sorted(str(camera) for camera in expected),
                "recorded": len(recorded),
                "in_gap": sorted(str(camera) for camera in in_gap),
                "dark": sorted(str(camera) for camera in dark),
            },
        )
        seal = MinuteSeal.objects.create(
            minute=minute,
            root=root,
            segments=len(segments),
            expected=len(expected),
            recorded=len(recorded),
            in_gap=len(in_gap),
            entry=entry.id,
        )
        Segment.objects.filter(
            day__in={segment.day for segment in segments}, id__in=[segment.id for segment in segments]
        ).update(minute=minute)
        _write_list(list_path(minute), lines)
    for camera in sorted(dark):
        _log.error("camera_dark", camera=str(camera), minute=minute.isoformat())
    return seal


def _write_list(path: Path, lines: Collection[bytes]) -> None:
    """Durable before the commit: an entry never names a list that is not there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    with temporary.open("wb") as file:
        file.writelines(line + b"\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
