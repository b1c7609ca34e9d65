"""An owner is asked for a file by a program, and its program hands it in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from django.db import connections

from evidence.models import Asset
from policy.vocabulary import Action, Purpose
from rtcc.api.actions.revoke_token import revoke_token
from rtcc.api.docs import document
from rtcc.api.handing_in import PROGRAM
from rtcc.api.tokens import SCOPES
from rtcc.partners.actions.ask_to_watch import ask_to_watch
from rtcc.partners.models import Ask, Upload
from tests.api import program, token_of
from tests.city import NOON, camera, city, events, incident, person, said
from tests.conftest import Committed
from tests.stories.test_partner_upload import Sent, video

__all__ = ["city"]

FROM = NOON - timedelta(hours=1)


class SentByProgram(Sent):
    """A file that a program sends through its address of the door."""

    door = PROGRAM

    def __init__(self, secret: str, ask: UUID, name: str, body: Any, starts_at: str = "") -> None:
        self.path = f"/api/v1/asks/{ask}/files/"
        self.query = f"name={quote(name)}&from={quote(starts_at or FROM.isoformat())}"
        self.body, self.read = body, 0
        self.headers = {"authorization": f"Bearer {secret}", "user-agent": "bridge/1.0"}


@pytest.fixture
def asked(city: Committed) -> Ask:
    ana = program(token_of("ana.mercer", *SCOPES)[1])
    wish = {
        "wants": "file", "basis": str(incident().basis_id), "camera": str(camera("cam11").id),
        "purpose": "investigation", "note": "a white van at the gate",
        "from": FROM.isoformat(), "to": (FROM + timedelta(minutes=10)).isoformat(),
    }  # fmt: skip
    for changed, field in (
        ({"from": None}, "from"),
        ({"from": NOON.isoformat(), "to": FROM.isoformat()}, "to"),
    ):
        given = {name: value for name, value in (wish | changed).items() if value is not None}
        answer = ana.post("/api/v1/asks/", given, content_type="application/json")
        assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert not Ask.objects.exists()
    answer = ana.post("/api/v1/asks/", wish, content_type="application/json")
    assert answer.status_code == 201, answer.content.decode()
    assert (answer.json()["wants"], answer.json()["state"]) == ("file", "open")
    return Ask.objects.get()


def test_an_owners_program_hands_in_the_file_and_both_sides_read_what_was_taken(
    asked: Ask, tmp_path: Path
) -> None:
    film = video(tmp_path / "film.mp4")
    token, secret = token_of("marcus.hale", Action.UPLOAD_FOOTAGE, Action.VIEW_REGISTRY)

    status, answer = SentByProgram(secret, asked.id, "gate.mp4", film).go()

    assert status == 201, answer
    upload = Upload.objects.get()
    assert (str(upload.id), upload.sha256, str(upload.entry)) == tuple(answer.values())
    assert (upload.claimed_starts_at, upload.clock) == (FROM, "agrees")
    path = "/api/v1/asks/{ask}/files/"
    told = document()["paths"][path]["post"]
    assert PROGRAM.path.fullmatch(path.format(ask=asked.id))
    assert [each["name"] for each in told["parameters"] if each["required"]] == ["ask", "name", "from"]
    assert document()["components"]["schemas"]["HandedIn"]["required"] == list(answer)
    entry = said()[-1]
    assert (entry["event"], entry["actor"]) == ("footage.uploaded", str(person("marcus.hale").id))
    decided = next(one for one in said() if one["event"] == "act.permitted")
    assert decided["action"] == "upload_footage"
    assert (decided["device"], decided["address"]) == ("bridge/1.0", "127.0.0.1")
    began = next(one for one in said() if one.get("session") == decided["session"])
    assert (began["event"], began["detail"]["token"]) == ("session.started", str(token.id))
    for reader in (secret, token_of("ana.mercer", Action.VIEW_REGISTRY)[1]):
        [listed] = program(reader).get(f"/api/v1/asks/{asked.id}/files/").json()
        assert (listed["sha256"], listed["clock"], listed["bytes"]) == (upload.sha256, "agrees", len(film))
    stranger = program(token_of("lena.fontaine", *SCOPES)[1])
    assert stranger.get(f"/api/v1/asks/{asked.id}/files/").status_code == 404
    # The answer was lost, and the program sends it again: nothing is there twice.
    again, problem = SentByProgram(secret, asked.id, "gate.mp4", film).go()
    assert (again, problem["title"]) == (409, "This very file was handed in for this request already.")
    assert (Upload.objects.count(), Asset.objects.count()) == (1, 1)


def test_nothing_is_read_from_a_program_that_may_not_hand_in(asked: Ask, tmp_path: Path) -> None:
    film = video(tmp_path / "film.mp4")
    secret = token_of("marcus.hale", Action.UPLOAD_FOOTAGE)[1]
    narrow = token_of("marcus.hale", Action.PAUSE_CAMERA)[1]
    other = token_of("lena.fontaine", *SCOPES)[1]
    agency = token_of("ana.mercer", *SCOPES)[1]
    for shown, status, kind in (
        ("", 401, "bad_token"),
        ("wl_" + "x" * 43, 401, "bad_token"),
        (narrow, 403, "token-scope"),
        (other, 404, "not_found"),
        (agency, 404, "not_found"),
    ):
        sent = SentByProgram(shown, asked.id, "gate.mp4", film)
        got, problem = sent.go()
        assert (got, sent.read) == (status, 0), problem
        assert kind in (problem.get("rule"), problem["type"].partition("#")[2])
    late = SentByProgram(secret, asked.id, "gate.mp4", film, (NOON + timedelta(hours=1)).isoformat())
    assert (late.go()[1]["field"], late.read) == ("from", 0)
    yes = ask_to_watch(
        by=person("ana.mercer"), basis=asked.basis_id, purpose=Purpose.EMERGENCY_CALL,
        camera=camera("cam12").id, starts_at=NOON, ends_at=NOON + timedelta(hours=1), note="two on foot",
    )  # fmt: skip
    no_file = SentByProgram(secret, yes.id, "gate.mp4", film)
    assert (no_file.go()[0], no_file.read) == (409, 0), "a yes or no is asked for, no file"
    vague = SentByProgram(secret, asked.id, "gate.mp4", film, "noon")
    assert (vague.go()[1]["field"], vague.read) == ("from", 0)
    form = SentByProgram(secret, asked.id, "gate.mp4", film)
    form.headers["content-type"] = "multipart/form-data; boundary=x"
    status, problem = form.go()
    assert (status, form.read) == (400, 0)
    assert problem["title"] == "Send the file itself as the body, not in a form."
    cookie = Sent("marcus.hale", asked.id, "gate.mp4", film)
    with_cookie = SentByProgram("", asked.id, "gate.mp4", film)
    with_cookie.headers = cookie.headers
    assert (with_cookie.go()[0], with_cookie.read) == (401, 0), "a browser has its page"
    assert "footage.uploaded" not in events()
    assert (Upload.objects.count(), Asset.objects.count()) == (0, 0)


def test_a_token_that_is_revoked_while_the_file_comes_hands_nothing_in(asked: Ask, tmp_path: Path) -> None:
    film = video(tmp_path / "film.mp4")
    token, secret = token_of("marcus.hale", Action.UPLOAD_FOOTAGE)

    def revoke() -> None:
        revoke_token(by=person("marcus.hale"), token=token.id)
        connections.close_all()

    async def then() -> AsyncIterator[bytes]:
        yield film
        await asyncio.to_thread(revoke)

    sent = SentByProgram(secret, asked.id, "gate.mp4", then)
    status, problem = sent.go()
    assert (status, sent.read) == (401, len(film))
    assert "revoked" in problem["title"]
    assert (Upload.objects.count(), Asset.objects.count()) == (0, 0)
