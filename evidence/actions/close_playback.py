"""Stop playing back: the session's owner closes it."""

from __future__ import annotations

from uuid import UUID

from evidence.models import Playback
from evidence.playback import account
from policy.models import Person
from rtcc.errors import NotFound


def close_playback(*, by: Person, playback: UUID) -> None:
    """End one's own playback. Giving up access needs no permission; the end is an entry of its own."""
    if not Playback.objects.of_person(by.id).filter(id=playback).exists():
        raise NotFound()
    account.end(playback, "closed by the viewer")
