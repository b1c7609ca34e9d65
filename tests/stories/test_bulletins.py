"""A picture on its way from the wall to an officer: who gets it, what the log says, and how it ends."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import pytest
from django.test import Client
from PIL import Image, ImageChops, ImageStat

from evidence import assets
from evidence.models import Asset, AssetWriting
from policy.actions.end_grant import end_grant
from policy.actions.throw_kill_switch import throw_kill_switch
from policy.denied import Denied
from rtcc import clock
from rtcc.bulletins import making
from rtcc.bulletins.actions.open_picture import open_picture
from rtcc.bulletins.actions.send_picture import Picture, Sent, send_picture
from rtcc.bulletins.delivering import Delivery
from rtcc.bulletins.models import Bulletin
from rtcc.bulletins.words import Shape
from rtcc.errors import BadInput
from rtcc.live.drawn import MarkWords, draw
from tests.checks.test_addresses import client
from tests.city import NOON, camera, city, person, said
from tests.conftest import Committed
from tests.going_back import BEGINS, CAM, watch
from tests.recorder_source import Clip
from tests.recording import clip, record, vault

__all__ = ["city", "clip", "vault"]

CALEB, ROSA, PETER = "caleb.marsh", "rosa.delgado", "peter.nowak"
AT = BEGINS + timedelta(seconds=30)


def send(shape: Shape, *to: str, code: str = CAM, seconds: int = 0, all_units: bool = False) -> list[Sent]:
    """Send what was recorded half a minute after it began, and make it."""
    grant = watch(code)
    sent = send_picture(
        by=person("ana.mercer"),
        grant=grant,
        picture=Picture(shape, camera(code).id, seconds),
        to=[person(name).id for name in to],
        all_units=all_units,
        at_s=0.0 if shape is Shape.LIVE else AT.timestamp(),
    )
    making.make(sent[0].bulletin.sending)
    return sent


@pytest.fixture
def recorded(city: Committed, vault: Path, clip: Clip) -> Clip:
    record(camera(CAM), clip, BEGINS)
    return clip


async def _all(parts: AsyncIterator[bytes], after: Callable[[], object] | None = None) -> bytes:
    found = b""
    async for part in parts:
        found += part
        if after is not None:
            await asyncio.to_thread(after)
    return found


def body_of(answer: Any) -> bytes:
    """What a telephone receives of a streamed answer."""
    return asyncio.run(_all(answer.streaming_content))


def tap(who: Client, sent: Sent) -> Any:
    return who.post("/p/open/", {"token": sent.token}, headers={"Accept": "application/json"})


def entries(event: str) -> list[dict[str, Any]]:
    return [one for one in said() if one["event"] == event]


def test_a_still_goes_to_all_units_and_one_officer_opens_answers_and_loses_it(recorded: Clip) -> None:
    # Given a sending to all units on the incident
    sent = send(Shape.STILL, all_units=True)
    assert sorted(each.bulletin.recipient.username for each in sent) == [CALEB, ROSA]
    assert len({each.token for each in sent}) == 2
    told = entries("bulletin.sent")
    assert [one["recipient"].split(" ", 1)[1] for one in told] == ["Caleb Marsh", "Rosa Delgado"]
    assert all(one["action"] == "send_picture" and one["cameras"] == [str(camera(CAM).id)] for one in told)
    mine = next(each for each in sent if each.bulletin.recipient.username == CALEB)

    # When the officer's telephone shows the link, nothing is opened
    caleb, before = client(CALEB), len(said())
    page = caleb.get("/p/")
    assert page.status_code == 200
    assert page["Referrer-Policy"] == "no-referrer"
    assert b"<img id" in page.content
    assert b"26-118402" not in page.content
    assert len(said()) == before

    # And when they tap, the marked picture comes, and its bytes are entered
    answer = tap(caleb, mine)
    assert answer.status_code == 200
    data = body_of(answer)
    shown = json.loads(answer["X-Picture"])
    assert (shown["basis"], shown["length"]) == ("26-118402", len(data))
    assert Image.open(io.BytesIO(data)).width == 960
    opened, read = entries("bulletin.opened")[-1], entries("asset.read")[-1]
    assert (opened["actor_name"], opened["parent"]) == ("Caleb Marsh", str(mine.bulletin.entry))
    assert opened["cameras"] == [str(camera(CAM).id)]
    assert (read["bytes"], read["exact"]) == (len(data), True)

    # And when they answer, twice by a bad network, it counts once and the sender sees it
    answers = [caleb.post(f"/inbox/{mine.bulletin.id}/answer/", {"answer": "that_is_him"}) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert len(entries("bulletin.answered")) == 1
    assert caleb.post(f"/inbox/{mine.bulletin.id}/answer/", {"answer": "not_him"}).status_code == 409
    ana = client("ana.mercer")
    words = {row["to"]: row["word"] for row in ana.get("/bulletins/state/").json()["sent"]}
    assert words == {"Caleb Marsh": "That is him", "Rosa Delgado": "Sent"}

    # And when the sender takes it back, what is open is put away and nothing opens any more
    where = f"/inbox/{mine.bulletin.id}/state/?permit={shown['permit']}"
    assert caleb.get(where).json()["open"] is True
    assert ana.post(f"/bulletins/{mine.bulletin.id}/revoke/").status_code == 302
    assert caleb.get(where).json() == {**caleb.get(where).json(), "open": False}
    again = tap(caleb, mine)
    assert again.status_code == 403
    assert "taken back" in again.json()["title"]
    assert entries("act.refused")[-1]["rules"] == ["order-picture-over"]
    assert entries("bulletin.revoked")[-1]["actor_name"] == "Ana Mercer"


def test_a_forwarded_link_is_refused_in_words_and_entered_and_shows_nothing(recorded: Clip) -> None:
    [sent] = send(Shape.STILL, CALEB)
    for name in (ROSA, "ana.mercer"):
        answer = tap(client(name), sent)
        assert answer.status_code in (403, 404)
        assert not answer.streaming
    refused = entries("act.refused")[0]
    assert (refused["actor_name"], refused["rules"]) == ("Rosa Delgado", ["order-picture-named"])
    assert refused["object_id"] == str(sent.bulletin.id)
    outside = tap(client("lena.fontaine"), sent)
    assert outside.status_code == 404
    assert Bulletin.objects.get().opened_at is None


def test_nobody_signed_in_and_no_robot_opens_anything(recorded: Clip) -> None:
    [sent] = send(Shape.STILL, CALEB)
    before = len(said())
    robot = Client(HTTP_HOST="localhost", HTTP_USER_AGENT="LinkPreview/1.0")
    assert robot.get("/p/").status_code == robot.head("/p/").status_code == 200
    assert robot.get("/p/open/").status_code in (302, 405)
    assert tap(robot, sent)["Location"].startswith("/sign-in/")
    guessed = client(CALEB).post("/p/open/", {"token": "A" * 43})
    assert guessed.status_code == 404
    careful = Client(HTTP_HOST="localhost", enforce_csrf_checks=True)
    careful.force_login(person(CALEB), backend="policy.accounts.backend.Backend")
    assert tap(careful, sent).status_code == 403
    assert not entries("bulletin.opened")
    assert [one["event"] for one in said()[before:] if one["event"] != "session.started"] == []
    stored = Bulletin.objects.values_list("token_sha256", flat=True).get()
    assert re.fullmatch(r"[0-9a-f]{64}", stored)
    assert sent.token not in json.dumps(said(), default=str)


def test_a_picture_ends_with_its_time_with_the_grant_and_with_the_kill_switch(recorded: Clip) -> None:
    [sent] = send(Shape.STILL, CALEB)
    caleb = client(CALEB)
    assert body_of(tap(caleb, sent))
    with clock.set_to(NOON + timedelta(minutes=61)):
        late = open_refused(sent)
    assert late.rule == "order-picture-over"
    assert body_of(tap(caleb, sent))
    grant = Bulletin.objects.get().permit.grant
    assert grant is not None
    end_grant(by=person("ruth.okafor"), grant=grant.id, why="not needed")
    assert open_refused(sent).rule == "order-picture-over"
    throw_kill_switch(by=person("ruth.okafor"), reason="A test of the switch")
    assert open_refused(sent).rule == "floor-kill-switch"


def open_refused(sent: Sent) -> Denied:
    with pytest.raises(Denied) as refused:
        open_picture(by=person(CALEB), bulletin=sent.bulletin.id)
    return refused.value


def test_what_is_taken_back_while_it_is_sent_stops_and_the_entry_says_how_much_went(recorded: Clip) -> None:
    [sent] = send(Shape.CLIP, CALEB, seconds=10)
    opened = open_picture(by=person(CALEB), bulletin=sent.bulletin.id)
    delivery = Delivery(person(CALEB), opened)
    taken: list[int] = []

    def take_back() -> None:
        if not taken:
            taken.append(client("ana.mercer").post(f"/bulletins/{sent.bulletin.id}/revoke/").status_code)
            # A slow network: the next piece goes when it was asked again whether it may.
            asyncio.run(asyncio.sleep(0.6))

    got = asyncio.run(_all(delivery.body(), take_back))
    assert taken == [302]
    assert 0 < len(got) < Bulletin.objects.get().length
    read = entries("asset.read")[-1]
    assert len(got) <= read["bytes"]
    assert "taken back" in read["reason"]


def test_the_mark_is_burned_into_still_and_clip_and_says_who_when_and_which_incident(recorded: Clip) -> None:
    grant = watch()
    moving = Picture(Shape.CLIP, camera(CAM).id, 10)
    still = send(Shape.STILL, CALEB, ROSA)
    [cut] = send_picture(
        by=person("ana.mercer"), grant=grant, picture=moving, to=[person(CALEB).id], at_s=AT.timestamp()
    )
    making.make(cut.bulletin.sending)
    mine, hers = (picture_of(each) for each in still)
    assert mine.size == hers.size
    assert mine.height > 960 * 9 // 16 - 2
    # Each copy bears its own name, under the picture and across it.
    assert difference(mine, hers, (0, mine.height - 40, 960, mine.height)) > 1
    assert difference(mine, hers, (0, 0, 960, mine.height - 48)) > 0.1

    film = body_of(tap(client(CALEB), cut))
    with av.open(io.BytesIO(film), "r") as container:
        frames = [Image.fromarray(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    assert frames[0].width == 640
    assert 40 <= len(frames) <= 52  # five a second for ten seconds
    # The line of time goes on; the words across stay.
    assert difference(frames[0], frames[-1], (0, frames[0].height - 40, 640, frames[0].height)) > 0.2
    assert len(film) < 10 * 500_000 / 8 * 1.3
    assert Asset.objects.filter(kind="clip").get().media_type == "video/mp4"


def picture_of(sent: Sent) -> Image.Image:
    return Image.open(io.BytesIO(body_of(tap(client(sent.bulletin.recipient.username), sent))))


def difference(one: Image.Image, other: Image.Image, box: tuple[int, int, int, int]) -> float:
    """Mean difference of two pictures in a part of them, 0 to 255."""
    apart = ImageChops.difference(one.convert("L").crop(box), other.convert("L").crop(box))
    return float(ImageStat.Stat(apart).mean[0])


def test_only_officers_of_the_agency_get_a_picture_and_only_within_the_grant(recorded: Clip) -> None:
    grant = watch()
    ana = person("ana.mercer")

    def try_it(code: str = CAM, to: str = CALEB, at_s: float = AT.timestamp()) -> None:
        picture = Picture(Shape.STILL, camera(code).id)
        send_picture(by=ana, grant=grant, picture=picture, to=[person(to).id], at_s=at_s)

    for name in ("ruth.okafor", "lena.fontaine"):
        with pytest.raises(BadInput):
            try_it(to=name)
    with pytest.raises(Denied) as other:
        try_it(code="cam02")
    assert other.value.rule == "order-grant-first"
    with pytest.raises(Denied) as early:
        try_it(at_s=(NOON - timedelta(minutes=40)).timestamp())
    assert early.value.rule == "order-history"
    assert not Bulletin.objects.exists()


def test_a_clip_of_a_moment_that_was_not_recorded_is_said_to_sender_and_officer(recorded: Clip) -> None:
    grant = watch()
    ana, caleb = client("ana.mercer"), client(CALEB)
    fields = {
        "grant": str(grant),
        "camera": str(camera(CAM).id),
        "shape": "still",
        "to": str(person(CALEB).id),
    }
    answer = ana.post("/bulletins/send/", fields | {"at": (BEGINS + timedelta(minutes=4)).timestamp()})
    assert answer.json()["fault"] is True
    assert "Nothing is recorded of that moment" in answer.json()["sentence"]
    assert b"Could not be made" in caleb.get("/inbox/").content
    wrong = (
        {"shape": "film"},
        {"camera": "x"},
        {"at": "nan"},
        {"shape": "clip", "seconds": "600"},
        {"to": str(UUID(int=7))},
    )
    for each in wrong:
        assert ana.post("/bulletins/send/", fields | each).status_code == 400, each


def test_a_stream_that_makes_no_sense_gives_no_picture_and_harms_nothing(city: Committed) -> None:
    from rtcc.errors import Unavailable

    mark = MarkWords(("a line",), "across")
    for frames in ([b""], [b"\x01\x00\x00\x00\x04abcd"], [b"\x02" + b"\xff" * 4], [b"\x01" + bytes(900)]):
        with pytest.raises(Unavailable):
            draw("still", [mark], frames, width=640, until=1e12)


def test_a_clip_whose_worker_is_killed_while_it_writes_is_made_by_the_next_try_and_once(
    recorded: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: Any, **__: Any) -> Any:
        raise SystemExit

    def dies_after(*given: Any, **named: Any) -> Any:
        assets.write_asset(*given, **named)
        raise SystemExit

    # Nothing of its tidying up is done: file, key and row of the cut write stand there.
    cut, late = [(assets, "_commit", dies), (assets, "_drop", dies)], [(making, "write_asset", dies_after)]
    grant = watch()
    for kill, left in ((cut, 1), (late, 0)):
        [sent] = send_picture(
            by=person("ana.mercer"), grant=grant, picture=Picture(Shape.CLIP, camera(CAM).id, 10),
            to=[person(CALEB).id], at_s=AT.timestamp(),
        )  # fmt: skip
        with monkeypatch.context() as patch, pytest.raises(SystemExit):
            for where, name, what in kill:
                patch.setattr(where, name, what)
            making.make(sent.bulletin.sending)
        assert AssetWriting.objects.count() == left
        with clock.set_to(NOON + making.LEASE + timedelta(seconds=1)):
            making.carry_on()
        row = Bulletin.objects.get(id=sent.bulletin.id)
        assert (row.fault, row.tries) == ("", 2)
        assert Asset.objects.get(id=str(row.asset)).plain_bytes == row.length > 0
        assert not AssetWriting.objects.exists()
    assert Asset.objects.filter(kind="clip").count() == 2
