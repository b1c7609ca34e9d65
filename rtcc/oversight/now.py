"""Who watches what just now, in the supervisor's own agency."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cameras.models import Camera
from evidence.models import Playback
from policy.models import Membership, Person
from policy.vocabulary import Kind, OrganisationClass, Verification
from rtcc import clock
from rtcc.live.models import Viewing


@dataclass(frozen=True)
class Watching:
    """One open viewing or playback. ``grant`` is what a supervisor may end; None: it is under no grant."""

    entry: UUID
    person: str
    kind: str
    cameras: tuple[str, ...]
    number: str
    title: str
    purpose: str
    exigent: bool
    reason: str
    since: datetime
    until: datetime
    grant: UUID | None
    permit: UUID
    basis: UUID | None
    basis_kind: str
    pending: bool


def watching(person: Person) -> list[Watching]:
    """Open viewings and playbacks on bases of the person's agencies (all, for oversight), the longest first.
    Four queries.
    """
    rows: list[Any] = []
    for model, kind in ((Viewing, "live"), (Playback, "recorded")):
        # A permit that was stopped gives no more bytes; its session's row is closed a little later.
        found = (
            model.objects.open()
            .filter(permit__ended_at__isnull=True)
            .select_related("person", "permit__basis", "permit__grant")
        )
        rows += [(row, kind) for row in found]
    memberships = Membership.objects.of_person(person.id).valid_at(clock.now())
    at_work = dict(memberships.values_list("organisation_id", "organisation__kind"))
    if OrganisationClass.OVERSIGHT not in at_work.values():
        rows = [
            (row, kind) for row, kind in rows if row.permit.basis and row.permit.basis.agency_id in at_work
        ]
    names = _names(row for row, _ in rows)
    return sorted((_watching(row, kind, names) for row, kind in rows), key=lambda each: each.since)


def _names(rows: Iterable[Any]) -> dict[str, str]:
    ids = {covered["id"] for row in rows for covered in row.permit.covers if covered["kind"] == Kind.CAMERA}
    return {
        str(key): name
        for key, name in Camera.objects.with_ids([UUID(each) for each in ids]).values_list("id", "name")
    }


def _watching(row: Any, kind: str, names: dict[str, str]) -> Watching:
    permit = row.permit
    return Watching(
        entry=row.entry,
        person=row.person.display_name,
        kind=kind,
        cameras=tuple(names.get(covered["id"], covered["id"]) for covered in permit.covers),
        number=permit.basis.number if permit.basis else "",
        title=permit.basis.title if permit.basis else "",
        purpose=permit.purpose.replace("_", " "),
        exigent=bool(permit.grant and permit.grant.exigent),
        reason=permit.grant.reason if permit.grant else "",
        since=row.opened_at,
        until=permit.expires_at,
        grant=permit.grant_id,
        permit=permit.id,
        basis=permit.basis_id,
        basis_kind=permit.basis.kind if permit.basis else "",
        pending=bool(permit.basis) and permit.basis.verification == Verification.PENDING,
    )
