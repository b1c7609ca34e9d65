"""The second person's yes to an export; it begins by itself then."""

from __future__ import annotations

from uuid import UUID

from evidence.exports import job
from evidence.exports.models import Export
from policy.actions.approve import approve
from policy.models import Person
from rtcc.errors import NotFound


def approve_export(*, by: Person, export: UUID) -> Export:
    """Say yes to exactly what was drawn up. Raises Denied, Refused, and Conflict where it ran out, was
    changed, was stopped, or has this person's yes already.
    """
    row: Export | None = Export.objects.select_related("proposal").filter(id=export).first()
    if row is None:
        raise NotFound()
    approve(by=by, proposal=row.proposal_id)
    job.mark_approved(row)
    return row
