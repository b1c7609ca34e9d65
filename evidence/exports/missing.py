"""Time that was asked for and that no file, no gap and no destruction speaks of.

A package must not be silent about any of it: whoever reads it would take silence for "nothing happened".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from audit.encoding import instant_text
from cameras.models import Camera
from evidence.catalogue.coverage import TOLERANCE
from evidence.records.absence import begun, told
from evidence.retention.keeping import Span
from rtcc.config import config

NEVER_RECORDED = "never_recorded"
NOT_SEALED = "not_sealed"


def rest(camera: Camera, span: Span, said: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What is left of ``span`` besides ``said`` (each with ``from`` and ``to`` as texts), with a sentence.

    Made from what is drawn alone, and from when recording began, so that it comes out the same again.
    """
    first = begun(camera)
    return [each for hole in _holes(span, said) for each in _explained(hole, first)]


def _holes(span: Span, said: Sequence[Mapping[str, Any]]) -> Iterator[tuple[datetime, datetime]]:
    """Time between what is said, longer than what one picture may be late."""
    known = sorted((datetime.fromisoformat(e["from"]), datetime.fromisoformat(e["to"])) for e in said)
    at = span.starts_at
    for starts_at, ends_at in [*known, (span.ends_at, span.ends_at)]:
        if starts_at - at > TOLERANCE:
            yield at, starts_at
        at = max(at, ends_at)


def _explained(hole: tuple[datetime, datetime], first: datetime | None) -> Iterator[dict[str, Any]]:
    """A hole, cut where the camera's recording began."""
    starts_at, ends_at = hole
    edge = min(max(first or ends_at, starts_at), ends_at)
    if edge > starts_at:
        since = f"the recording of this camera began on {told(first, config.city_zone)}" if first else ""
        yield _part(starts_at, edge, NEVER_RECORDED, since or "this camera has not been recorded so far")
    if ends_at > edge:
        said = "there was no sealed footage of it, and no explanation, when this was drawn up"
        yield _part(edge, ends_at, NOT_SEALED, said)


def _part(starts_at: datetime, ends_at: datetime, reason: str, sentence: str) -> dict[str, Any]:
    return {
        "from": instant_text(starts_at),
        "to": instant_text(ends_at),
        "reason": reason,
        "sentence": sentence,
    }
