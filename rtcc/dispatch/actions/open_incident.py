"""Open an incident: its basis and its place."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction

from policy.facts import SYSTEM
from policy.guard import guard
from policy.models import Basis, Membership, Person
from policy.vocabulary import Action, BasisKind, OrganisationClass, Verification
from rtcc import clock
from rtcc.dispatch.models import Incident
from rtcc.errors import BadInput, Conflict


def open_incident(
    *, by: Person, number: str, kind: str, title: str, priority: int, place: str, lon: float, lat: float
) -> Incident:
    """Open it in the person's own agency. Without a number it is pending: the number follows.

    A number given by hand is verified by somebody else (`verify_basis`). Raises BadInput, Conflict, Denied.
    """
    if not 1 <= priority <= 5:
        raise BadInput("Priority is 1 (most urgent) to 5.", field="priority")
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise BadInput("The place is not on the map.", field="place")
    with guard(Action.OPEN_INCIDENT, by=by, on=SYSTEM) as permit:
        now = clock.now()
        basis = Basis(
            kind=BasisKind.INCIDENT,
            agency_id=_agency(by),
            number=number.strip(),
            title=title.strip() or kind,
            opened_at=now,
            opened_by=by,
            verification=Verification.PENDING,
        )
        try:
            with transaction.atomic():
                basis.save(force_insert=True)
        except IntegrityError as error:
            raise Conflict(f"There is an incident {number} already; open that one.") from error
        incident = Incident.objects.create(
            basis=basis, kind=kind, priority=priority, place=place, lon=lon, lat=lat, entry=permit.entry_id
        )
        permit.basis_id = basis.id
        permit.enter(basis=basis.id, basis_kind=basis.kind, basis_number=basis.number or None)
    return incident


def _agency(person: Person) -> UUID:
    membership = (
        Membership.objects.of_person(person.id)
        .valid_at(clock.now())
        .filter(organisation__kind=OrganisationClass.AGENCY)
        .first()
    )
    if membership is None:
        raise BadInput("Only members of an agency open incidents.")
    organisation: UUID = membership.organisation_id
    return organisation
