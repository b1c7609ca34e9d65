"""Who reads a request, carried from page to page by the session."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from django.http import HttpRequest

from evidence.records.actions.view_request import view_request
from evidence.records.models import Request
from policy.facts import SYSTEM
from policy.models import Membership, Person
from policy.permits import Permit
from policy.vocabulary import Kind, OrganisationClass, Ref, Role
from rtcc import clock
from rtcc.errors import NotFound

_KEY = "request_permits"
_MOST_KEPT = 20


class Which(StrEnum):
    """The lists of the desk."""

    OPEN = "open"
    MINE = "mine"
    OVERDUE = "overdue"
    HOLDS = "holds"
    OVER = "over"
    ALL = "all"


@dataclass(frozen=True)
class Reader:
    """Somebody who was permitted to read. What they are offered is a convenience: guard alone decides."""

    person: Person
    roles: frozenset[Role]
    agencies: tuple[UUID, ...]
    oversees: bool
    permit: Permit

    def requests(self) -> Any:
        """Those of their own agency; oversight reads all."""
        rows = Request.objects.for_list()
        return rows if self.oversees else rows.of_agencies(self.agencies)

    def chosen(self, which: Which) -> Any:
        """Of these, the ones of one list."""
        rows = self.requests()
        return {
            Which.OPEN: rows.open,
            Which.MINE: lambda: rows.on_desk_of(self.roles),
            Which.OVERDUE: lambda: rows.overdue_at(clock.now()),
            Which.HOLDS: rows.hold_waits,
            Which.OVER: rows.over,
            Which.ALL: rows.all,
        }[which]()


def look(request: HttpRequest, basis: UUID | None = None) -> Reader:
    """The reader of the list, or of one request. Raises Denied, or Hidden for what they may not know of."""
    person = cast(Person, request.user)
    on = Ref(Kind.REQUEST, basis) if basis else SYSTEM
    known: dict[str, str] = request.session.get(_KEY, {})
    key = str(on.id)
    permit = view_request(by=person, on=on, going_on=UUID(known[key]) if key in known else None)
    if known.get(key) != str(permit.id):
        kept = {name: value for name, value in known.items() if name != key}
        request.session[_KEY] = dict(list(kept.items())[-_MOST_KEPT + 1 :]) | {key: str(permit.id)}
    rows = list(Membership.objects.of_person(person.id).valid_at(clock.now()).select_related("organisation"))
    return Reader(
        person,
        frozenset(Role(row.role) for row in rows),
        tuple(row.organisation_id for row in rows),
        OrganisationClass.OVERSIGHT in {row.organisation.kind for row in rows},
        permit,
    )


def read_one(request: HttpRequest, basis: UUID) -> tuple[Reader, Request]:
    """The reader and the request. Raises Denied, NotFound."""
    reader = look(request, basis)
    row = reader.requests().filter(basis_id=basis).first()
    if row is None:
        raise NotFound()
    return reader, row
