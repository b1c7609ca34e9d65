"""The player's requests: what the site answers a browser that goes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from django.utils.html import escape

from evidence.models import Disposition, Gap, Keep, OpenFile, Playback
from evidence.playback import account
from evidence.recorder.roster import give_back
from evidence.recorder.states import GapReason
from policy.actions.end_grant import end_grant
from rtcc import clock
from tests.city import NOON, camera, city, events, person, said
from tests.conftest import Committed
from tests.going_back import BEGINS, CAM, Received, read, watch
from tests.minutes import put_tombstones
from tests.recorder_source import Clip
from tests.recording import Recording, clip, record, vault

__all__ = ["city", "clip", "vault"]

JSON = {"Accept": "application/json"}


def signed_in(username: str) -> Client:
    found = Client(HTTP_HOST="localhost", REMOTE_ADDR="127.0.0.1")
    found.force_login(person(username), backend="policy.accounts.backend.Backend")
    return found


@pytest.fixture
def ana(city: Committed, vault: Path) -> Client:
    return signed_in("ana.mercer")


def opened(ana: Client, grant: UUID, **more: str) -> dict[str, Any]:
    fields = {
        "grant": str(grant),
        "camera": str(camera(CAM).id),
        "from": BEGINS.isoformat(),
        "to": (BEGINS + timedelta(minutes=4)).isoformat(),
        **more,
    }
    answer = ana.post("/playback/open/", fields, headers=JSON)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def fetched(ana: Client, session: dict[str, Any], starts_at: datetime, ends_at: datetime) -> Received:
    asked = {"from": starts_at.isoformat(), "to": ends_at.isoformat()}
    answer = ana.get(session["cameras"][0]["fragments"], asked)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/octet-stream"

    async def collect() -> bytes:
        parts = cast(AsyncIterator[bytes], cast(StreamingHttpResponse, answer).streaming_content)
        return b"".join([part async for part in parts])

    return read(asyncio.run(collect()))


def test_a_player_opens_shows_and_closes(ana: Client, clip: Clip) -> None:
    record(camera(CAM), clip, BEGINS)
    session = opened(ana, watch())

    page = ana.get(session["urls"]["page"])
    received = fetched(ana, session, BEGINS + timedelta(seconds=30), BEGINS + timedelta(seconds=50))
    ana.post(session["urls"]["close"], headers=JSON)

    assert page.status_code == 200
    assert len(received.heads) == 2, "it goes over the end of a file"
    assert received.pictures()
    entry = said()[-1]
    assert entry["event"] == "playback.ended"
    assert (entry["bytes"], entry["exact"]) == (received.size, True)


def test_a_form_opens_the_page_of_the_player(ana: Client) -> None:
    grant = watch()
    choice = ana.get("/playback/")
    assert escape(camera(CAM).name) in choice.content.decode()

    answer = ana.post(
        "/playback/open/", {"grant": str(grant), "camera": str(camera(CAM).id), "from": BEGINS.isoformat()}
    )

    assert answer.status_code == 302
    assert answer["Location"] == f"/playback/{Playback.objects.get().id}/"
    assert Playback.objects.get().ends_at > NOON, "without an end it goes on to what is being recorded"


def test_a_file_that_the_player_knows_is_not_introduced_again(ana: Client, clip: Clip) -> None:
    record(camera(CAM), clip, BEGINS)
    session = opened(ana, watch())
    first = fetched(ana, session, BEGINS, BEGINS + timedelta(seconds=10))

    asked = {
        "from": (BEGINS + timedelta(seconds=10)).isoformat(),
        "to": (BEGINS + timedelta(seconds=12)).isoformat(),
    }
    answer = ana.get(session["cameras"][0]["fragments"], {**asked, "file": str(first.heads[0]["file"])})

    async def collect() -> bytes:
        parts = cast(AsyncIterator[bytes], cast(StreamingHttpResponse, answer).streaming_content)
        return b"".join([part async for part in parts])

    assert asyncio.run(collect())[0] == 2


def test_the_timeline_says_what_there_is_and_why_not(ana: Client, clip: Clip) -> None:
    record(camera(CAM), clip, BEGINS)
    session = opened(ana, watch())

    body = ana.get(session["urls"]["timeline"]).json()

    spans = body["cameras"][0]["spans"]
    assert [span["kind"] for span in spans] == ["recorded", "gap"]
    assert spans[1]["sentence"] == "the test is over"
    assert {mark["kind"] for mark in body["marks"]} >= {"grant"}


def test_the_timeline_says_what_has_not_happened_yet(ana: Client) -> None:
    session = opened(ana, watch(), to=(NOON + timedelta(minutes=5)).isoformat())

    last = ana.get(session["urls"]["timeline"]).json()["cameras"][0]["spans"][-1]

    assert (last["kind"], last["from"]) == ("ahead", NOON.isoformat())


@pytest.mark.dies
def test_the_timeline_shows_what_is_being_recorded(ana: Client, clip: Clip) -> None:
    recording = Recording(camera(CAM), clip, BEGINS)
    recording.play(clip.units[:150])
    session = opened(ana, watch())

    kinds = [span["kind"] for span in ana.get(session["urls"]["timeline"]).json()["cameras"][0]["spans"]]
    give_back(str(camera(CAM).id))
    later = [span["kind"] for span in ana.get(session["urls"]["timeline"]).json()["cameras"][0]["spans"]]

    recording.leave()
    assert OpenFile.objects.count() == 1
    assert "open" in kinds
    assert "open" not in later, "nobody holds the camera any more"


def test_what_was_destroyed_is_answered_with_the_record_of_it(
    city: Committed, ana: Client, clip: Clip
) -> None:
    record(camera(CAM), clip, BEGINS)
    disposition = uuid4()
    put_tombstones(disposition)
    session = opened(ana, watch())

    asked = {"from": BEGINS.isoformat(), "to": (BEGINS + timedelta(seconds=10)).isoformat()}
    answer = ana.get(session["cameras"][0]["fragments"], asked)
    span = ana.get(session["urls"]["timeline"]).json()["cameras"][0]["spans"][0]

    assert answer.status_code == 410
    assert answer.json()["disposition_url"] == f"/retention/dispositions/{disposition}/"
    assert (span["kind"], span["disposition_url"]) == ("destroyed", answer.json()["disposition_url"])
    assert not Disposition.objects.exists()


def test_when_the_grant_ends_the_player_is_told_and_the_session_ends(ana: Client, clip: Clip) -> None:
    record(camera(CAM), clip, BEGINS)
    grant = watch()
    session = opened(ana, grant)
    assert ana.get(session["urls"]["state"]).json()["state"] == "open"

    end_grant(by=person("ana.mercer"), grant=grant, why="the call is over")

    told = ana.get(session["urls"]["state"]).json()
    asked = {"from": BEGINS.isoformat(), "to": (BEGINS + timedelta(seconds=10)).isoformat()}
    assert told["state"] == "ended"
    assert told["sentence"]
    assert ana.get(session["cameras"][0]["fragments"], asked, headers=JSON).status_code == 403
    assert ana.get(session["urls"]["timeline"], headers=JSON).status_code == 403
    assert events()[-1] == "playback.ended"
    assert Playback.objects.open().count() == 0


def test_a_refusal_names_rule_citation_and_way_out(ana: Client) -> None:
    answer = ana.post(
        "/playback/open/",
        {
            "grant": str(watch()),
            "camera": str(camera(CAM).id),
            "from": (NOON - timedelta(hours=5)).isoformat(),
            "to": (NOON - timedelta(hours=4)).isoformat(),
        },
        headers=JSON,
    )

    assert answer.status_code == 403
    assert answer.json()["rule"] == "order-history"
    assert answer.json()["way_out"]
    assert answer.json()["entry_id"]


@pytest.mark.parametrize("which", ["page", "timeline", "state"])
def test_somebody_elses_session_is_not_there(ana: Client, which: str) -> None:
    session = opened(ana, watch())
    theo = signed_in("theo.lindqvist")

    assert theo.get(session["urls"][which], headers=JSON).status_code == 404
    assert (
        theo.get(f"/playback/{uuid4()}/{which if which != 'page' else ''}".rstrip("/") + "/").status_code
        == 404
    )


def test_more_than_two_minutes_at_a_time_are_not_given(ana: Client) -> None:
    session = opened(ana, watch())
    asked = {"from": BEGINS.isoformat(), "to": (BEGINS + timedelta(minutes=3)).isoformat()}

    assert ana.get(session["cameras"][0]["fragments"], asked, headers=JSON).status_code == 400


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-45T99:00", "2026-11-20T12:00:00+99:00", "\x00"])
def test_a_time_that_is_none_is_said_so(ana: Client, text: str) -> None:
    session = opened(ana, watch())

    answer = ana.get(session["cameras"][0]["fragments"], {"from": text, "to": text}, headers=JSON)

    assert answer.status_code == 400


def test_what_one_looks_at_is_marked_and_kept(ana: Client, clip: Clip) -> None:
    record(camera(CAM), clip, BEGINS)
    session = opened(ana, watch())
    at = BEGINS + timedelta(seconds=70)

    answer = ana.post(
        session["urls"]["bookmark"], {"camera": str(camera(CAM).id), "at": at.isoformat()}, headers=JSON
    )

    assert answer.status_code == 200, answer.content
    kept = Keep.objects.get().intervals.get()
    assert (kept.starts_at, kept.ends_at) == (at - timedelta(seconds=30), at)
    spans = ana.get(session["urls"]["timeline"]).json()["cameras"][0]["spans"]
    assert [span["kind"] for span in spans].count("keep") == 1


def test_nothing_outside_the_session_is_marked(ana: Client) -> None:
    session = opened(ana, watch())
    early = {"camera": str(camera(CAM).id), "at": (BEGINS - timedelta(minutes=1)).isoformat()}

    assert ana.post(session["urls"]["bookmark"], early, headers=JSON).status_code == 403
    assert not Keep.objects.exists()


def test_a_cameras_page_shows_coverage_and_gaps_with_reasons(ana: Client, clip: Clip) -> None:
    record(camera(CAM), clip, BEGINS)
    Gap.objects.filter(reason=GapReason.STOPPED).update(detail="the mast was moved")

    page = ana.get(f"/cameras/{camera(CAM).id}/footage/?hours=1").content.decode()

    assert "the mast was moved" in page
    assert "goes on" in page
    assert ana.get(f"/cameras/{uuid4()}/footage/").status_code == 404


def test_sessions_that_nobody_watches_are_swept(ana: Client) -> None:
    opened(ana, watch())
    with clock.set_to(NOON + timedelta(seconds=29)):
        assert account.sweep() == 0
    with clock.set_to(NOON + timedelta(seconds=31)):
        assert account.sweep() == 1
