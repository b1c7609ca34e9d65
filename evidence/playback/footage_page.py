"""The part of a camera's page that speaks of its footage."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cameras.models import Camera
from evidence.catalogue.coverage import SpanKind, coverage, share
from evidence.models import Gap, Segment
from rtcc import clock
from rtcc.errors import NotFound

HOURS = {"1": 1, "6": 6, "24": 24, "168": 168}
MOST_GAPS = 20
WIDTH = 1000
# What a span looks like in the drawing; a gap is always explained, or it would not be a row.
STYLES = {
    SpanKind.RECORDED: "recorded",
    SpanKind.OPEN: "recorded",
    SpanKind.GAP: "gap-explained",
    SpanKind.DESTROYED: "destroyed",
}


def footage_page(camera: UUID, hours: str) -> dict[str, Any]:
    """Coverage of the last hours, as boxes of a drawing 1000 wide, and the newest gaps. Raises NotFound."""
    row = Camera.objects.filter(id=camera).first()
    if row is None:
        raise NotFound()
    span = timedelta(hours=HOURS.get(hours, 24))
    end = clock.now()
    start = end - span
    spans = coverage(camera, start, end)
    scale = WIDTH / span.total_seconds()
    gaps = [each for each in spans if each.kind is SpanKind.GAP]
    newest = Segment.objects.of_camera(camera).order_by("-starts_at").first()
    return {
        "camera": row,
        "start": start,
        "end": end,
        "hours": int(span.total_seconds() // 3600),
        "choices": list(HOURS.values()),
        "share": share(spans, max(start, _first(camera) or start), end),
        "boxes": [
            {
                "kind": STYLES[each.kind],
                "x": round((each.starts_at - start).total_seconds() * scale, 2),
                "width": max(0.5, round((each.ends_at - each.starts_at).total_seconds() * scale, 2)),
                "lane": False,
                "label": f"{each.kind} {each.starts_at:%H:%M:%S} to {each.ends_at:%H:%M:%S}"
                + (f": {each.sentence}" if each.sentence else ""),
            }
            for each in spans
        ],
        "gaps": [
            {
                "from": each.starts_at,
                "to": each.ends_at,
                "reason": each.reason,
                "sentence": each.sentence,
                "lasts": each.ends_at - each.starts_at,
                "goes_on": each.ends_at >= end - timedelta(seconds=1),
            }
            for each in reversed(gaps[-MOST_GAPS:])
        ],
        "newest": newest,
        "retention": row.get_retention_class_display(),
    }


def _first(camera: UUID) -> datetime | None:
    """Since when anything is known of this camera's footage."""
    rows = (Segment.objects.of_camera(camera), Gap.objects.of_camera(camera))
    found = [row.order_by("starts_at").values_list("starts_at", flat=True).first() for row in rows]
    return min((each for each in found if each is not None), default=None)
