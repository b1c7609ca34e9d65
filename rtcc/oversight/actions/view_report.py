"""Reading the log's report: one question, however many of its pages are turned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from policy import permits, publish
from policy.guard import guard
from policy.permits import Permit, PermitEnded
from policy.resume import resume
from policy.vocabulary import Action, Purpose
from rtcc import clock
from rtcc.oversight import notices
from rtcc.oversight.tiers import Reader


def view_report(*, by: Reader, question: Mapping[str, str], going_on: UUID | None) -> Permit:
    """The permit to read what answers the question; an earlier page's while its time lasts, with no further
    entry. Raises Denied.
    """
    if going_on is not None:
        row = permits.find(going_on)
        window = publish.active().parameters.duration("act_window", clock.now())
        if row is not None and row.action == Action.VIEW_REPORT and clock.now() - row.issued_at < window:
            try:
                return resume(going_on, by=by.person)
            except PermitEnded:
                pass  # Then it is a question of its own, below.
    with guard(Action.VIEW_REPORT, by=by.person, on=by.refs, purpose=Purpose.AUDIT_REVIEW) as permit:
        detail: dict[str, Any] = {"question": dict(question)}
        if told := notices.mark_read(by):
            detail["notices_read"] = told
        permit.enter(act=str(permit.id), detail=detail)
    return permit
