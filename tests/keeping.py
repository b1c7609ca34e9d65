"""Keeping and destroying as stories do it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from evidence.actions.place_hold import place_hold
from evidence.actions.release_hold import release_hold
from evidence.models import Keep, Segment
from evidence.vault.names import KeyName
from policy.actions.approve import approve
from policy.actions.propose import propose
from policy.vocabulary import Action, Kind, Purpose, Ref
from rtcc.live.actions.open_viewing import open_viewing
from rtcc.live.models import Viewing
from tests.city import NOON, camera, incident, person
from tests.minutes import keys

# cam07 and cam08 keep ten minutes, with keys of an hour.
SHORT = "cam07"
BEGINS = NOON - timedelta(minutes=30)
pytestmark = pytest.mark.usefixtures("city", "vault")


def hold(*codes: str, starts_at: datetime = BEGINS, ends_at: datetime = NOON, by: str = "owen.birch") -> Keep:
    return place_hold(
        by=person(by),
        cameras=[camera(code).id for code in codes or (SHORT,)],
        starts_at=starts_at,
        ends_at=ends_at,
        authority="Circuit Court, preservation order",
        matter="2611-CC00042",
    )


def release(keep: Keep, by: str = "owen.birch", second: str = "ruth.okafor") -> Keep:
    proposal = propose(
        by=person(by),
        action=Action.RELEASE_HOLD,
        on=Ref(Kind.KEEP, keep.id),
        words={"why": "The matter has ended."},
        reason="The matter has ended.",
    )
    approve(by=person(second), proposal=proposal.id)
    return release_hold(by=person(by), proposal=proposal.id)


def watch(code: str = "cam01") -> Viewing:
    viewing, _ = open_viewing(
        by=person("ana.mercer"),
        basis=incident().basis_id,
        cameras=[camera(code).id],
        purpose=Purpose.EMERGENCY_CALL,
    )
    return viewing


def key_lives(name: KeyName) -> bool:
    return name in keys().live()


def period_of(segment: Segment) -> KeyName:
    return KeyName.of(str(segment.camera), segment.asset.period)
