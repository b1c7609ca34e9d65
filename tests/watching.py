"""Watching as stories do it: the acts that a page would call."""

from __future__ import annotations

from uuid import UUID

from policy.vocabulary import Purpose
from rtcc.live.actions.open_viewing import open_viewing
from rtcc.live.models import Viewing
from tests.city import camera, incident, person


def grant_of(viewing: Viewing) -> UUID:
    found = viewing.permit.grant_id
    assert found is not None
    return UUID(str(found))


def watch(*codes: str, by: str = "ana.mercer", number: str = "26-118402") -> Viewing:
    viewing, _ = open_viewing(
        by=person(by),
        basis=incident(number).basis_id,
        cameras=[camera(code).id for code in codes],
        purpose=Purpose.EMERGENCY_CALL,
    )
    return viewing
