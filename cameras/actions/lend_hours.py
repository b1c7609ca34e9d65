"""The owner says in which of the agreed hours it lends its cameras."""

from __future__ import annotations

from uuid import UUID

from cameras.entries import of_agreement
from cameras.hours import Window
from cameras.models import Agreement
from cameras.terms import lends_within, minutes_of, open_minutes
from cameras.writing import read_terms, write_lent
from policy import epoch
from policy.guard import guard
from policy.models import Person
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.errors import BadInput, Conflict, NotFound


def lend_hours(*, by: Person, agreement: UUID, hours: frozenset[Window], reason: str = "") -> Agreement:
    """Lend in these hours from now on. All agreed hours: as agreed.

    Whether they lie within the agreement is found here, and compared again under the lock. Raises BadInput
    for no hours at all, Conflict where the agreement changed in between, or Denied with the clause.
    """
    standing = Agreement.objects.filter(id=agreement).first()
    terms = read_terms(standing, clock.now()) if standing else None
    with guard(
        Action.LEND_HOURS,
        by=by,
        on=Ref(Kind.AGREEMENT, agreement),
        reason=reason,
        restricts=terms is not None and lends_within(terms, hours),
    ) as permit:
        row: Agreement | None = Agreement.objects.filter(id=agreement).select_related("owner").first()
        if row is None or terms is None:
            raise NotFound
        if read_terms(row, clock.now()) != terms:
            raise Conflict("The agreement was changed just now. Look at it again.")
        if not hours:
            raise BadInput("To lend at no time at all, pause your cameras instead.", field="hours")
        whole = minutes_of(hours) == open_minutes(terms)
        before = [str(each.window) for each in row.lent_hours.all()]
        write_lent(row, frozenset() if whole else hours)
        after = [] if whole else [str(each.window) for each in row.lent_hours.all()]
        permit.enter(**of_agreement(row, {"lent_before": before, "lent": after}))
        epoch.bump()
    return row
