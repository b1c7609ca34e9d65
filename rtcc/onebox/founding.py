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


def publish_starter(actor: str, at: datetime) -> bool:
    """Publish the starter version unless some version is there; in the caller's transaction."""
    if PolicyVersion.objects.exists():
        return False
    entry = uuid7()
    version = publish.load_starter()
    publish.store(version, published_by=None, entry=entry, effective_from=at)
    record(
        Event.POLICY_PUBLISHED,
        outcome=Outcome.PERMIT,
        id=entry,
        actor=actor,
        purpose="system_duty",
        policy=version.hash,
        detail={"starter": True},
    )
    return True


def found() -> bool:
    """Make an empty system ready for its first people. Running it again changes nothing."""
    publish.load_starter()
    with transaction.atomic(durable=True):
        # A version never begins in the past; reading the clock and writing the row take a moment.
        made = publish_starter("system:setup", clock.now() + timedelta(seconds=1))
        if made:
            epoch.bump()
    return made
