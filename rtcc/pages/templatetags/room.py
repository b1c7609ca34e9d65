"""Template words of the design system: icons, instants, lengths of time and the coverage bar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

ICONS = Path(__file__).resolve().parent.parent / "static" / "vendor" / "icons"


@cache
def _drawing(name: str) -> str:
    """The inside of one icon's file. An unlisted name fails here, in every page test."""
    text = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    return text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")].strip()


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon in the text's own colour. It is decoration: the words beside it carry the meaning."""
    return format_html(
        '<svg class="icon" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true" focusable="false">'
        "{}</svg>",
        # Safe: a file of the icon set, chosen by name in our own templates.
        mark_safe(_drawing(name)),
    )


@register.simple_tag(takes_context=True)
def moment(context: Context, value: datetime | None, form: str = "full") -> SafeString | str:
    """An instant in the room's time zone (`room_zone`, else UTC), with UTC to the second in `datetime`.

    `form`: full (2026-11-22 14:03:22 CST), minute (without seconds), time (14:03:22), date (2026-11-22).
    """
    if value is None:
        return "\N{EN DASH}"
    local = value.astimezone(ZoneInfo(context.get("room_zone") or "UTC"))
    shapes = {
        "full": "%Y-%m-%d %H:%M:%S %Z",
        "minute": "%Y-%m-%d %H:%M %Z",
        "time": "%H:%M:%S",
        "date": "%Y-%m-%d",
    }
    stamp = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return format_html(
        '<time class="nowrap" datetime="{}" title="{}">{}</time>', stamp, stamp, local.strftime(shapes[form])
    )


@register.filter
def words(value: object) -> str:
    """A stored word as people read it: crime_in_progress is crime in progress."""
    return str(value).replace("_", " ")


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds in words, two units at most: 45 s, 3 min 20 s, 2 h 4 min, 3 d 2 h."""
    if seconds is None:
        return "\N{EN DASH}"
    left, parts = round(seconds), []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def _shown_s(span: Mapping[str, Any], start: datetime, end: datetime) -> float:
    """Seconds of the span that lie between start and end."""
    seconds: float = (min(span["end"], end) - max(span["start"], start)).total_seconds()
    return seconds


@register.inclusion_tag("parts/coverage.html", takes_context=True)
def coverage_bar(context: Context, coverage: Mapping[str, Any]) -> dict[str, Any]:
    """Recorded time, gaps, keeps and incidents of one camera as a bar.

    `coverage`: `start`, `end` (instants), `spans`: mappings with `start`, `end`, `kind` (recorded | gap |
    gap-explained | keep | incident | destroyed) and `label` (a sentence).
    """
    start, end = coverage["start"], coverage["end"]
    whole = (end - start).total_seconds()
    spans: Iterable[Mapping[str, Any]] = coverage["spans"]
    boxes = [
        {
            "kind": span["kind"],
            "label": span["label"],
            "x": f"{1000 * max(0.0, (span['start'] - start).total_seconds()) / whole:.3f}",
            "width": f"{max(1.0, 1000 * _shown_s(span, start, end) / whole):.3f}",
            "lane": span["kind"] in ("keep", "incident"),
        }
        for span in spans
        if span["end"] > start and span["start"] < end
    ]
    return {"start": start, "end": end, "boxes": boxes, "room_zone": context.get("room_zone")}
