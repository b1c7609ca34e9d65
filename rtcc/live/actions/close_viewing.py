"""Stop watching: the viewing's owner closes it."""

from __future__ import annotations

from uuid import UUID

from policy.models import Person
from rtcc.errors import NotFound
from rtcc.live import sessions
from rtcc.live.models import Viewing


def close_viewing(*, by: Person, viewing: UUID) -> None:
    """End one's own viewing. Giving up access needs no permission; the end is an entry of its own."""
    if not Viewing.objects.of_person(by.id).filter(id=viewing).exists():
        raise NotFound()
    sessions.ask_to_end(viewing, "closed by the viewer")
