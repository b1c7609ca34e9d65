"""Live pictures to a telephone over the real system: marked, no faster than it takes them, and stopped."""

from __future__ import annotations

import io
import json
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from PIL import Image
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from rtcc.bulletins.models import Bulletin, Opening
from rtcc.errors import Unavailable
from rtcc.live.marked import place_on_this_machine
from rtcc.live.models import Viewing
from tests.city import camera, incident, person, said
from tests.live_site import Site, live_site, until
from tests.visitor import Visitor

__all__ = ["live_site"]


@dataclass
class Telephone:
    """Speaks the protocol of `rtcc.bulletins.socket`; ``ready`` says that a picture has arrived."""

    socket: ClientConnection
    size: int = 0
    pictures: list[bytes] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    words: list[dict[str, Any]] = field(default_factory=list)

    def ready(self) -> None:
        self.socket.send(json.dumps({"op": "ready"}))

    def next(self, seconds: float = 10.0) -> str:
        """What came: a picture, a word of the server, or nothing."""
        try:
            message = self.socket.recv(timeout=seconds)
        except TimeoutError:
            return "nothing"
        except ConnectionClosed:
            return "closed"
        if isinstance(message, str):
            self.words.append(json.loads(message))
            return str(self.words[-1]["event"])
        self.size += len(message)
        self.times.append(struct.unpack_from(">d", message)[0])
        self.pictures.append(message[8:])
        return "picture"


@pytest.fixture
def ana(live_site: Site) -> Visitor:
    return live_site.sign_in("ana.mercer")


@pytest.fixture
def caleb(live_site: Site) -> Visitor:
    return live_site.sign_in("caleb.marsh")


@pytest.fixture
def sent(live_site: Site, ana: Visitor) -> Iterator[dict[str, Any]]:
    [asked] = ana.watch(incident().basis_id, camera("cam01").id)
    answer = ana.post(
        "/bulletins/send/",
        grant=asked["grant"]["id"] if isinstance(asked["grant"], dict) else asked["grant"],
        camera=camera("cam01").id,
        shape="live",
        to=person("caleb.marsh").id,
    )
    assert answer.status == 200, answer.text
    yield answer.json()["sent"][0]
    ana.post("/live/close/", viewing=asked["viewing"])


def dial(site: Site, visitor: Visitor, told: dict[str, Any]) -> Telephone:
    socket = connect(
        f"ws://localhost:{site.port}{told['socket']}",
        origin=Origin(site.origin),
        additional_headers={"Cookie": visitor.cookie},
        compression=None,
        legacy=True,
        open_timeout=60,
        close_timeout=1,
    )
    socket.send(json.dumps({"op": "open", "viewing": told["viewing"]}))
    return Telephone(socket)


def open_link(visitor: Visitor, sent: dict[str, Any]) -> dict[str, Any]:
    visitor.get("/inbox/")
    answer = visitor.post("/p/open/", token=sent["link"].split("#")[1])
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_live_picture_moves_is_marked_waits_for_the_telephone_and_is_taken_back_in_two_seconds(
    live_site: Site, ana: Visitor, caleb: Visitor, sent: dict[str, Any]
) -> None:
    # Given an opened live picture
    told = open_link(caleb, sent)
    phone = dial(live_site, caleb, told)
    assert phone.next(20) == "picture"
    first = Image.open(io.BytesIO(phone.pictures[0]))
    assert (first.width, first.height > 360) == (640, True)
    # The band under the picture bears the mark: light words on dark ground.
    band = first.convert("L").crop((0, first.height - 40, 640, first.height))
    assert max(range(256), key=lambda level: level if band.histogram()[level] else -1) > 200

    # When the telephone says nothing, nothing more is sent
    assert phone.next(1.5) == "nothing"
    # And when it does, the newest comes and no old one
    phone.ready()
    assert phone.next() == "picture"
    assert time.time() - phone.times[-1] < 1.5
    for _ in range(4):
        phone.ready()
        assert phone.next() == "picture"
    assert phone.times == sorted(set(phone.times))

    # When the sender takes it back, the last byte is sent within two seconds
    began = time.monotonic()
    assert ana.post(f"/bulletins/{sent['id']}/revoke/").status == 200
    last = time.monotonic()
    while (came := phone.next(3)) not in ("ended", "nothing", "closed"):
        if came == "picture":
            last = time.monotonic()
            phone.ready()
    assert came == "ended"
    assert "taken back" in phone.words[-1]["sentence"]
    assert last - began < 2

    # Then each byte is entered, under the officer's own permit
    until(lambda: Viewing.objects.get(id=told["viewing"]).ended_at, what="the end of the viewing")
    phone.socket.close()
    ended = Viewing.objects.get(id=told["viewing"]).ended_entry
    entry = next(one for one in said() if one["id"] == ended)
    assert phone.size <= entry["bytes"]
    assert not entry["exact"] or entry["bytes"] == phone.size
    assert (entry["action"], entry["actor_name"]) == ("receive_picture", "Caleb Marsh")
    assert Opening.objects.get(permit_id=told["viewing"]).bulletin.revoked_at is not None


def test_a_still_of_this_moment_comes_from_the_live_picture(
    live_site: Site, ana: Visitor, caleb: Visitor
) -> None:
    [asked] = ana.watch(incident().basis_id, camera("cam02").id)
    grant = asked["grant"]["id"] if isinstance(asked["grant"], dict) else asked["grant"]
    fields = {"grant": grant, "camera": camera("cam02").id, "to": person("caleb.marsh").id, "shape": "still"}
    before = time.time()
    answer = ana.post("/bulletins/send/", **fields)
    assert answer.json()["fault"] is False, answer.text
    shown = Bulletin.objects.get(id=answer.json()["sent"][0]["id"]).ends_at.timestamp()
    assert -1.5 < shown - before < 5
    size = caleb.get("/inbox/list/").text.count("New: tap to open")
    assert size >= 1


def test_a_telephone_gets_only_its_own_picture_and_too_many_are_refused_in_words(
    live_site: Site, caleb: Visitor, sent: dict[str, Any]
) -> None:
    told = open_link(caleb, sent)
    rosa = live_site.sign_in("rosa.delgado")
    stranger = dial(live_site, rosa, told)
    assert stranger.next() == "ended"
    stranger.socket.close()
    assert stranger.size == 0

    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(place_on_this_machine(2))
        with pytest.raises(Unavailable, match="telephones get live pictures from this machine already"):
            stack.enter_context(place_on_this_machine(2))
    with place_on_this_machine(1):
        pass  # given back
