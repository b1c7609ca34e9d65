"""Who a picture can be sent to: the officers of the basis's agency, those on the incident first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from policy.models import Basis, Membership, Person
from policy.vocabulary import Role
from rtcc import clock
from rtcc.dispatch.models import Assignment
from rtcc.errors import BadInput

MOST = 200


@dataclass(frozen=True)
class Recipient:
    """One officer; ``unit``: on this incident, else empty; ``patrol``: where they work otherwise."""

    person: Person
    unit: str
    patrol: str

    def as_json(self) -> dict[str, Any]:
        return {
            "id": str(self.person.id),
            "name": self.person.display_name,
            "unit": self.unit,
            "patrol": self.patrol,
        }


def recipients(basis: Basis) -> list[Recipient]:
    """Officers who could open a picture on this basis (two queries)."""
    now = clock.now()
    units = dict(Assignment.objects.on_basis(basis.id).valid_at(now).values_list("person_id", "unit"))
    officers = (
        Membership.objects.valid_at(now)
        .filter(organisation_id=basis.agency_id, role=Role.OFFICER, person__is_active=True)
        .select_related("person")
        .order_by("person__display_name")[:MOST]
    )
    found = {row.person_id: Recipient(row.person, units.get(row.person_id, ""), row.unit) for row in officers}
    return sorted(found.values(), key=lambda each: (not each.unit, each.unit, each.person.display_name))


def chosen(basis: Basis, people: Collection[UUID], *, all_units: bool) -> list[Recipient]:
    """Those named, or all units on the incident. Raises BadInput with the sentence what is wrong."""
    known = recipients(basis)
    wanted = [each for each in known if (each.unit if all_units else each.person.id in people)]
    if all_units and not wanted:
        raise BadInput("No unit is on this incident. Choose an officer by name.", field="to")
    if not wanted or (not all_units and len(wanted) != len(set(people))):
        raise BadInput(
            "A picture goes to officers of the agency whose incident it is. Choose one from the list.",
            field="to",
        )
    return wanted
