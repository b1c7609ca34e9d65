"""What ends a live view: the last byte goes within two seconds of the commit, and the player is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from django.db import transaction

from audit.record import record
from audit.vocabulary import Event
from cameras.actions.pause_camera import pause_camera
from cameras.actions.resume_camera import resume_camera
from policy import epoch
from policy.actions.end_grant import end_grant
from policy.actions.throw_kill_switch import throw_kill_switch
from policy.models import KillSwitch, Membership
from rtcc import clock
from rtcc.live.models import Viewing
from tests.city import camera, incident, person, said
from tests.live_site import Site, live_site, until
from tests.protocol_client import Tile, WallClient
from tests.visitor import Visitor

__all__ = ["live_site"]

# What is promised, and measured in `benchmarks/stopping.py`: a quarter of it is the rule.
WITHIN_S = 2.0
# So long nothing more may come.
QUIET_S = 1.0


class Watching:
    """One person who watches a city's camera in tile 0 and a partner's in tile 1."""

    def __init__(self, site: Site, who: str = "ana.mercer") -> None:
        self.visitor: Visitor = site.sign_in(who)
        cameras = [camera(code).id for code in ("cam01", "cam11")]
        self.asked = self.visitor.watch(incident().basis_id, *cameras)
        self.client = WallClient(site.port, self.visitor.cookie)
        self.city, self.partner = [
            self.client.open(one["tile"], one["viewing"], one["camera"]) for one in self.asked
        ]
        for tile in (self.city, self.partner):
            self.client.wait_for_pictures(tile, 10)

    def last_byte_after(self, committed: float, *tiles: Tile) -> float:
        """Seconds from the commit to the last byte of these tiles; more would have come meanwhile."""
        self.client.wait(lambda: all(tile.ended for tile in tiles), what="the end")
        ended = time.monotonic()
        until(lambda: time.monotonic() > ended + QUIET_S)
        return max(tile.last_at for tile in tiles) - committed

    def leave(self) -> None:
        self.client.leave()
        for one in self.asked:
            self.visitor.post("/live/close/", viewing=one["viewing"])


@pytest.fixture
def watching(live_site: Site) -> Iterator[Watching]:
    made = Watching(live_site)
    yield made
    made.leave()


def commit(act: Callable[[], object]) -> float:
    """When the act was committed."""
    act()
    return time.monotonic()


def within(seconds: float, what: str) -> None:
    print(f"{what}: last byte {seconds:+.2f} s after the commit")
    assert seconds < WITHIN_S


@pytest.mark.parametrize("trial", range(3))
def test_a_supervisor_ends_a_grant(live_site: Site, watching: Watching, trial: int) -> None:
    grant = UUID(watching.asked[0]["grant"]["id"])
    committed = commit(lambda: end_grant(by=person("ruth.okafor"), grant=grant, why="not needed any more"))

    within(watching.last_byte_after(committed, watching.city), "grant ended")

    assert watching.city.ended == "not needed any more"
    viewing = Viewing.objects.select_related("permit").get(id=watching.asked[0]["viewing"])
    entry = next(one for one in said() if one["id"] == viewing.ended_entry)
    assert (entry["bytes"], entry["exact"]) == (watching.city.size, True)
    assert entry["session"] == str(viewing.permit.session_id)
    # The partner's camera was opened under a grant of its own.
    assert watching.asked[1]["grant"]["id"] != str(grant)
    assert watching.partner.ended is None


def test_a_partner_pauses_its_camera_and_the_citys_goes_on(live_site: Site, watching: Watching) -> None:
    marcus = person("marcus.hale")
    committed = commit(lambda: pause_camera(by=marcus, camera=camera("cam11").id, why="works on the roof"))
    try:
        within(watching.last_byte_after(committed, watching.partner), "partner paused")
        watching.client.wait_for_pictures(watching.city, 10)
        assert watching.city.ended is None
    finally:
        resume_camera(by=marcus, camera=camera("cam11").id)


def test_a_membership_ends(live_site: Site) -> None:
    theo = Watching(live_site, "theo.lindqvist")
    membership = Membership.objects.of_person(person("theo.lindqvist").id).get()

    def end() -> None:
        with transaction.atomic():
            record(Event.MEMBERSHIP_CHANGED, actor="system:test")
            Membership.objects.filter(id=membership.id).update(ends_at=clock.now())
            epoch.bump()

    within(theo.last_byte_after(commit(end), theo.city, theo.partner), "membership ended")
    with transaction.atomic():
        record(Event.MEMBERSHIP_CHANGED, actor="system:test")
        Membership.objects.filter(id=membership.id).update(ends_at=None)
    theo.leave()


def test_the_kill_switch_falls(live_site: Site, watching: Watching) -> None:
    ruth = person("ruth.okafor")
    committed = commit(lambda: throw_kill_switch(by=ruth, reason="a warrant for all cameras came in"))
    try:
        within(watching.last_byte_after(committed, watching.city, watching.partner), "kill switch")
        one = watching.asked[0]
        answer = watching.visitor.post("/live/open/", grant=one["grant"]["id"], camera=one["camera"], tile=0)
        assert answer.status == 403
        assert answer.json()["rule"] == "floor-kill-switch"
    finally:
        with transaction.atomic():
            record(Event.KILLSWITCH_SET, actor="system:test")
            KillSwitch.objects.update(lifted_at=clock.now(), lifted_by=ruth)
            epoch.bump()


def test_the_viewer_signs_out(live_site: Site, watching: Watching) -> None:
    committed = commit(lambda: watching.visitor.post("/sign-out/"))

    within(watching.last_byte_after(committed, watching.city, watching.partner), "signed out")
    assert watching.city.ended == "You signed out."
    viewings = Viewing.objects.filter(id__in=[one["viewing"] for one in watching.asked])
    until(lambda: not viewings.open().exists(), what="the end of the viewings")


def test_another_session_of_the_same_person_goes_on_when_one_signs_out(
    live_site: Site, watching: Watching
) -> None:
    other = live_site.sign_in("ana.mercer")
    other.post("/sign-out/")

    watching.client.wait_for_pictures(watching.city, 30)
    assert watching.city.ended is None
