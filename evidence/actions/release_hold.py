"""Release a hold that another person has approved releasing."""

from __future__ import annotations

from uuid import UUID

from audit.record import Touch
from evidence.models import Keep
from evidence.records.models import Request
from evidence.retention import keeping
from policy import proposals
from policy.guard import guard
from policy.models import Person
from policy.vocabulary import Action, Kind
from rtcc import clock
from rtcc.errors import BadInput, Conflict


def check_not_asked_for(keep: UUID) -> None:
    """Raise Conflict while an open request needs this hold: what it asks for is there when it is answered."""
    needs = Request.objects.needing(keep).select_related("basis").first()
    if needs is not None:
        raise Conflict(
            f"{needs.basis.number} is open and asks for this footage. Its hold is released once the request"
            " is answered and closed, or withdrawn."
        )


def release_hold(*, by: Person, proposal: UUID) -> Keep:
    """Carry out the proposal; decided anew, with the approvals there are now.

    The footage goes back to its own time once no other keep stands on it. Raises Conflict, Denied.
    """
    known = proposals.find(proposal)
    on = proposals.target(known)
    if known.action != Action.RELEASE_HOLD or on.kind is not Kind.KEEP:
        raise BadInput("This proposal releases no hold.")
    why = str(known.payload["words"]["why"])
    with guard(Action.RELEASE_HOLD, by=by, on=on, proposal=proposal, reason=why) as permit:
        words = proposals.spend(proposal, Action.RELEASE_HOLD, on)
        keep = Keep.objects.get(id=on.id)
        if not keep.is_hold or keep.released_at is not None:
            raise Conflict("This hold is released already; nothing was changed.")
        check_not_asked_for(keep.id)
        intervals = list(keep.intervals.all())
        keeping.lock_custody(interval.camera for interval in intervals)
        keep.released_at, keep.released_by, keep.released_why = clock.now(), by, words["why"]
        keep.released_entry, keep.proposal_id = permit.entry_id, proposal
        keep.save(update_fields=["released_at", "released_by", "released_why", "released_entry", "proposal"])
        permit.touch(
            Touch(camera=each.camera, footage=(each.starts_at, each.ends_at), basis=keep.basis_id)
            for each in intervals
        )
        permit.enter(
            parent=str(keep.entry),
            cameras=sorted({str(each.camera) for each in intervals}),
            footage_from=min(each.starts_at for each in intervals),
            footage_to=max(each.ends_at for each in intervals),
            authority=keep.authority,
            detail={"keep": str(keep.id), "proposal": str(proposal), "matter": keep.matter},
        )
    return keep
