"""Notices: oversight is told of an access by the report, and has been told when it reads it. Owners are told
on their own desk (`rtcc.partners.notices`).
"""

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
    """Ids of what is owed to oversight, where the reader is of oversight."""
    if reader.owners is not None or reader.tier not in (Tier.FULL, Tier.PSEUDONYMOUS):
        return []
    owed = Obligation.objects.open().filter(kind=ObligationKind.NOTIFY_OVERSIGHT)
    return list(owed.values_list("id", flat=True).distinct())
