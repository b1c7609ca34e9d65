"""What the timeline under a player shows: spans of each camera, and marks of incidents, keeps and grants."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse

from cameras.models import Camera
from evidence.catalogue.coverage import Span, coverage
from evidence.models import KeepInterval, Playback
from evidence.retention.states import KEEP_SAYS, KeepKind
from policy.models import Basis, GrantCamera
from policy.permits import Covered
from policy.vocabulary import BasisKind, Kind
from rtcc import clock

MOST_KEEPS = 200


def cameras_of(playback: Playback) -> list[UUID]:
    """The cameras that the session's permit covers now, in its order."""
    covers = [Covered.from_json(body) for body in playback.permit.covers]
    return [each.ref.id for each in covers if each.ref.kind is Kind.CAMERA]


def timeline_json(playback: Playback, starts_at: datetime, ends_at: datetime) -> dict[str, Any]:
    """Spans and marks in [starts_at, ends_at) of every camera of a session."""
    return {
        "from": starts_at.isoformat(),
        "to": ends_at.isoformat(),
        "cameras": [
            {
                "id": str(camera),
                "spans": [
                    *(_span(span) for span in coverage(camera, starts_at, ends_at)),
                    *_keeps(camera, starts_at, ends_at),
                    *_ahead(starts_at, ends_at),
                ],
            }
            for camera in cameras_of(playback)
        ],
        "marks": _marks(playback, starts_at, ends_at),
    }


def _span(span: Span) -> dict[str, str | None]:
    body = span.as_json()
    if span.disposition is not None:
        body["disposition_url"] = disposition_url(span.disposition)
    return body


def disposition_url(disposition: UUID) -> str:
    """Where the record of a destruction is read."""
    return reverse("retention:disposition", args=[disposition])


def _keeps(camera: UUID, starts_at: datetime, ends_at: datetime) -> list[dict[str, str | None]]:
    """What stands kept, and as what; for whom is nobody's business here."""
    rows = KeepInterval.objects.filter(
        camera=camera, starts_at__lt=ends_at, ends_at__gt=starts_at, keep__released_at__isnull=True
    ).select_related("keep")
    return [
        {
            "kind": "keep",
            "from": max(row.starts_at, starts_at).isoformat(),
            "to": min(row.ends_at, ends_at).isoformat(),
            "reason": row.keep.kind,
            "sentence": KEEP_SAYS[KeepKind(row.keep.kind)],
        }
        for row in rows.order_by("starts_at")[:MOST_KEEPS]
    ]


def _ahead(starts_at: datetime, ends_at: datetime) -> list[dict[str, str | None]]:
    """A session may reach beyond now: to what will be recorded while it lasts."""
    now = max(clock.now(), starts_at)
    if now >= ends_at:
        return []
    said = {"reason": "ahead", "sentence": "it has not happened yet"}
    return [{"kind": "ahead", "from": now.isoformat(), "to": ends_at.isoformat(), **said}]


def _marks(playback: Playback, starts_at: datetime, ends_at: datetime) -> list[dict[str, Any]]:
    """Incidents whose grants reach a camera of this session, and the session's own grant."""
    ids = GrantCamera.objects.filter(camera__in=cameras_of(playback)).values_list(
        "grant__basis_id", flat=True
    )
    bases = Basis.objects.filter(
        id__in=[*ids, playback.permit.basis_id],
        kind=BasisKind.INCIDENT,
        opened_at__gte=starts_at,
        opened_at__lt=ends_at,
    )
    marks = [
        {
            "kind": "incident",
            "at": basis.opened_at.isoformat(),
            "label": f"{basis.number or 'number follows'} {basis.title}".strip(),
        }
        for basis in bases.order_by("opened_at")[:50]
    ]
    grant = playback.permit.grant
    if grant is not None:
        marks.append(
            {"kind": "grant", "at": grant.history_from.isoformat(), "label": "your grant reaches here"}
        )
    return marks


def session_json(playback: Playback) -> dict[str, Any]:
    """Everything a player needs to begin: addresses, cameras, interval, and the entry that permits it."""
    names = dict(Camera.objects.filter(id__in=cameras_of(playback)).values_list("id", "name"))
    return {
        "playback": str(playback.id),
        "from": playback.starts_at.isoformat(),
        "to": playback.ends_at.isoformat(),
        "expires_at": playback.permit.expires_at.isoformat(),
        "entry_id": str(playback.entry),
        "entry_url": reverse("entry", args=[playback.entry]),
        "cameras": [
            {
                "id": str(camera),
                "name": names.get(camera, ""),
                "fragments": reverse("playback:fragments", args=[playback.id, camera]),
            }
            for camera in cameras_of(playback)
        ],
        "urls": {
            "page": reverse("playback:page", args=[playback.id]),
            "timeline": reverse("playback:timeline", args=[playback.id]),
            "state": reverse("playback:state", args=[playback.id]),
            "close": reverse("playback:close", args=[playback.id]),
            "bookmark": reverse("playback:bookmark", args=[playback.id]),
            "live": reverse("wall"),
        },
    }
