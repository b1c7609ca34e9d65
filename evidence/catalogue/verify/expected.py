"""Every camera that was expected: its time is recorded, or a gap says why not.

Expected is what minute entries say, and besides, without asking the recorder, what the entries of
registering, pausing, changing and retiring say of cameras that are always recorded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from audit.models import Touch as TouchRow
from audit.vocabulary import Event
from evidence.catalogue.coverage import TOLERANCE
from evidence.catalogue.minute import MINUTE
from evidence.catalogue.verify.minutes import MinuteEntry, said_of
from evidence.catalogue.verify.result import FootageVerification, Range, interval
from evidence.models import Gap, Segment

Span = tuple[datetime, datetime]
REGISTRY = (Event.CAMERA_REGISTERED, Event.CAMERA_CHANGED, Event.CAMERA_PAUSED, Event.CAMERA_RESUMED)
# How long a recorder may take to read the registry and to begin with a camera.
BEGINS_WITHIN = timedelta(seconds=15)
# A recorder that starts for the first time has no camera yet in its first minute.
ALWAYS = "always"


def check_expected(result: FootageVerification, within: Range, entries: list[MinuteEntry]) -> None:
    """Faults for time that is neither recorded nor explained."""
    if not entries:
        result.notice(
            "minutes", "no minute entry lies in this range, so nobody says which cameras were expected"
        )
        return
    expected: dict[UUID, list[Span]] = defaultdict(list)
    for said in entries:
        for camera in said.expected:
            expected[camera].append((said.minute, said.minute + MINUTE))
    working = _working(entries)
    if working is not None:
        for camera, spans in _registered(result).items():
            expected[camera] += [_cut(span, working) for span in spans]
    for camera, spans in sorted(expected.items()):
        if within.camera is None or camera == within.camera:
            _check_camera(result, camera, joined(span for span in spans if span[0] < span[1]))


def _working(entries: list[MinuteEntry]) -> Span | None:
    """From the first minute in which a recorder held a camera to the end of the last entered one."""
    first = next((said.minute for said in entries if said.expected), None)
    return (first, entries[-1].minute + MINUTE) if first else None


def _registered(result: FootageVerification) -> dict[UUID, list[Span]]:
    """When the register had each camera recorded always, by the log's entries alone."""
    rows = TouchRow.objects.filter(event__in=REGISTRY).values_list("entry", flat=True)
    said = said_of(result, sorted(set(rows)))
    turns: dict[UUID, list[tuple[datetime, bool]]] = defaultdict(list)
    for fields in said.values():
        if fields.get("outcome") != "permit" or not fields.get("cameras") or not fields.get("time"):
            continue
        detail = fields.get("detail") or {}
        retired = bool((detail.get("changed") or {}).get("retired"))
        recorded = detail.get("recording") == ALWAYS and not retired
        turns[UUID(fields["cameras"][0])].append((datetime.fromisoformat(fields["time"]), recorded))
    return {camera: _spans(sorted(changes)) for camera, changes in turns.items()}


def _spans(changes: list[tuple[datetime, bool]]) -> list[Span]:
    found: list[Span] = []
    since: datetime | None = None
    for at, recorded in changes:
        if recorded and since is None:
            since = at
        elif not recorded and since is not None:
            found.append((since + BEGINS_WITHIN, at))
            since = None
    if since is not None:
        found.append((since + BEGINS_WITHIN, datetime.max.replace(tzinfo=since.tzinfo)))
    return found


def _cut(span: Span, to: Span) -> Span:
    return max(span[0], to[0]), min(span[1], to[1])


def joined(spans: Iterable[Span], within: timedelta = timedelta(0)) -> list[Span]:
    """Spans in order, joined where they touch or lie ``within`` of each other."""
    found: list[Span] = []
    for starts_at, ends_at in sorted(spans):
        if found and starts_at <= found[-1][1] + within:
            found[-1] = (found[-1][0], max(found[-1][1], ends_at))
        else:
            found.append((starts_at, ends_at))
    return found


def _check_camera(result: FootageVerification, camera: UUID, expected: list[Span]) -> None:
    for starts_at, ends_at in expected:
        for hole in holes((starts_at, ends_at), _explained(camera, starts_at, ends_at)):
            result.fault(
                f"{result.camera(camera)}, {interval(*hole)}",
                "it was expected, there is no footage, and no gap says why",
            )


def _explained(camera: UUID, starts_at: datetime, ends_at: datetime) -> list[Span]:
    rows = Segment.objects.of_camera(camera).overlapping(starts_at, ends_at)
    gaps = Gap.objects.of_camera(camera).overlapping(starts_at, ends_at)
    spans = list(rows.values_list("starts_at", "ends_at"))
    spans += [(start, end or ends_at) for start, end in gaps.values_list("starts_at", "ends_at")]
    return joined(spans, TOLERANCE)


def holes(whole: Span, covered: list[Span]) -> list[Span]:
    """What of ``whole`` no span covers, where it is longer than the tolerance."""
    found: list[Span] = []
    at = whole[0]
    for starts_at, ends_at in covered:
        if starts_at - at > TOLERANCE:
            found.append((at, starts_at))
        at = max(at, ends_at)
    if whole[1] - at > TOLERANCE:
        found.append((at, whole[1]))
    return [hole for hole in (_cut(each, whole) for each in found) if hole[1] - hole[0] > TOLERANCE]
