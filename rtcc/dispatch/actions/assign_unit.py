"""Put a unit on an incident, and take it off again."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from audit.vocabulary import Event
from policy.guard import guard
from policy.models import Membership, Person
from policy.vocabulary import Action, Kind, Ref, Role
from rtcc import clock
from rtcc.dispatch.models import Assignment, Incident
from rtcc.errors import BadInput, Conflict, NotFound

LONGEST_CALL_SIGN = 20
TICK = timedelta(microseconds=1)


def assign_unit(*, by: Person, basis: UUID, unit: str, officer: UUID) -> Assignment:
    """Put an officer of the incident's agency on it, under a call sign. Raises NotFound, BadInput, Conflict
    where the officer is on it already, or Denied.
    """
    unit = " ".join(unit.split())
    with guard(Action.ASSIGN_UNIT, by=by, on=Ref(Kind.BASIS, basis), basis=basis) as permit:
        incident = Incident.objects.for_list().filter(basis_id=basis).first()
        if incident is None:
            raise NotFound
        if not unit or len(unit) > LONGEST_CALL_SIGN:
            raise BadInput("Give the unit's call sign, such as 4-12.", field="unit")
        if not officers_of(incident).filter(person_id=officer).exists():
            raise BadInput("A unit is an officer of the agency whose incident it is.", field="officer")
        try:
            with transaction.atomic():
                row = Assignment.objects.create(
                    incident=incident,
                    unit=unit,
                    person_id=officer,
                    starts_at=clock.now(),
                    entry=permit.entry_id,
                )
        except IntegrityError as error:
            raise Conflict("This officer is on the incident already.") from error
        permit.enter(detail={"assignment": str(row.id), "unit": unit, "officer": str(officer)})
    return row


def clear_unit(*, by: Person, basis: UUID, assignment: UUID) -> Assignment:
    """The unit is on the incident no more. Raises NotFound, Conflict where it was cleared before, Denied."""
    with guard(
        Action.ASSIGN_UNIT, by=by, on=Ref(Kind.BASIS, basis), basis=basis, event=Event.UNIT_CLEARED
    ) as permit:
        row: Assignment | None = Assignment.objects.on_basis(basis).filter(id=assignment).first()
        if row is None:
            raise NotFound
        if row.ends_at is not None:
            raise Conflict("This unit was taken off already.")
        # An interval has a length, also where both acts came at one instant of a set clock.
        row.ends_at = max(clock.now(), row.starts_at + TICK)
        row.save(update_fields=["ends_at"])
        permit.enter(detail={"assignment": str(row.id), "unit": row.unit, "officer": str(row.person_id)})
    return row


def officers_of(incident: Incident) -> QuerySet[Membership]:
    """Officers of the incident's agency now."""
    return Membership.objects.valid_at(clock.now()).filter(
        organisation_id=incident.basis.agency_id, role=Role.OFFICER, person__is_active=True
    )
