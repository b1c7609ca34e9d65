"""What rules may read about what the agency asked of an owner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from policy.facttypes import ResourceFacts
from policy.loaders import PLAIN
from policy.vocabulary import Kind
from rtcc.partners.models import Ask


def ask_facts(ids: Sequence[UUID], *, lock: bool) -> Mapping[UUID, ResourceFacts]:
    """Facts of each ask that exists: whose footage it is, and which agency asked."""
    rows = Ask.objects.filter(id__in=ids).order_by("id").select_related("basis")
    return {
        row.id: ResourceFacts(
            **{**PLAIN, "owner_id": str(row.owner_id), "owner_class": "partner"},
            kind=Kind.UPLOAD,
            id=str(row.id),
            agency_id=str(row.basis.agency_id),
            state=row.state,
            subject_id="none",
            opened_by=str(row.asked_by_id),
        )
        for row in (rows.select_for_update(of=("self",)) if lock else rows)
    }
