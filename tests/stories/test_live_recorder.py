"""The recorder itself stops feeding a web process whose permit has ended: a peer that never closes, never
asks again and does nothing about what it is told.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from cameras.actions.pause_camera import pause_camera
from cameras.actions.resume_camera import resume_camera
from evidence.recorder.warden import LOOK_S, SILENT_GRACE_S, Stream, Warden
from policy.actions.end_grant import end_grant
from policy.resume import blind_limits
from rtcc.live.models import Viewing
from tests.city import camera, incident, person
from tests.live_site import Site, live_site, until

__all__ = ["live_site"]

# What is promised, and measured in `benchmarks/stopping.py`: a quarter of it is the rule.
WITHIN_S = 2.0


class Peer:
    """Speaks to the recorder's socket as the web process does, and goes on reading whatever comes."""

    def __init__(self, site: Site, permit: UUID, of: UUID) -> None:
        self.received, self.last_at, self.tail, self.over = 0, 0.0, b"", True
        self._site, self._asks = site, {"permit": str(permit), "camera": str(of)}
        until(self._has_pictures, what="the first pictures")

    def _has_pictures(self) -> bool:
        """A camera that was paused until now is connected in a moment: it is asked for again."""
        if self.over and self.received < 50_000:
            time.sleep(0.2)
            self.received, self.over = 0, False
            threading.Thread(target=self._read, daemon=True).start()
        return self.received > 50_000

    def _read(self) -> None:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self._site.live_socket))
            connection.sendall(json.dumps(self._asks).encode() + b"\n")
            while data := connection.recv(65536):
                self.received += len(data)
                self.last_at, self.tail = time.monotonic(), (self.tail + data)[-400:]
        self.over = True


@pytest.fixture
def permits(live_site: Site) -> dict[str, UUID]:
    """Permits to watch one camera of the city and one of a partner; no page ever shows them."""
    visitor = live_site.sign_in("ana.mercer")
    codes = ("cam01", "cam11")
    asked = visitor.watch(incident().basis_id, *(camera(code).id for code in codes))
    return {
        code: Viewing.objects.get(id=one["viewing"]).permit_id for code, one in zip(codes, asked, strict=True)
    }


def test_the_last_byte_goes_within_two_seconds_of_the_end_of_a_grant_or_the_pause_of_a_camera(
    live_site: Site, permits: dict[str, UUID]
) -> None:
    city = Peer(live_site, permits["cam01"], camera("cam01").id)
    partner = Peer(live_site, permits["cam11"], camera("cam11").id)

    end_grant(by=person("ruth.okafor"), grant=_grant(permits["cam01"]), why="not needed any more")
    ended = time.monotonic()
    until(lambda: city.over, what="the end of the stream")
    print(f"grant ended: last byte {city.last_at - ended:+.2f} s after the commit")
    assert city.last_at - ended < WITHIN_S
    assert b"not needed any more" in city.tail

    before = partner.received
    until(lambda: partner.received > before, what="the partner's picture, which goes on")
    pause_camera(by=person("marcus.hale"), camera=camera("cam11").id, why="works on the roof")
    try:
        ended = time.monotonic()
        until(lambda: partner.over, what="the end of the stream")
        assert partner.last_at - ended < WITHIN_S
    finally:
        resume_camera(by=person("marcus.hale"), camera=camera("cam11").id)


def test_without_the_database_the_recorder_feeds_a_partners_picture_no_longer(
    live_site: Site, permits: dict[str, UUID]
) -> None:
    city = Peer(live_site, permits["cam01"], camera("cam01").id)
    partner = Peer(live_site, permits["cam11"], camera("cam11").id)
    with live_site.database_away():
        until(lambda: partner.over, what="the end of the partner's stream")
        assert b"database" in partner.tail
        before = city.received
        until(lambda: city.received > before, what="the city's picture, which goes on")
        assert not city.over


def test_a_recorder_that_has_not_looked_yet_knows_how_long_silence_may_last(live_site: Site) -> None:
    limits, ended = blind_limits(), list[str]()
    assert limits[True] < limits[False]

    def noting(whose: str) -> Callable[[str, bool], None]:
        return lambda sentence, again: ended.append(whose)

    async def watch() -> None:
        warden = Warden()
        for whose, partner in (("partner", True), ("city", False)):
            warden.add(Stream(uuid4(), uuid4(), partner, noting(whose)), limits)
        watching = asyncio.create_task(warden.run())
        await asyncio.sleep(limits[True] + SILENT_GRACE_S + 3 * LOOK_S)
        watching.cancel()

    with live_site.database_away():
        asyncio.run(watch())
    assert ended == ["partner"]


def _grant(permit: UUID) -> UUID:
    found: UUID | None = Viewing.objects.select_related("permit").get(permit_id=permit).permit.grant_id
    assert found is not None
    return found
