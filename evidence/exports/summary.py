"""The readable summary of a package (PDF), with drafts of the certificates under FRE 902(13) and 902(14)."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import typst

from evidence.exports.models import Export
from rtcc.config import config

TEMPLATE = Path(__file__).with_name("summary.typ")


def pdf(export: Export, manifest: dict[str, Any], custody: dict[str, Any]) -> bytes:
    """The PDF; the same data give the same bytes."""
    data = manifest | {
        "short": str(export.id)[-8:],
        "custody": [
            event | {"at": _local(event["at"]), "event": event["event"].replace(".", " ").replace("_", " ")}
            for event in custody["events"][:60]
        ],
        "custody_more": max(0, len(custody["events"]) - 60),
        "media": [_media(each) for each in manifest["media"]],
        "gaps": [_times(each) for each in manifest["gaps"]],
        "destroyed": [_times(each) for each in manifest["destroyed"]],
        "asked_for": [_times(each) for each in manifest["asked_for"]],
        "asked": manifest["asked"] | {"at": _local(manifest["asked"]["at"])},
        "approved": [each | {"at": _local(each["at"])} for each in manifest["approved"]],
    }
    made: bytes = typst.compile(
        TEMPLATE.read_bytes(), format="pdf", sys_inputs={"data": json.dumps(data)}, ignore_system_fonts=True
    )
    return made


def _local(text: str | None) -> str:
    """An instant on the site's clock, with the offset, and in UTC."""
    if not text:
        return "unknown"
    at = datetime.fromisoformat(text)
    return f"{at.astimezone(config.city_zone):%Y-%m-%d %H:%M:%S %Z} ({at:%H:%M:%S} UTC)"


def _times(each: dict[str, Any]) -> dict[str, Any]:
    return each | {"from": _local(each["from"]), "to": _local(each["to"])}


def _against_recorder(least_ms: int, most_ms: int) -> str:
    """A clock's offsets in words: nobody should have to read what a negative lead is."""
    if most_ms <= 0:
        return f"{-most_ms} to {-least_ms} ms behind the recorder"
    if least_ms >= 0:
        return f"{least_ms} to {most_ms} ms ahead of the recorder"
    return f"{-least_ms} ms behind to {most_ms} ms ahead of the recorder"


def _media(each: dict[str, Any]) -> dict[str, Any]:
    segments = each["segments"]
    offsets = [s["clock_offset_ms"] for s in segments if s["clock_offset_ms"] is not None]
    errors = [s["clock_error_ms"] for s in segments if s["clock_error_ms"] is not None]
    said = "not measured"
    if offsets:
        said = _against_recorder(min(offsets), max(offsets))
        said += f", measured to within {max(errors)} ms" if errors else ""
    return _times(each) | {
        "count": len(segments),
        "codec": segments[0]["codec"],
        "size": f"{segments[0]['width']} × {segments[0]['height']}",
        "megabytes": f"{each['bytes'] / 1e6:.1f}",
        "clock": said,
        "recovered": sum(1 for s in segments if s["recovered_after_crash"]),
    }
