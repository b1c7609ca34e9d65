"""Drawing up what an export would hold, from rows alone: no byte of footage is read.

What is drawn is JSON. Its hash is what the second person approves, and it is drawn again when the work
begins: if it comes out otherwise (footage was destroyed meanwhile), nothing is exported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import rfc8785

from audit.encoding import instant_text
from cameras.models import Camera
from evidence.catalogue.coverage import TOLERANCE, SpanKind, coverage
from evidence.exports import missing
from evidence.models import Segment
from evidence.retention.keeping import Span, check_spans
from evidence.vault.footage_keys import has_key
from evidence.vault.fragments import Fragment, to_instant, unpack
from rtcc import clock
from rtcc.errors import BadInput

MOST_SPANS = 40
LONGEST = timedelta(hours=72)
MOST_BYTES = 64 << 30


@dataclass(frozen=True)
class _Chosen:
    """One segment and the fragments of it that are exported, first and last included."""

    row: Segment
    fragments: tuple[Fragment, ...]
    first: int
    last: int

    @property
    def starts_at(self) -> datetime:
        return to_instant(self.fragments[self.first].start_90k, self.row.starts_at)

    @property
    def ends_at(self) -> datetime:
        return to_instant(self.fragments[self.last].end_90k, self.row.starts_at)

    @property
    def size(self) -> int:
        return sum(each.length for each in self.fragments[self.first : self.last + 1])

    def as_json(self) -> dict[str, Any]:
        row = self.row
        return {
            "asset": str(row.id),
            "day": row.day.isoformat(),
            "from": instant_text(self.starts_at),
            "to": instant_text(self.ends_at),
            "segment_from": instant_text(row.starts_at),
            "segment_to": instant_text(row.ends_at),
            "first_fragment": self.first,
            "last_fragment": self.last,
            "fragments": row.fragments,
            "bytes": self.size,
            "seal_sha256": bytes(row.seal_sha256).hex(),
            "ciphertext_sha256": bytes(row.ciphertext_sha256).hex(),
            "clock_offset_ms": row.clock_offset_ms,
            "clock_error_ms": row.clock_error_ms,
            "codec": row.codec,
            "width": row.width,
            "height": row.height,
            "recovered_after_crash": row.recovered,
            "minute": instant_text(row.minute) if row.minute else None,
        }


def hash_of(drawn: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON, hexadecimal."""
    return hashlib.sha256(rfc8785.dumps(drawn)).hexdigest()


def draw(spans: Sequence[Span]) -> dict[str, Any]:
    """What these spans hold. Raises BadInput where there is nothing to export, in words that say why."""
    if len(spans) > MOST_SPANS:
        raise BadInput(f"Choose at most {MOST_SPANS} intervals.", field="spans")
    check_spans(spans)
    if any(span.ends_at - span.starts_at > LONGEST for span in spans):
        raise BadInput(
            f"One interval is at most {LONGEST.total_seconds() / 3600:.0f} hours long.", field="spans"
        )
    if any(span.starts_at >= clock.now() for span in spans):
        raise BadInput("The interval lies ahead: nothing of it is recorded yet.", field="spans")
    cameras = {row.id: row for row in Camera.objects.with_ids([span.camera for span in spans])}
    found = [_span(cameras[span.camera], span) for span in sorted(set(spans), key=_order)]
    size = sum(run["bytes"] for each in found for run in each["runs"])
    if size > MOST_BYTES:
        raise BadInput("This is more than 64 GB. Choose shorter intervals.", field="spans")
    return {"version": 1, "spans": found, "bytes": size}


def _order(span: Span) -> tuple[str, datetime, datetime]:
    return str(span.camera), span.starts_at, span.ends_at


