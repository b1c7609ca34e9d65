"""Stop one viewing or playback, whatever it stands on."""

from __future__ import annotations

from uuid import UUID

from policy import epoch
from policy.actions.end_grant import end_grant
from policy.guard import guard
from policy.models import Permit, Person
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.board.viewings import PICTURES
from rtcc.errors import BadInput, NotFound


def stop_viewing(*, by: Person, permit: UUID, why: str) -> None:
    """End the grant that it is under, with everything watched under it; without a grant (a records request)
    end its permit. Doors look at the epoch once a second, so the last byte goes within two. Raises Denied,
    NotFound, BadInput.
    """
    if not why.strip():
        raise BadInput("Say in a few words why it is stopped.", field="why")
    row = Permit.objects.filter(id=permit, action__in=PICTURES).first()
    if row is None:
        raise NotFound()
    if row.grant_id is not None:
        end_grant(by=by, grant=row.grant_id, why=why)
        return
    with guard(Action.END_GRANT, by=by, on=Ref(Kind.VIEWING, permit), basis=row.basis_id, reason=why) as act:
        act.enter(parent=str(row.entry))
        Permit.objects.filter(id=permit, ended_at__isnull=True).update(ended_at=clock.now(), ended_why=why)
        epoch.bump()
