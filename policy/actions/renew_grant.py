"""Renew a grant: one key, while policy allows."""

from __future__ import annotations

from uuid import UUID

from policy import epoch, grants
from policy.guard import guard
from policy.models import Grant, Person
from policy.models import Permit as PermitRow
from policy.vocabulary import Action, Kind, Purpose, Ref
from rtcc import clock


def renew_grant(*, by: Person, grant: UUID) -> Grant:
    """Give the grant its full time again from now. Raises Denied when policy allows no more."""
    row = Grant.objects.select_related("basis").filter(id=grant).first()
    with guard(
        Action.RENEW_GRANT,
        by=by,
        on=Ref(Kind.GRANT, grant),
        basis=row.basis_id if row else None,
        purpose=Purpose(row.purpose) if row else None,
    ) as permit:
        fresh: Grant = Grant.objects.select_related("basis").get(id=grant)
        state, span = grants.length(fresh.basis, clock.now(), exigent=fresh.exigent)
        fresh.ends_at, fresh.state, fresh.renewals = clock.now() + span, state, fresh.renewals + 1
        fresh.save(update_fields=["ends_at", "state", "renewals"])
        PermitRow.objects.filter(grant_id=grant, ended_at__isnull=True).update(expires_at=fresh.ends_at)
        permit.enter(grant=str(grant), count=fresh.renewals)
        epoch.bump()
    return fresh
