"""Stop what is made, or waits to be approved, for a request that was withdrawn, denied or closed."""

from __future__ import annotations

from uuid import UUID

from evidence.exports.ending import ask_to_stop
from evidence.exports.models import Export
from evidence.exports.states import WORKING, ExportState


def stop_exports_of(basis: UUID, why: str) -> int:
    """How many there were. Nothing is asked: what goes on anyway finds its basis closed at its next check."""
    rows = list(Export.objects.of_basis(basis).filter(state__in=(ExportState.PROPOSED, *WORKING)))
    return sum(ask_to_stop(row, f"Its request was withdrawn, denied or closed: {why}") for row in rows)
