"""The days on which the clock of requests does not count: added and taken away with an authority."""

from __future__ import annotations

from datetime import date

from audit.vocabulary import Event
from evidence.records import business
from evidence.records.models import Holiday
from policy.facts import SYSTEM
from policy.guard import guard
from policy.models import Person
from policy.permits import Permit
from policy.vocabulary import Action
from rtcc.errors import BadInput, Conflict

LIBRARY = "public holidays of the State of Missouri"


def add_holiday(*, by: Person, day: date, name: str, authority: str) -> Holiday:
    """Raises BadInput, Conflict where the day stands there already, Denied."""
    for field, text in (("name", name), ("authority", authority)):
        if not text.strip():
            raise BadInput("Fill this in.", field=field)
    with guard(Action.WORK_REQUEST, by=by, on=SYSTEM, event=Event.CALENDAR_CHANGED) as permit:
        _fill(day.year, permit)
        if Holiday.objects.filter(day=day).exists():
            raise Conflict("That day is a holiday already; nothing was changed.")
        row = Holiday.objects.create(
            day=day, name=name.strip(), authority=authority.strip(), entry=permit.entry_id
        )
        permit.enter(authority=row.authority, detail={"added": str(day), "name": row.name})
    return row


def drop_holiday(*, by: Person, day: date, authority: str) -> None:
    """Make it a business day. Requests that stand keep their due date. Raises BadInput, Conflict, Denied."""
    if not authority.strip():
        raise BadInput("Say who decided that.", field="authority")
    with guard(Action.WORK_REQUEST, by=by, on=SYSTEM, event=Event.CALENDAR_CHANGED) as permit:
        _fill(day.year, permit)
        gone, _ = Holiday.objects.filter(day=day).delete()
        if not gone:
            raise Conflict("That day is no holiday; nothing was changed.")
        permit.enter(authority=authority.strip(), detail={"dropped": str(day)})


def _fill(year: int, permit: Permit) -> None:
    """A year that is not in the table is put there first, or one day of it would stand for all."""
    if not Holiday.objects.filter(day__year=year).exists():
        Holiday.objects.bulk_create(
            Holiday(day=day, name=name, authority=LIBRARY, entry=permit.entry_id)
            for day, name in sorted(business.missouri(year).items())
        )
