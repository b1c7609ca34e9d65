"""The agency asks, the owner answers: by a file that is looked into and sealed, or by a no."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import av
import numpy as np
import pytest
from django.db import connections

from evidence.models import Asset
from policy.models import Session
from rtcc import clock
from rtcc.body import bounded
from rtcc.config import config
from rtcc.errors import Unavailable
from rtcc.partners import receive
from rtcc.partners.models import Ask, Upload
from rtcc.partners.receive import PAGE, Door
from tests.city import NOON, camera, city, events, incident, said
from tests.conftest import Committed
from tests.stories.test_oversight_report import signed_in

__all__ = ["city"]

BEGINS = "2026-11-20T11:00"


def video(path: Path, seconds: int = 2, *, made_at: str = "2026-11-20T17:00:30Z", form: str = "mp4") -> bytes:
    """A small film whose file states when it was made."""
    with av.open(str(path), "w", format=form) as container:
        container.metadata["creation_time"] = made_at
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for number in range(10 * seconds):
            picture = np.full((96, 160, 3), number * 7 % 255, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path.read_bytes()


def ask_owner(code: str = "cam11", **changed: str) -> Any:
    fields = {
        "camera": str(camera(code).id), "purpose": "investigation", "starts_at": BEGINS,
        "ends_at": "2026-11-20T11:10", "note": "a white van at the gate <b>",
    }  # fmt: skip
    return signed_in("ana.mercer").post(f"/partner/asks/{incident().basis_id}/", fields | changed)


class Sent:
    """A file that somebody sends through the door, and how much of it was read."""

    door: Door = PAGE

    def __init__(
        self, username: str, ask: UUID, name: str, body: bytes | Callable[[], AsyncIterator[bytes]]
    ) -> None:
        self.client = signed_in(username)
        self.path = f"/partner/asked/{ask}/file"
        self.query = f"name={quote(name)}&starts_at={BEGINS}"
        self.body, self.read = body, 0
        self.headers = {
            "origin": config.origin,
            "cookie": "; ".join(f"{each.key}={each.value}" for each in self.client.cookies.values()),
        }

    def go(self) -> tuple[int, dict[str, Any]]:
        return asyncio.run(self._go())

    async def _pieces(self) -> AsyncIterator[bytes]:
        if callable(self.body):
            async for piece in self.body():
                yield piece
        else:
            for place in range(0, len(self.body), 65536):
                yield self.body[place : place + 65536]

    async def _go(self) -> tuple[int, dict[str, Any]]:
        pieces, sent = self._pieces(), list[dict[str, Any]]()

        async def receive() -> dict[str, Any]:
            piece = await anext(pieces, b"")
            self.read += len(piece)
            return {"type": "http.request", "body": piece, "more_body": bool(piece)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        scope = {
            "type": "http", "method": "POST", "path": self.path, "query_string": self.query.encode(),
            "headers": headers, "client": ("127.0.0.1", 5),
        }  # fmt: skip
        assert self.door.is_for(scope)
        await self.door(scope, receive, send)
        return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.fixture
def asked(city: Committed) -> Ask:
    answer = ask_owner()
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    found: Ask = Ask.objects.get()
    return found


def test_the_agency_asks_and_the_owner_hands_in_a_file(asked: Ask, tmp_path: Path) -> None:
    assert events()[-1] == "footage.asked"
    desk = signed_in("marcus.hale").get("/partner/").content.decode()
    assert "You are asked for footage" in desk
    assert "a white van at the gate &lt;b&gt;" in desk
    film = video(tmp_path / "film.mp4")

    status, answer = Sent("marcus.hale", asked.id, "gate.mp4", film).go()

    assert status == 201, answer
    upload = Upload.objects.get()
    assert (upload.codec, upload.width, upload.height, upload.bytes) == ("mpeg4", 160, 96, len(film))
    assert upload.duration_s == pytest.approx(2, abs=0.2)
    assert (upload.claimed_starts_at, upload.clock) == (NOON - timedelta(hours=1), "agrees")
    asset = Asset.objects.get(id=upload.asset)
    assert (asset.kind, asset.custody, asset.plain_bytes) == ("upload", camera("cam11").id, len(film))
    assert asset.plain_sha256.hex() == upload.sha256
    assert (asset.owner_id, asset.basis_id) == (asked.owner_id, asked.basis_id)
    # Nothing of it lies anywhere as it came
    needle = film[len(film) // 2 :][:64]
    stored = [path for path in config.data.rglob("*") if path.is_file()]
    assert not any(needle in path.read_bytes() for path in stored)
    assert [event for event in events() if event.startswith(("footage", "asset"))] == [
        "footage.asked", "asset.written", "footage.uploaded",
    ]  # fmt: skip
    page = signed_in("marcus.hale").get(f"/partner/asked/{asked.id}/").content.decode()
    assert "within two minutes" in page
    assert "Hand in a file" not in page
    assert "gate.mp4" in signed_in("ana.mercer").get(f"/partner/asks/{asked.basis_id}/").content.decode()
    assert (
        "file that you handed in: gate.mp4"
        in signed_in("marcus.hale").get("/partner/copies/").content.decode()
    )


def test_a_file_that_is_not_what_it_says_is_told_so_and_leaves_nothing(asked: Ask, tmp_path: Path) -> None:
    matroska = video(tmp_path / "film.mkv", form="matroska")
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n"
    for name, body, part in (
        ("gate.mp4", b"MZ" + os.urandom(200_000), "not a video"),
        ("gate.mp4", playlist, "not a video"),
        ("gate.mp4", b"", "not a video"),
        ("gate.mp4", video(tmp_path / "cut.mp4")[:900], "not a video"),
        ("gate.mp4", matroska, "the file is matroska"),
        ("gate.exe", matroska, "Hand in a video file"),
    ):
        status, answer = Sent("marcus.hale", asked.id, name, body).go()
        assert status == 400, (name, answer)
        assert part in answer["title"], answer
    assert Asset.objects.count() == Upload.objects.count() == 0
    asked.refresh_from_db()
    assert asked.state == "open"
    assert list((config.data / "uploads").iterdir()) == []


def test_a_file_that_states_another_clock_is_taken_and_both_are_kept(asked: Ask, tmp_path: Path) -> None:
    film = video(tmp_path / "film.mov", made_at="2026-11-20T12:00:00Z", form="mov")
    assert Sent("marcus.hale", asked.id, "<b>gate.mov", film).go()[0] == 201
    upload = Upload.objects.get()
    assert upload.clock == "differs"
    assert upload.measured_starts_at == NOON - timedelta(hours=6)
    assert "&lt;b&gt;gate.mov" in signed_in("marcus.hale").get(f"/partner/asked/{asked.id}/").content.decode()


def test_ten_gigabytes_fill_neither_memory_nor_disk(asked: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    async def endless() -> AsyncIterator[bytes]:
        piece = bytes(1 << 20)
        while True:
            yield piece

    long = Sent("marcus.hale", asked.id, "long.mp4", endless)
    long.headers["content-length"] = str(10 << 30)
    status, answer = long.go()
    assert (status, long.read) == (413, 0), "refused by what it says, before its first byte"
    assert "4096 MB" in answer["title"]

    monkeypatch.setattr(receive, "most_bytes", lambda: 8 << 20)
    liar = Sent("marcus.hale", asked.id, "long.mp4", endless)
    status, answer = liar.go()
    assert status == 413
    assert liar.read <= 10 << 20, "refused at the byte too many"
    assert list((config.data / "uploads").iterdir()) == []


def test_only_the_owner_who_was_asked_hands_in_and_only_from_our_own_page(asked: Ask, tmp_path: Path) -> None:
    film = video(tmp_path / "film.mp4")
    for username in ("lena.fontaine", "miriam.adler"):
        assert Sent(username, asked.id, "gate.mp4", film).go()[0] == 404
    assert Sent("marcus.hale", UUID(int=7), "gate.mp4", film).go()[0] == 404
    foreign = Sent("marcus.hale", asked.id, "gate.mp4", film)
    foreign.headers["origin"] = "https://elsewhere.example"
    assert (foreign.go()[0], foreign.read) == (403, 0)
    gone = Sent("marcus.hale", asked.id, "gate.mp4", film)
    gone.headers["cookie"] = ""
    assert gone.go()[0] == 403
    for query in ("name=a.mp4", "name=a.mp4&starts_at=x", "name=a.mp4&starts_at=2026-11-01T01:30"):
        wrong = Sent("marcus.hale", asked.id, "gate.mp4", film)
        wrong.query = query
        assert (wrong.go()[0], wrong.read) == (400, 0), query
    assert signed_in("lena.fontaine").get(f"/partner/asked/{asked.id}/").status_code == 404
    assert Asset.objects.count() == 0


def test_who_signs_out_or_says_no_while_the_file_comes_hands_nothing_in(asked: Ask, tmp_path: Path) -> None:
    film = video(tmp_path / "film.mp4")
    sent: list[Sent] = []

    def leave() -> None:
        sent[-1].client.logout()
        connections.close_all()

    def decline() -> None:
        signed_in("marcus.hale").post(f"/partner/asked/{asked.id}/decline/", {"why": "overwritten"})
        connections.close_all()

    for act, status in ((leave, 403), (decline, 409)):

        async def then(act: Callable[[], None] = act) -> AsyncIterator[bytes]:
            yield film
            await asyncio.to_thread(act)

        sent.append(Sent("marcus.hale", asked.id, "gate.mp4", then))
        assert sent[-1].go()[0] == status
        assert sent[-1].read == len(film)
    assert (Upload.objects.count(), Asset.objects.count()) == (0, 0)
    assert list((config.data / "uploads").iterdir()) == []


def test_a_body_that_trickles_gives_its_place_to_another() -> None:
    receive.check_pace(0, receive.SILENT_S)
    receive.check_pace(120 * receive.LEAST_BYTES_PER_S, 120.0)
    with pytest.raises(Unavailable, match="too slowly"):
        receive.check_pace(120 * receive.LEAST_BYTES_PER_S - 1, 120.0)


def test_an_owner_says_no_once(asked: Ask) -> None:
    marcus = signed_in("marcus.hale")
    assert marcus.post(f"/partner/asked/{asked.id}/decline/", {"why": " "}).status_code == 400
    assert marcus.post(f"/partner/asked/{asked.id}/decline/", {"why": "overwritten"}).status_code == 302
    assert marcus.post(f"/partner/asked/{asked.id}/decline/", {"why": "overwritten"}).status_code == 409
    assert Sent("marcus.hale", asked.id, "gate.mp4", b"x").go()[0] == 409
    assert said()[-1]["event"] != "footage.uploaded"
    assert "overwritten" in signed_in("ana.mercer").get(f"/partner/asks/{asked.basis_id}/").content.decode()


def test_what_cannot_be_asked_is_said(city: Committed) -> None:
    assert ask_owner("cam01").status_code == 400, "the city's own"
    assert ask_owner(starts_at="2026-11-20T12:00").status_code == 400, "it ends before it begins"
    assert ask_owner(starts_at="2026-11-21T11:00", ends_at="2026-11-21T12:00").status_code == 400
    assert ask_owner(starts_at="2026-11-01T01:30", ends_at="2026-11-01T03:00").status_code == 400
    assert (
        ask_owner(starts_at="2026-11-01T01:30", ends_at="2026-11-01T03:00", starts_at_which="1").status_code
        == 302
    )
    assert signed_in("lena.fontaine").get(f"/partner/asks/{incident().basis_id}/").status_code == 404
    assert clock.now() == NOON
    assert Session.objects.exists()


def test_no_other_address_takes_a_body_without_an_end() -> None:
    got = []

    async def django(scope: dict[str, Any], receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request" and message["more_body"]:
            got.append(len(message["body"]))

    async def go(headers: list[tuple[bytes, bytes]]) -> list[int]:
        sent = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": bytes(400_000), "more_body": True}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message.get("status", 0))

        await bounded(django, 1_000_000)({"type": "http", "headers": headers}, receive, send)
        return sent

    assert asyncio.run(go([(b"content-length", b"1000001")])) == [413, 0]
    assert got == []
    assert asyncio.run(go([])) == [413, 0]
    assert sum(got) <= 1_000_000
