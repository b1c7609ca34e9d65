"""What a system holds before anybody has signed in: the starter policy version, and nobody."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from audit.record import record
from audit.vocabulary import Event, Outcome
from policy import epoch, publish
from policy.models import PolicyVersion
from rtcc import clock
from rtcc.ids import uuid7

# A version never begins in the past; reading the clock and writing the row take a moment.
_A_MOMENT = timedelta(seconds=1)


def publish_starter(actor: str, at: datetime) -> bool:
    """Publish the starter version unless some version is there; in the caller's transaction."""
    if PolicyVersion.objects.exists():
        return False
    _publish_shipped(actor, at)
    return True


def publish_newer(actor: str) -> bool:
    """In a demonstration, publish what this release ships where the system's own earlier version is in force;
    in the caller's transaction. What people published stays until people publish something else.
    """
    now = clock.now()
    row = PolicyVersion.objects.in_force_at(now).first()
    later = PolicyVersion.objects.filter(published_at__gt=row.published_at).exists() if row else False
    if row is None or later or row.published_by_id or row.hash == publish.load_starter().hash:
        return False
    _publish_shipped(actor, now + _A_MOMENT)
    return True


def _publish_shipped(actor: str, at: datetime) -> None:
    entry, version = uuid7(), publish.load_starter()
    publish.store(version, published_by=None, entry=entry, effective_from=at)
    record(
        Event.POLICY_PUBLISHED,
        outcome=Outcome.PERMIT,
        id=entry,
        actor=actor,
        purpose="system_duty",
        policy=version.hash,
        detail={"starter": True, "effective_from": at.isoformat()},
    )


def found() -> bool:
    """Make an empty system ready for its first people. Running it again changes nothing."""
    publish.load_starter()
    with transaction.atomic(durable=True):
        made = publish_starter("system:setup", clock.now() + _A_MOMENT)
        if made:
            epoch.bump()
    return made
