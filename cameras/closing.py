"""When the terms of partners' cameras close by the clock alone: what is open is decided again then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from cameras.hours import open_until
from cameras.models import Camera, Designation
from policy.vocabulary import Kind, OrganisationClass, Ref


def closes_at(refs: Sequence[Ref], at: datetime) -> datetime | None:
    """The first instant after ``at`` at which agreed or lent hours close, or an agreement or designation
    ends, for any of the partners' cameras among these; None where none does. A constant number of queries.
    """
    ids = [ref.id for ref in refs if ref.kind is Kind.CAMERA]
    lent = Camera.objects.filter(id__in=ids, owner__kind=OrganisationClass.PARTNER).with_terms(at)
    return min((each for row in lent for each in _ends(row, at) if each > at), default=None)


def _ends(row: Camera, at: datetime) -> Iterator[datetime]:
    designation: Designation | None = next(iter(row.designations_now), None)
    if designation is None:
        return
    agreement = designation.agreement
    yield from (each for each in (designation.ends_at, agreement.ends_at, agreement.revoked_at) if each)
    placement = next(iter(row.placements_now), None)
    zone: ZoneInfo | None = placement.site.zone if placement else None
    for rows in (agreement.hours.all(), agreement.lent_hours.all()):
        until = open_until([each.window for each in rows], zone, at) if zone and rows else None
        if until is not None:
            yield until
