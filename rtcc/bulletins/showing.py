"""What pages are told of bulletins: the sender of what became of each, the recipient of what to look at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse

from cameras.models import Camera
from policy.models import Membership, Person
from policy.vocabulary import Role
from rtcc import clock
from rtcc.bulletins.facts import standing_of
from rtcc.bulletins.models import Bulletin
from rtcc.bulletins.words import ANSWER_WORDS, Answer, Shape, Standing
from rtcc.dispatch.models import Assignment

SHAPE_WORDS = {Shape.STILL: "Still", Shape.CLIP: "Clip", Shape.LIVE: "Live"}


def state_of(row: Bulletin, at: datetime) -> tuple[str, str]:
    """How it stands, in a word or two for the sender, and how that is coloured."""
    if row.answer:
        word = ANSWER_WORDS[Answer(row.answer)]
        # What was answered stays said; that the picture is gone from the phone is said beside it.
        word = f"{word}, taken back" if row.revoked_at else word
        return word, "bad" if row.answer == Answer.NOT_HIM or row.revoked_at else "good"
    if row.revoked_at:
        return "Taken back", "bad"
    if row.fault:
        return "Not made", "bad"
    if row.opened_at:
        return "Opened", "good"
    if standing_of(row, at) is not Standing.OPEN:
        return "Run out unopened", "warn"
    if row.shape != Shape.LIVE and row.asset is None:
        return "Being made", "plain"
    return "Sent", "plain"


def seen_by(person: Person) -> Any:
    """What they may know of: one's own; for a supervisor those of the whole agency."""
    at_work = Membership.objects.of_person(person.id).valid_at(clock.now())
    agencies = at_work.filter(role=Role.SUPERVISOR).values_list("organisation_id", flat=True)
    rows = Bulletin.objects.for_list()
    return rows.on_agencies(list(agencies)) if agencies else rows.by_person(person.id)


def sent_rows(rows: Iterable[Bulletin]) -> list[dict[str, Any]]:
    """Rows of the sender's list and of the strip on the wall. Two more queries for any number."""
    bulletins, at = list(rows), clock.now()
    names = _cameras(bulletins)
    units = _units(bulletins)
    found = []
    for row in bulletins:
        word, level = state_of(row, at)
        found.append(
            {
                "id": str(row.id),
                "to": row.recipient.display_name,
                "unit": units.get((row.basis_id, row.recipient_id), ""),
                "by": row.sender.display_name,
                "what": SHAPE_WORDS[Shape(row.shape)],
                "camera": names.get(row.camera, ""),
                "basis": row.basis.number or "number follows",
                "word": word,
                "level": level,
                "fault": row.fault,
                "sent_at": row.sent_at,
                "opened_at": row.opened_at,
                "answered_at": row.answered_at,
                "open": standing_of(row, at) is Standing.OPEN,
                "revoke_url": reverse("bulletins:revoke", args=[row.id]),
                "entry_url": reverse("entry", args=[row.entry]),
            }
        )
    return found


def _cameras(rows: Iterable[Bulletin]) -> dict[UUID, str]:
    return dict(Camera.objects.with_ids({row.camera for row in rows}).values_list("id", "name"))


def _units(rows: Iterable[Bulletin]) -> dict[tuple[UUID, UUID], str]:
    bases = {row.basis_id for row in rows}
    assigned = Assignment.objects.filter(incident_id__in=bases).values_list(
        "incident_id", "person_id", "unit"
    )
    return {(incident, person): unit for incident, person, unit in assigned}


def inbox_rows(rows: Iterable[Bulletin]) -> list[dict[str, Any]]:
    """What an officer sees before the tap: from whom, on which incident, since when. No picture."""
    at = clock.now()
    return [
        {
            "id": str(row.id),
            "what": SHAPE_WORDS[Shape(row.shape)],
            "shape": row.shape,
            "by": row.sender.display_name,
            "basis": row.basis.number or "number follows",
            "title": row.basis.title,
            "sent_at": row.sent_at,
            "made": row.shape == Shape.LIVE or row.asset is not None,
            "fault": row.fault,
            "new": row.opened_at is None,
            "answer": ANSWER_WORDS[Answer(row.answer)] if row.answer else "",
            "open": standing_of(row, at) is Standing.OPEN,
        }
        for row in rows
    ]


def picture_json(row: Bulletin, permit: UUID) -> dict[str, Any]:
    """What stands around an opened picture on the telephone."""
    camera = Camera.objects.get(id=row.camera)
    placement = camera.placements.valid_at(clock.now()).select_related("site").first()
    incident = getattr(row.basis, "incident", None)
    return {
        "id": str(row.id),
        "permit": str(permit),
        "shape": row.shape,
        "basis": row.basis.number or "number follows",
        "title": row.basis.title,
        "place": placement.site.name if placement else camera.name,
        "camera": camera.name,
        "lat": placement.lat if placement else None,
        "lon": placement.lon if placement else None,
        "incident_place": incident.place if incident else "",
        "by": row.sender.display_name,
        "at": row.ends_at.isoformat() if row.shape != Shape.LIVE else None,
        "length": row.length,
        "answer": row.answer,
        "state_url": reverse("inbox:state", args=[row.id]),
        "answer_url": reverse("inbox:answer", args=[row.id]),
    }
