"""Keeping footage: what stands on which interval, written so that either keeping or destroying wins.

Placing a keep locks the custody rows of its cameras in the order of their ids and writes its intervals;
destruction locks the same rows and reads all keeps. Whichever commits first is what the other one finds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from audit.record import Touch
from cameras.models import Camera
from evidence.models import Asset, Custody, Keep, KeepInterval, Segment
from evidence.retention.states import HOLDS, KeepKind
from evidence.vault.footage_keys import keep_key
from policy import publish
from policy.actors import Actor
from policy.models import Membership, Person
from policy.permits import Permit
from policy.vocabulary import OrganisationClass
from rtcc import clock
from rtcc.errors import BadInput, NotFound

MOST_CAMERAS = 200


@dataclass(frozen=True)
class Span:
    """Footage of one camera: [starts_at, ends_at), aware, UTC; or, by its own id, an asset of no camera."""

    camera: UUID
    starts_at: datetime
    ends_at: datetime

    def overlaps(self, starts_at: datetime, ends_at: datetime) -> bool:
        return self.starts_at < ends_at and starts_at < self.ends_at


@dataclass(frozen=True)
class Words:
    """Why something is kept. ``basis`` is the incident or case; a hold names authority and matter too."""

    basis: UUID | None = None
    authority: str = ""
    matter: str = ""
    reason: str = ""


def lock_custody(cameras: Iterable[UUID]) -> None:
    """Lock the custody rows of these cameras in the order of their ids, in the caller's transaction."""
    wanted = sorted(set(cameras))
    Custody.objects.bulk_create([Custody(camera=camera) for camera in wanted], ignore_conflicts=True)
    list(Custody.objects.select_for_update().filter(camera__in=wanted).order_by("camera"))


def check_spans(spans: Sequence[Span]) -> None:
    """Raise BadInput or NotFound for spans that cannot be kept."""
    cameras = {span.camera for span in spans}
    if not cameras or len(cameras) > MOST_CAMERAS:
        raise BadInput(f"Choose between one and {MOST_CAMERAS} cameras.", field="cameras")
    if any(span.ends_at <= span.starts_at for span in spans):
        raise BadInput("The end lies before the beginning.", field="ends_at")
    known = Camera.objects.filter(id__in=cameras).count() + Asset.objects.filter(id__in=cameras).count()
    if known != len(cameras):
        raise NotFound("There is no such camera.")


def place(
    permit: Permit,
    kind: KeepKind,
    spans: Sequence[Span],
    *,
    by: Actor,
    words: Words,
    review_by: datetime | None = None,
    agency: UUID | None = None,
) -> Keep:
    """Write a keep in guard's block. Its key is made once the entry is committed.

    A bookmark or keep ends by the parameter `bookmark_keep`; a hold only by two persons.
    """
    lock_custody(span.camera for span in spans)
    now = clock.now()
    expires_at, rule = (None, "") if kind in HOLDS else _expiry(now)
    keep = Keep.objects.create(
        kind=kind,
        basis_id=words.basis,
        agency_id=agency or agency_of(by, now),
        authority=words.authority.strip(),
        matter=words.matter.strip(),
        reason=words.reason.strip(),
        placed_at=now,
        placed_by=by if isinstance(by, Person) else None,
        review_by=review_by,
        expires_at=expires_at,
        expiry_rule=rule,
        entry=permit.entry_id,
    )
    KeepInterval.objects.bulk_create(
        [
            KeepInterval(keep=keep, camera=span.camera, starts_at=span.starts_at, ends_at=span.ends_at)
            for span in spans
        ]
    )
    _enter(permit, keep, spans, by)
    permit.after(lambda: keep_key(keep.id))
    return keep


def _expiry(now: datetime) -> tuple[datetime, str]:
    parameters = publish.active().parameters
    return now + parameters.duration("bookmark_keep", now), parameters.row("bookmark_keep", now).id


def longest_review(now: datetime) -> timedelta:
    """How far ahead the review of a hold may lie."""
    return publish.active().parameters.duration("hold_review", now)


def _enter(permit: Permit, keep: Keep, spans: Sequence[Span], by: Actor) -> None:
    """What the entry of a keep says, one touch for each camera that guard does not know of already."""
    known = {covered.ref.id for covered in permit.covers}
    cameras = set(Camera.objects.with_ids([span.camera for span in spans]).values_list("id", flat=True))
    destroyed = sum(
        Segment.objects.of_camera(span.camera)
        .overlapping(span.starts_at, span.ends_at)
        .filter(tombstone__isnull=False)
        .count()
        for span in spans
    )
    detail: dict[str, Any] = {
        "keep": str(keep.id),
        "kind": keep.kind,
        "matter": keep.matter or None,
        "expires_at": keep.expires_at.isoformat() if keep.expires_at else None,
        "rule": keep.expiry_rule or None,
        "review_by": keep.review_by.isoformat() if keep.review_by else None,
        "destroyed_before": destroyed,
    }
    permit.enter(
        cameras=sorted(str(camera) for camera in cameras),
        footage_from=min(span.starts_at for span in spans),
        footage_to=max(span.ends_at for span in spans),
        authority=keep.authority or None,
        detail=detail,
    )
    permit.touch(
        Touch(camera=span.camera, footage=(span.starts_at, span.ends_at), basis=keep.basis_id)
        for span in spans
        if span.camera in cameras - known
    )


def agency_of(by: Actor, at: datetime) -> UUID | None:
    """The agency that the actor works for."""
    if not isinstance(by, Person):
        return None
    memberships = Membership.objects.of_person(by.id).valid_at(at)
    found: UUID | None = (
        memberships.filter(organisation__kind=OrganisationClass.AGENCY)
        .values_list("organisation_id", flat=True)
        .first()
    )
    return found


def standing_on(camera: UUID, starts_at: datetime, ends_at: datetime, at: datetime) -> list[KeepInterval]:
    """Intervals of keeps that stand at ``at`` and overlap the footage. Read after `lock_custody`."""
    rows = KeepInterval.objects.of_camera(camera).standing_at(at).overlapping(starts_at, ends_at)
    return list(rows.select_related("keep"))


def kept_by(segment: Segment | Asset, intervals: Collection[KeepInterval]) -> list[UUID]:
    """Which of these keeps hold a segment or asset: all of it, if any part of it."""
    return sorted(
        {
            row.keep_id
            for row in intervals
            if row.camera == segment.custody
            and row.starts_at < segment.ends_at
            and segment.starts_at < row.ends_at
        }
    )
