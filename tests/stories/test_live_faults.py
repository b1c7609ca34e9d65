"""What breaks while somebody watches: nothing is lost from the account, nothing goes out unjudged, and what
comes back is found again.
"""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from policy.models import Person
from rtcc import clock
from rtcc.live import sessions
from rtcc.live.models import Viewing
from rtcc.live.signed_in import SignedIn
from rtcc.live.socket import Wall
from tests import cluster
from tests.city import camera, incident, said
from tests.live_site import Site, live_site, until
from tests.protocol_client import Tile, WallClient, bar_codes
from tests.visitor import Visitor

__all__ = ["live_site"]


class Watching:
    """Ana watches a city's camera in tile 0 and a partner's in tile 1."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.visitor: Visitor = site.sign_in("ana.mercer")
        self.asked = self.visitor.watch(incident().basis_id, camera("cam01").id, camera("cam11").id)
        self.connect()

    def connect(self) -> None:
        self.client = WallClient(self.site.port, self.visitor.cookie)
        self.city, self.partner = [
            self.client.open(one["tile"], one["viewing"], one["camera"]) for one in self.asked
        ]
        for tile in (self.city, self.partner):
            self.client.wait_for_pictures(tile, 10)

    def entry(self, place: int) -> dict[str, Any]:
        """The entry that ended one of the viewings."""
        row = Viewing.objects.filter(id=self.asked[place]["viewing"])
        until(lambda: row.get().ended_at, what="the end of the viewing")
        return next(one for one in said() if one["id"] == row.get().ended_entry)

    def is_open(self, place: int) -> bool:
        return bool(Viewing.objects.open().filter(id=self.asked[place]["viewing"]).exists())


@pytest.fixture
def watching(live_site: Site) -> Iterator[Watching]:
    made = Watching(live_site)
    yield made
    made.client.leave()
    for one in made.asked:
        made.visitor.post("/live/close/", viewing=one["viewing"])


def swept_after(seconds: float) -> int:
    """What the sweeper ends when it looks twice, ``seconds`` and a little more from now."""
    ended = 0
    for later in (seconds, seconds + 11):
        with clock.set_to(clock.now() + timedelta(seconds=later)):
            ended += sessions.sweep()
    return ended


def test_a_socket_lost_and_found_again_keeps_the_viewing(watching: Watching) -> None:
    before = watching.city.size
    watching.client.vanish()
    assert sessions.sweep() == 0

    watching.connect()
    received = before + watching.city.size
    assert watching.is_open(0)
    watching.visitor.post("/live/close/", viewing=watching.asked[0]["viewing"])
    watching.client.wait(lambda: watching.city.ended)
    entry = watching.entry(0)
    assert entry["exact"] is False
    assert entry["bytes"] >= received
    assert entry["bytes"] >= before + watching.city.size


def test_nobody_who_comes_back_ends_the_viewing_with_what_was_sent(watching: Watching) -> None:
    watching.client.leave()
    until(lambda: not Viewing.objects.get(id=watching.asked[0]["viewing"]).process, what="the detaching")

    assert swept_after(12) >= 2
    for place, tile in enumerate((watching.city, watching.partner)):
        entry = watching.entry(place)
        assert tile.size <= entry["bytes"] < tile.size + 1_000_000
        assert entry["reason"] == "nobody watches it any more"


def test_a_killed_web_process_never_hands_out_more_than_is_entered(
    live_site: Site, watching: Watching
) -> None:
    live_site.kill("web")
    watching.client.wait(lambda: watching.client.closed)
    try:
        assert swept_after(12) >= 2
        for place, tile in enumerate((watching.city, watching.partner)):
            entry = watching.entry(place)
            assert entry["exact"] is False
            assert tile.size <= entry["bytes"]
            assert entry["bytes"] <= tile.size + 2 * sessions.RESERVE_STEP
    finally:
        live_site.start_web()


def test_a_page_that_leaves_is_no_fault(live_site: Site, watching: Watching) -> None:
    for _ in range(3):
        watching.client.leave()
        watching.connect()
    assert "picture_failed" not in live_site.log_of("web")


def test_a_message_after_the_end_of_a_page_is_neither_sent_nor_counted() -> None:
    sent: list[object] = []
    claimed: list[bool] = []

    async def send(message: object) -> None:
        sent.append(message)

    def claim() -> bool:
        claimed.append(True)
        return True

    async def leave() -> None:
        wall = Wall(SignedIn(person=Person(), session=uuid4()), send)
        await wall.send_bytes(b"picture", lambda: True)
        wall.gone()
        with pytest.raises(OSError, match="left"):
            await wall.send_bytes(b"picture", claim)
        with pytest.raises(OSError, match="left"):
            await wall.tell(0, "ended", "over")

    asyncio.run(leave())
    assert (len(sent), claimed) == (1, [])


def test_a_killed_recorder_is_said_and_its_pictures_come_back(live_site: Site, watching: Watching) -> None:
    live_site.kill("recorder")
    watching.client.wait(lambda: watching.city.said("waiting"), what="the word that the recorder is away")
    assert "recorder" in str(watching.city.said("waiting"))
    assert [name for _, name, _ in watching.city.events].count("waiting") == 1

    inits = watching.city.inits
    live_site.start_recorder()
    watching.client.wait(lambda: watching.city.inits > inits, what="a new beginning")
    watching.client.wait_for_pictures(watching.city, 10)
    assert watching.city.ended is None


def test_a_stalled_camera_is_said_and_its_pictures_come_back(live_site: Site, watching: Watching) -> None:
    assert live_site.city is not None
    live_site.city.stall("cam01")
    try:
        watching.client.wait(
            lambda: any("sentence" in state for state in watching.city.states),
            what="the word of the recorder",
        )
    finally:
        live_site.city.resume("cam01")
    watching.client.wait_for_pictures(watching.city, 10)
    watching.client.wait_for_pictures(watching.partner, 1)


def test_without_the_database_a_partners_picture_is_held_and_the_citys_goes_on_marked(
    live_site: Site, watching: Watching
) -> None:
    began = time.monotonic()
    with live_site.database_away():
        watching.client.wait(lambda: watching.partner.said("held"), what="the partner's hold")
        watching.client.wait(lambda: watching.city.said("unconfirmed"), what="the city's mark")
        held = watching.partner.last_at - began
        watching.client.wait_for_pictures(watching.city, 30)
        assert time.monotonic() - began > 2
        assert watching.partner.last_at - began == held
        assert watching.city.said("held") is None
        with_nobody = watching.client.open(2, watching.asked[0]["viewing"], watching.asked[0]["camera"])
        stranger = watching.client.open(3, watching.asked[1]["camera"], watching.asked[1]["camera"])
        watching.client.wait(lambda: stranger.ended, what="the refusal of something new")
        assert with_nobody.ended is None
        # Whoever asks for anything else is told what is away, and whether to send it again.
        page = watching.visitor.get("/incidents/", accept="text/html")
        program = watching.visitor.get("/api/v1/cameras/")
        assert (page.status, program.status) == (503, 503)
        assert "<h1>The database does not answer just now" in page.text
        assert "before you send it again" in program.json()["title"]
        door = watching.visitor.post(f"/partner/asked/{watching.asked[0]['camera']}/file?name=a.mp4")
        assert (door.status, door.json()["title"]) == (503, program.json()["title"])
    print(f"database away: a partner's last byte after {held:.2f} s")
    # 2 seconds by its parameter; the last answer may be half a second old when the database goes.
    assert held < 2.6

    watching.client.wait(lambda: watching.city.said("confirmed") is not None, what="the confirmation")
    watching.client.wait_for_pictures(watching.partner, 10)
    assert watching.city.ended is None
    assert watching.partner.ended is None
    assert watching.is_open(0)


def test_requests_leave_no_connection_of_the_database_open(live_site: Site) -> None:
    visitor = live_site.sign_in("ana.mercer")

    def open_now() -> int:
        with cluster.CLUSTER.connect() as superuser:
            found = superuser.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [live_site.database.name]
            ).fetchone()
        assert found is not None
        return int(found[0])

    before = open_now()
    for _ in range(40):
        assert visitor.get("/incidents/").status == 200
    assert open_now() <= before + 3, "the last few may just be closing"


def test_a_page_that_reads_nothing_is_cut_to_the_next_key_frame_and_costs_little_memory(
    live_site: Site, watching: Watching
) -> None:
    many = [
        watching.client.open(number, watching.asked[0]["viewing"], watching.asked[0]["camera"])
        for number in range(2, 9)
    ]
    for tile in many:
        watching.client.wait_for_pictures(tile, 5)
    before = memory_of(live_site.pid("web")) + memory_of(live_site.pid("recorder"))
    watching.client.pause()
    time.sleep(12)
    grown = memory_of(live_site.pid("web")) + memory_of(live_site.pid("recorder")) - before
    watching.client.go_on()
    print(f"nine tiles unread for 12 s: {grown / 1e6:+.1f} MB in web and recorder")
    assert grown < 40e6

    watching.client.wait(lambda: freshest(many[0]) < 1.0, what="a live picture")
    assert all(tile.ended is None for tile in many)
    assert len(bar_codes(many[0])) > 10


def freshest(tile: Tile) -> float:
    """How old the newest picture is, in seconds: camera and test share this machine's clock."""
    return time.time() - tile.chunks[-1].camera_s


def memory_of(pid: int) -> int:
    """Resident bytes of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()
