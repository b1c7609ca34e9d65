"""An owner has read the notices of accesses to its cameras."""

from __future__ import annotations

from audit.vocabulary import Event
from policy.guard import guard
from policy.vocabulary import Action, Purpose
from rtcc import clock
from rtcc.oversight.tiers import Reader
from rtcc.partners import notices
from rtcc.partners.models import Notice


def read_notices(*, by: Reader) -> int:
    """Mark the owner's unread notices read and discharge what was owed by them; how many. Raises Denied."""
    with guard(
        Action.VIEW_REPORT, by=by.person, on=by.refs, purpose=Purpose.AUDIT_REVIEW, event=Event.NOTICE_READ
    ) as permit:
        unread = Notice.objects.of_owners(by.owners or ()).unread().select_for_update(of=("self",))
        accesses = list(unread.values_list("id", "access"))
        rows = Notice.objects.filter(id__in=[key for key, _ in accesses])
        rows.update(read_at=clock.now(), read_by=by.person, read_entry=permit.entry_id)
        done = notices.discharge([access for _, access in accesses], by.cameras, by.person)
        permit.enter(count=len(accesses), detail={"obligations_discharged": done})
    return len(accesses)
