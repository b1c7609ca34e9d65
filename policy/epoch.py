"""The epoch: one number that rises with each change of what is allowed.

Relay, vault and workers poll it once a second on a connection of their own and decide open permits
again when it has moved. A session that starts or ends moves only that person's counter, so that a
shift change does not make every open picture be decided again.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection
from django.db.models import F

from policy.models import Epoch, Person


class OutsideTransaction(RuntimeError):
    """The epoch was to be raised outside the transaction of the change."""


def bump() -> None:
    """Raise the epoch in the caller's transaction. Call it last: its row is the last lock of an act."""
    if not connection.in_atomic_block:
        raise OutsideTransaction("raise the epoch in the transaction of the change")
    if not Epoch.objects.filter(id=1).update(value=F("value") + 1):
        Epoch.objects.create(id=1, value=1)


def bump_person(person: UUID) -> None:
    """Raise one person's counter: a session of theirs started or ended."""
    Person.objects.filter(id=person).update(session_epoch=F("session_epoch") + 1)


def follow_policy(in_force: str) -> bool:
    """Raise the epoch when another version is in force than when this was last asked; whether it was.

    A version begins at its own instant, long after the act that published it.
    """
    if Epoch.objects.filter(id=1, policy=in_force).exists():
        return False
    moved = Epoch.objects.filter(id=1).exclude(policy=in_force)
    return bool(moved.update(value=F("value") + 1, policy=in_force))


def current() -> int:
    """The epoch as last committed (0 before the first policy version is published)."""
    return Epoch.objects.filter(id=1).values_list("value", flat=True).first() or 0
