"""What rules may read about a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from evidence.records.models import Request
from policy.facttypes import NONE, ResourceFacts
from policy.loaders import PLAIN
from policy.vocabulary import Kind


def request_facts(ids: Sequence[UUID], *, lock: bool) -> Mapping[UUID, ResourceFacts]:
    """Facts of each request that exists; an id is that of its basis. ``opened_by`` of a public one: none."""
    rows = Request.objects.filter(basis_id__in=ids).select_related("basis").order_by("basis_id")
    return {
        row.basis_id: ResourceFacts(
            **PLAIN,
            kind=Kind.REQUEST,
            id=str(row.basis_id),
            agency_id=str(row.basis.agency_id),
            state=row.state,
            subject_id=NONE,
            opened_by=str(row.basis.opened_by_id or NONE),
        )
        for row in (rows.select_for_update(of=("self",)) if lock else rows)
    }
