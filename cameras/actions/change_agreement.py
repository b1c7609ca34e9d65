"""An agreement's terms change: by the policy owner, or by the partner alone where it only takes away."""

from __future__ import annotations

from uuid import UUID

from cameras.entries import of_agreement
from cameras.models import Agreement
from cameras.terms import AgreementTerms, narrows
from cameras.writing import read_terms, write_terms
from policy import epoch
from policy.guard import guard
from policy.models import Person
from policy.vocabulary import Action, Kind, Mode, Ref
from rtcc import clock
from rtcc.errors import BadInput, Conflict, NotFound


def change_agreement(*, by: Person, agreement: UUID, terms: AgreementTerms, reason: str = "") -> Agreement:
    """Put an agreement on other terms from now on.

    Whether the change only takes rights away is found here and not said by the caller. It is compared
    again under the lock: who changed the terms in between makes this act a Conflict. Raises BadInput
    naming the field, or Denied.
    """
    standing = Agreement.objects.filter(id=agreement).first()
    old = read_terms(standing, clock.now()) if standing else None
    with guard(
        Action.CHANGE_AGREEMENT,
        by=by,
        on=Ref(Kind.AGREEMENT, agreement),
        reason=reason,
        restricts=old is not None and narrows(old, terms),
    ) as permit:
        row: Agreement | None = Agreement.objects.filter(id=agreement).select_related("owner").first()
        if row is None or old is None:
            raise NotFound
        at = clock.now()
        if read_terms(row, at) != old:
            raise Conflict("Somebody else changed this agreement just now. Look at it again.")
        if terms.mode is Mode.CONDITIONAL and not terms.hours:
            raise BadInput("A conditional agreement states its hours.", field="hours")
        if old.revoked and not terms.revoked:
            raise Conflict("A revoked agreement does not come back; make a new one.")
        write_terms(row, terms, at, by=by)
        permit.enter(**of_agreement(row, {"before": old.as_json(), "after": terms.as_json()}))
        epoch.bump()
    return row
