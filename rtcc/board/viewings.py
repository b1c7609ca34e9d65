"""What rules may read of one open viewing or playback, so that a supervisor can stop it by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from policy.facttypes import NONE, ResourceFacts
from policy.loaders import PLAIN
from policy.models import Permit
from policy.vocabulary import Action, Kind

PICTURES = (Action.VIEW_LIVE, Action.PLAYBACK)


def load_viewings(ids: Sequence[UUID], *, lock: bool) -> Mapping[UUID, ResourceFacts]:
    """By the id of its permit, which is the id of the viewing or playback; two queries."""
    rows = Permit.objects.filter(id__in=ids, action__in=PICTURES).select_related("basis").order_by("id")
    return {
        row.id: ResourceFacts(
            **PLAIN,
            kind=Kind.VIEWING,
            id=str(row.id),
            agency_id=str(row.basis.agency_id) if row.basis else NONE,
            state="ended" if row.ended_at else "open",
            subject_id=row.actor,
            opened_by=row.actor,
        )
        for row in (rows.select_for_update(of=("self",)) if lock else rows)
    }
