"""Say yes to what another person proposed."""

from __future__ import annotations

from uuid import UUID

from policy import proposals, publish
from policy.guard import guard
from policy.models import Approval, Person, Proposal
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.errors import Conflict, Refused


def approve(*, by: Person, proposal: UUID) -> Approval:
    """One person's yes, never the proposer's own; the act is decided again when it is done.

    Raises Denied (a proposer, or somebody who may not approve), Refused for an account that is too new,
    Conflict where the proposal ran out, was changed, was carried out, has this person's yes already, or has
    somebody's on which it begins.
    """
    known = proposals.find(proposal)
    with guard(Action.APPROVE, by=by, on=Ref(Kind.PROPOSAL, proposal), reason=str(known.action)) as permit:
        row = Proposal.objects.select_for_update(of=("self",)).get(id=proposal)
        proposals.check_open(row)
        now = clock.now()
        age = publish.active().parameters.duration("approver_account_age", now)
        if by.created_at > now - age:
            hours = age.total_seconds() / 3600
            raise Refused(f"This account is too new to approve: it has to be {hours:.0f} hours old.")
        if Approval.objects.filter(proposal=row, person=by).exists():
            raise Conflict("You have approved this already.")
        proposals.check_not_settled(row)
        given = Approval.objects.create(proposal=row, person=by, at=now, entry=permit.entry_id)
        on = proposals.target(row)
        permit.enter(
            parent=str(row.entry),
            detail={
                "proposal": str(row.id),
                "sha256": row.payload_sha256,
                "action": row.action,
                "on": str(on),
            },
        )
    return given