def _span(camera: Camera, span: Span) -> dict[str, Any]:
    runs = [_run(chosen) for chosen in _runs(_chosen(span))]
    known = coverage(span.camera, span.starts_at, span.ends_at)
    if not runs:
        raise BadInput(_nothing(camera, known), field="spans")
    # A gap that still lasts has no end of its own: then the draft would not come out twice the same.
    gaps = [
        {
            "from": instant_text(each.starts_at),
            "to": instant_text(each.ends_at),
            "reason": each.reason,
            "sentence": each.sentence,
        }
        for each in known
        if each.kind is SpanKind.GAP
    ]
    destroyed = [
        {
            "from": instant_text(each.starts_at),
            "to": instant_text(each.ends_at),
            "disposition": str(each.disposition),
        }
        for each in known
        if each.kind is SpanKind.DESTROYED
    ]
    gaps += missing.rest(camera, span, [*runs, *gaps, *destroyed])
    return {
        "camera": str(camera.id),
        "code": camera.code,
        "name": camera.name,
        "owner": str(camera.owner_id),
        "owner_name": camera.owner.name,
        "asked_from": instant_text(span.starts_at),
        "asked_to": instant_text(span.ends_at),
        "runs": runs,
        "gaps": sorted(gaps, key=lambda each: str(each["from"])),
        "destroyed": destroyed,
    }


def _nothing(camera: Camera, known: Sequence[Any]) -> str:
    """Why there is nothing to export, and what to do."""
    kinds = {each.kind for each in known}
    if SpanKind.DESTROYED in kinds:
        return (
            f"The footage of {camera.name} of that time was destroyed when its time was over; its disposition"
            " record proves it. Answer the request with that record."
        )
    if SpanKind.OPEN in kinds or SpanKind.RECORDED in kinds:
        return f"The footage of {camera.name} is not sealed in the log yet. Try again in two minutes."
    gap = next((each for each in known if each.kind is SpanKind.GAP), None)
    why = f": {gap.sentence}" if gap else ""
    return f"{camera.name} has no footage of that time{why}. Choose another interval or camera."


def _chosen(span: Span) -> list[_Chosen]:
    """Sealed segments that stand, each with its whole fragments that touch the interval."""
    rows = (
        Segment.objects.of_camera(span.camera).overlapping(span.starts_at, span.ends_at).standing().rooted()
    )
    found = []
    for row in rows:
        fragments = unpack(bytes(row.index))
        wanted = [
            number
            for number, each in enumerate(fragments)
            if to_instant(each.start_90k, row.starts_at) < span.ends_at
            and to_instant(each.end_90k, row.starts_at) > span.starts_at
        ]
        if wanted and has_key(row):
            first = wanted[0]
            while first and not fragments[first].key:
                first -= 1
            found.append(_Chosen(row, fragments, first, wanted[-1]))
    return found


def _runs(chosen: Sequence[_Chosen]) -> list[list[_Chosen]]:
    """Cut where more than two seconds are missing, or where the picture changes its size."""
    runs: list[list[_Chosen]] = []
    for each in chosen:
        last = runs[-1][-1] if runs else None
        if (
            last is not None
            and last.last == len(last.fragments) - 1
            and each.first == 0
            and each.starts_at <= last.ends_at + TOLERANCE
            and (each.row.width, each.row.height) == (last.row.width, last.row.height)
        ):
            runs[-1].append(each)
        else:
            runs.append([each])
    return runs


def _run(run: Sequence[_Chosen]) -> dict[str, Any]:
    return {
        "from": instant_text(run[0].starts_at),
        "to": instant_text(run[-1].ends_at),
        "bytes": sum(each.size for each in run),
        "segments": [each.as_json() for each in run],
    }


def runs_of(drawn: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """(span, run) of each media file, in the order of their numbers."""
    return [(span, run) for span in drawn["spans"] for run in span["runs"]]


def interval_of(drawn: dict[str, Any]) -> tuple[datetime, datetime]:
    """From the first exported frame to the last."""
    runs = [run for _, run in runs_of(drawn)]
    starts_at = min(datetime.fromisoformat(run["from"]) for run in runs)
    return starts_at, max(datetime.fromisoformat(run["to"]) for run in runs)


def cameras_of(drawn: dict[str, Any]) -> list[UUID]:
    """The cameras, each once, in the order drawn."""
    return list(dict.fromkeys(UUID(span["camera"]) for span in drawn["spans"]))


def keeps_of(drawn: dict[str, Any]) -> list[Span]:
    """What has to be kept while the export is made: all that its files hold."""
    return [
        Span(UUID(span["camera"]), datetime.fromisoformat(run["from"]), datetime.fromisoformat(run["to"]))
        for span, run in runs_of(drawn)
    ]
