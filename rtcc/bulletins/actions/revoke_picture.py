"""Take back a picture that was sent."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from policy import epoch
from policy.guard import guard
from policy.models import Permit as PermitRow
from policy.models import Person
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.bulletins.models import Bulletin
from rtcc.live import sessions
from rtcc.live.models import Viewing

TAKEN_BACK = "This picture was taken back."


def revoke_picture(*, by: Person, bulletin: UUID) -> Bulletin:
    """By its sender, or a supervisor. Nothing of it is handed out afterwards: permits that opened it end
    here, and every door sees that within a second. Taking back twice changes nothing more.

    Raises Denied, Hidden.
    """
    with guard(Action.REVOKE_PICTURE, by=by, on=Ref(Kind.BULLETIN, bulletin)) as permit:
        row: Bulletin = Bulletin.objects.select_related("basis").get(id=bulletin)
        permit.enter(parent=str(row.entry), basis=row.basis_id, basis_number=row.basis.number or None)
        if row.revoked_at is None:
            now = clock.now()
            row.revoked_at, row.revoked_entry = now, permit.entry_id
            row.save(update_fields=["revoked_at", "revoked_entry"])
            opened = PermitRow.objects.filter(id__in=row.openings.values("permit_id"), ended_at__isnull=True)
            opened.update(ended_at=now, ended_why=TAKEN_BACK)
            epoch.bump()
            permit.after(partial(_end_viewings, row))
    return row


def _end_viewings(row: Bulletin) -> None:
    """Live pictures stop with their permit; this enters their ends, also where no telephone is left."""
    opened = row.openings.values("permit_id")
    for viewing in Viewing.objects.open().filter(permit_id__in=opened).values_list("id", flat=True):
        sessions.ask_to_end(viewing, TAKEN_BACK)
