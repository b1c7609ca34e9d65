"""Sending and having it made: for pages and programs alike."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from policy.models import Person
from rtcc.bulletins import making
from rtcc.bulletins.actions.send_picture import Picture, Sent, send_picture
from rtcc.bulletins.words import Shape


def send_and_make(
    *, by: Person, grant: UUID, picture: Picture, to: Collection[UUID], all_units: bool, at_s: float
) -> list[Sent]:
    """A still is made before this returns, a clip by a worker; a live picture is not made.

    Raises what `send_picture` raises.
    """
    sent = send_picture(by=by, grant=grant, picture=picture, to=to, all_units=all_units, at_s=at_s)
    sending = sent[0].bulletin.sending
    if picture.shape is Shape.STILL:
        making.make(sending, live=not at_s)
    elif picture.shape is Shape.CLIP:
        making.send_to_worker(sending)
    return sent
