"""Moving pictures over the real system: who gets them, who does not, and that each byte is entered."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import InvalidStatus

from rtcc.live.models import Viewing
from tests.city import camera, incident, said
from tests.live_site import Site, live_site, until
from tests.protocol_client import Tile, WallClient, bar_codes
from tests.visitor import Visitor

__all__ = ["live_site"]


@pytest.fixture
def ana(live_site: Site) -> Visitor:
    return live_site.sign_in("ana.mercer")


@pytest.fixture
def socket(live_site: Site, ana: Visitor) -> Iterator[WallClient]:
    client = WallClient(live_site.port, ana.cookie)
    yield client
    client.leave()


def end_of(viewing: str) -> dict[str, Any]:
    """The entry that ended a viewing, once it is there."""
    until(lambda: Viewing.objects.get(id=viewing).ended_at, what="the end of the viewing")
    entry = Viewing.objects.get(id=viewing).ended_entry
    return next(one for one in said() if one["id"] == entry)


def test_an_analyst_gets_moving_pictures_and_the_entry_says_how_many_bytes(
    socket: WallClient, ana: Visitor
) -> None:
    [asked] = ana.watch(incident().basis_id, camera("cam01").id)
    tile = socket.open(0, asked["viewing"], asked["camera"])
    socket.wait_for_pictures(tile, 40)

    codes = bar_codes(tile)
    assert len(codes) >= 40
    assert {(after - before) % 30 for before, after in pairwise(codes)} == {1}

    socket.close_tile(0)
    assert ana.post("/live/close/", viewing=asked["viewing"]).status == 200
    entry = end_of(asked["viewing"])
    assert (entry["exact"], entry["bytes"]) == (True, tile.size)
    assert entry["cameras"] == [str(camera("cam01").id)]
    assert entry["reason"] == "closed by the viewer"


def test_nine_tiles_move_on_one_socket_and_each_camera_has_its_account(
    socket: WallClient, ana: Visitor
) -> None:
    asked = ana.watch(incident().basis_id, *(camera(code).id for code in ("cam01", "cam02", "cam11")))
    tiles = [
        socket.open(number, asked[number % 3]["viewing"], asked[number % 3]["camera"]) for number in range(9)
    ]
    for tile in tiles:
        socket.wait_for_pictures(tile, 30)

    for number in range(9):
        socket.close_tile(number)
    for one in asked:
        ana.post("/live/close/", viewing=one["viewing"])
    entries = [end_of(one["viewing"]) for one in asked]
    assert [entry["exact"] for entry in entries] == [True] * 3
    assert sum(entry["bytes"] for entry in entries) == socket.bytes
    for number, entry in enumerate(entries):
        assert entry["bytes"] == sum(tile.size for tile in tiles[number::3])


def test_two_tabs_on_one_viewing_share_its_account_and_its_end(live_site: Site, ana: Visitor) -> None:
    [asked] = ana.watch(incident().basis_id, camera("cam01").id)
    tabs = [WallClient(live_site.port, ana.cookie) for _ in range(2)]
    tiles = [tab.open(0, asked["viewing"], asked["camera"]) for tab in tabs]
    for tab, tile in zip(tabs, tiles, strict=True):
        tab.wait_for_pictures(tile, 20)

    ana.post("/live/close/", viewing=asked["viewing"])
    for tab, tile in zip(tabs, tiles, strict=True):
        tab.wait(partial(tile.said, "ended"), what="the end in each tab")
    entry = end_of(asked["viewing"])
    for tab in tabs:
        tab.leave()

    assert sum(tile.size for tile in tiles) <= entry["bytes"]
    assert not entry["exact"] or sum(tile.size for tile in tiles) == entry["bytes"]


def test_a_page_of_another_site_gets_no_socket(live_site: Site, ana: Visitor) -> None:
    for origin in ("http://evil.example", f"http://127.0.0.1:{live_site.port}", "null"):
        with pytest.raises(InvalidStatus) as refused:
            WallClient(live_site.port, ana.cookie, origin=origin)
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    "cookie", ["", "sessionid=abcdefghijklmnopqrstuvwxyz012345", 'sessionid="a;b', "=;=,"]
)
def test_who_is_not_signed_in_is_told_so_and_gets_nothing(live_site: Site, cookie: str) -> None:
    client = WallClient(live_site.port, cookie)
    client.wait(lambda: client.closed)
    assert client.closed == (4401, "sign in first")
    assert client.bytes == 0


def refused(socket: WallClient, viewing: object, camera_id: object) -> str:
    """Ask for pictures that must not come; the sentence that answers."""
    tile: Tile = socket.open(3, viewing, camera_id)
    socket.wait(lambda: tile.ended, what="the refusal")
    assert tile.size == 0
    return str(tile.ended)


def test_pictures_need_ones_own_viewing_that_covers_the_camera(
    live_site: Site, socket: WallClient, ana: Visitor
) -> None:
    theo = live_site.sign_in("theo.lindqvist")
    [his] = theo.watch(incident().basis_id, camera("cam02").id)
    [hers] = ana.watch(incident().basis_id, camera("cam01").id)

    assert "over" in refused(socket, his["viewing"], camera("cam02").id)
    assert "over" in refused(socket, uuid4(), camera("cam01").id)
    assert "does not cover" in refused(socket, hers["viewing"], camera("cam02").id)
    assert "does not cover" in refused(socket, hers["viewing"], uuid4())
    for visitor, mine in ((theo, his), (ana, hers)):
        visitor.post("/live/close/", viewing=mine["viewing"])
        end_of(mine["viewing"])
    assert "over" in refused(socket, hers["viewing"], camera("cam01").id)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        "[" * 1900,
        '{"op": "open", "tile": 0}',
        '{"op": "open", "tile": 0, "viewing": 5, "camera": []}',
        '{"op": "open", "tile": Infinity, "viewing": "x", "camera": "x"}',
        '{"op": "close", "tile": -1}',
        '{"op": "close", "tile": 9}',
        '{"op": "close", "tile": true}',
        '{"op": "everything", "tile": 1}',
    ],
)
def test_what_makes_no_sense_is_answered_and_the_socket_lives(socket: WallClient, message: str) -> None:
    socket.send(message)
    socket.wait(lambda: -1 in socket.tiles and socket.tiles[-1].said("error"))
    socket.close_tile(0)
    assert socket.closed is None


def test_a_message_that_is_too_long_closes_the_socket(socket: WallClient) -> None:
    socket.send("x" * 5000)
    socket.wait(lambda: socket.closed)
    assert socket.closed is not None
    assert socket.closed[0] == 1009
