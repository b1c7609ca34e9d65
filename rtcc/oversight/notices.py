"""Notices: who is to be told of an access is told by the report, and has been told when they read it."""

from __future__ import annotations

from uuid import UUID

from audit.vocabulary import Tier
from policy.models import Obligation
from policy.vocabulary import ObligationKind
from rtcc import clock
from rtcc.oversight.tiers import Reader

ANSWER = "read in the access report"


def unread(reader: Reader) -> int:
    """How many notices wait for this reader."""
    return len(_waiting(reader))


def mark_read(reader: Reader) -> int:
    """Discharge what was owed to this reader, inside the act of reading; how many notices it was."""
    waiting = _waiting(reader)
    return Obligation.objects.filter(id__in=waiting, discharged_at__isnull=True).update(
        discharged_at=clock.now(), discharged_by=reader.person, answer=ANSWER
    )


def _waiting(reader: Reader) -> list[UUID]:
    """Ids of what is owed: an owner is told of its own cameras, oversight of what goes to oversight."""
    if reader.owners is not None:
        owed = Obligation.objects.open().filter(
            kind=ObligationKind.NOTIFY_OWNER, grant__cameras__camera__in=reader.cameras
        )
    elif reader.tier in (Tier.FULL, Tier.PSEUDONYMOUS):
        owed = Obligation.objects.open().filter(kind=ObligationKind.NOTIFY_OVERSIGHT)
    else:
        return []
    return list(owed.values_list("id", flat=True).distinct())
