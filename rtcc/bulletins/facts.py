"""What rules may read about a bulletin: whose it is, whether it stands, and all that is known of its camera.

The officer's act is judged on the facts of the camera itself, so that an owner's terms bind the phone as they
bind the wall (parity), whatever the rules become.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from cameras.facts import camera_facts
from policy.facttypes import ResourceFacts
from policy.vocabulary import Kind
from rtcc import clock
from rtcc.bulletins.models import Bulletin
from rtcc.bulletins.words import Standing


def standing_of(bulletin: Bulletin, at: datetime) -> Standing:
    """How it stands now. ``permit__grant`` should be loaded with it."""
    grant = bulletin.permit.grant
    if bulletin.revoked_at is not None:
        return Standing.REVOKED
    if at >= bulletin.expires_at or grant is None or grant.ended_at is not None:
        return Standing.OVER
    return Standing.OPEN


def bulletin_facts(ids: Sequence[UUID], *, lock: bool) -> Mapping[UUID, ResourceFacts]:
    """Facts of each bulletin that exists. Rows of bulletins are locked in id order: one that is being taken
    back is not opened meanwhile.
    """
    rows = Bulletin.objects.filter(id__in=ids).order_by("id").select_related("permit__grant", "basis")
    bulletins: list[Bulletin] = list(rows.select_for_update(of=("self",)) if lock else rows)
    cameras = camera_facts([row.camera for row in bulletins], lock=False)
    at = clock.now()
    return {
        row.id: replace(
            cameras[row.camera],
            kind=Kind.BULLETIN,
            id=str(row.id),
            state=standing_of(row, at),
            subject_id=str(row.recipient_id),
            opened_by=str(row.sender_id),
        )
        for row in bulletins
        if row.camera in cameras
    }
