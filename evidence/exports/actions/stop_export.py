"""Stop an export: the one who asked for it, or whoever may approve it."""

from __future__ import annotations

from uuid import UUID

from evidence.exports.ending import ask_to_stop
from evidence.exports.models import Export
from policy import offers
from policy.models import Person
from policy.vocabulary import Action, Kind, Ref
from rtcc.errors import Conflict, NotFound


def stop_export(*, by: Person, export: UUID) -> None:
    """What is not handed out yet stays here. A worker notices within a second. Raises NotFound, Conflict."""
    row: Export | None = Export.objects.select_related("proposal").filter(id=export).first()
    if row is None or not may_stop(by, row):
        raise NotFound()
    if not ask_to_stop(row, f"Stopped by {by.display_name}."):
        raise Conflict("This export has ended; there is nothing to stop.")


def may_stop(person: Person, row: Export) -> bool:
    """Stopping only takes away."""
    return row.asked_by_id == person.id or offers.is_offered(
        person, Action.APPROVE, Ref(Kind.PROPOSAL, row.proposal_id)
    )
