"""Revoke an API token: it opens nothing any more, and what was permitted through it ends."""

from __future__ import annotations

from uuid import UUID

from policy import epoch
from policy.accounts import sessions
from policy.guard import guard
from policy.models import Permit as PermitRow
from policy.models import Person
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.api.models import Token
from rtcc.errors import Conflict

WHY = "The API token was revoked."


def revoke_token(*, by: Person, token: UUID) -> Token:
    """End it at once. Raises Conflict for one that is revoked already, Denied."""
    with guard(Action.REVOKE_TOKEN, by=by, on=Ref(Kind.TOKEN, token)) as permit:
        now = clock.now()
        row: Token = Token.objects.get(id=token)
        if row.revoked_at is not None:
            raise Conflict("This token is revoked already.")
        row.revoked_at, row.revoked_by, row.revoked_entry = now, by, permit.entry_id
        row.save(update_fields=["revoked_at", "revoked_by", "revoked_entry"])
        permit.enter(parent=str(row.entry), detail={"name": row.name, "of": str(row.person_id)})
        if row.session_id is not None:
            standing = PermitRow.objects.filter(session_id=row.session_id, ended_at__isnull=True)
            standing.update(ended_at=now, ended_why=WHY)
            # The end of the session is an entry of its own; should it not come to that, idleness ends it.
            ending = row.session_id
            permit.after(lambda: sessions.end(ending, WHY))
        epoch.bump()
    return row
