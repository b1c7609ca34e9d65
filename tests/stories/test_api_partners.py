"""Asks and an owner's stops by programs: a no, a yes taken back, a camera paused and let go on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client

from cameras.models import Camera
from policy.vocabulary import Action
from rtcc.api.tokens import SCOPES
from rtcc.partners.actions.answer_ask import say_yes
from rtcc.partners.models import Ask
from tests.api import program, token_of
from tests.asking import client
from tests.city import NOON, camera, city, incident, person, said
from tests.conftest import Committed

__all__ = ["city"]

ROOT = "/api/v1"
MARCUS, ANA = "marcus.hale", "ana.mercer"


def _full(username: str) -> Client:
    return program(token_of(username, *SCOPES)[1])


def _send(who: Client, path: str, status: int, **body: Any) -> dict[str, Any]:
    answer = who.post(f"{ROOT}/{path}", body, content_type="application/json")
    assert answer.status_code == status, answer.content.decode()
    found: dict[str, Any] = answer.json()
    return found


def _wish(**change: Any) -> dict[str, Any]:
    return {
        "basis": str(incident().basis_id), "camera": str(camera("cam12").id), "purpose": "emergency_call",
        "to": (NOON + timedelta(hours=1)).isoformat(), "note": "Two persons on foot",
    } | change  # fmt: skip


def test_an_owner_is_asked_says_no_and_takes_a_yes_back_by_programs(city: Committed) -> None:
    ana, marcus = _full(ANA), _full(MARCUS)
    made = _send(ana, "asks/", 201, **_wish())
    assert (made["state"], made["camera_code"], made["files"]) == ("open", "cam12", 0)
    assert _send(ana, "asks/", 409, **_wish())["title"].startswith("The owner is asked for this camera")
    late = _send(ana, "asks/", 400, **_wish(to=(NOON - timedelta(hours=1)).isoformat()))
    assert late["field"] == "to"
    assert _send(ana, "asks/", 400, **_wish(camera=str(camera("cam01").id)))["field"] == "camera"
    assert "nothing here" in _send(ana, f"asks/{incident().basis_id}/decline/", 404)["title"]

    # The owner reads what it is asked, and no name and no number that its agreement does not tell.
    listed = marcus.get(f"{ROOT}/asks/?state=open")
    assert [each["id"] for each in listed.json()["results"]] == [made["id"]]
    assert "26-118402" not in listed.content.decode()
    assert "Mercer" not in listed.content.decode()
    for stranger in ("lena.fontaine", "caleb.marsh"):
        mine = _full(stranger).get(f"{ROOT}/asks/").json()["results"]
        assert (mine == []) == (stranger == "lena.fontaine")
    assert _full("lena.fontaine").post(f"{ROOT}/asks/{made['id']}/decline/").status_code == 404
    # A no is the owner's, not of whoever asked; a yes takes a person, so it has no address here.
    assert _send(ana, f"asks/{made['id']}/decline/", 403)["rule"]
    assert marcus.post(f"{ROOT}/asks/{made['id']}/yes/").status_code == 404
    refused = _send(marcus, f"asks/{made['id']}/decline/", 200, why="Not today")
    assert (refused["state"], refused["declined_why"]) == ("declined", "Not today")
    assert _send(marcus, f"asks/{made['id']}/decline/", 409)["title"] == "This was answered already."

    again = _send(ana, "asks/", 201, **_wish())
    say_yes(by=person(MARCUS), ask=Ask.objects.get(id=again["id"]).id)
    assert ana.get(f"{ROOT}/asks/?state=given").json()["results"][0]["until"]
    assert _send(marcus, f"asks/{again['id']}/take-back/", 200)["state"] == "taken_back"
    assert _send(marcus, f"asks/{again['id']}/take-back/", 409)["title"]
    own = [one["event"] for one in said() if one["event"].startswith("consent.")]
    assert own == [
        "consent.asked", "consent.refused", "consent.asked", "consent.given", "consent.taken_back",
    ]  # fmt: skip


def test_a_camera_is_paused_by_its_owners_program_and_by_no_other(city: Committed) -> None:
    marcus = _full(MARCUS)
    paused = _send(marcus, "cameras/cam12/pause/", 200, why="Our own event")
    assert Camera.objects.get(code="cam12").paused_at is not None
    assert paused["code"] == "cam12"
    assert _send(marcus, "cameras/cam12/pause/", 409)["title"].startswith("This camera is paused")
    assert _send(marcus, "cameras/cam01/pause/", 403)["rule"]
    assert _send(_full("lena.fontaine"), "cameras/cam12/resume/", 403)["rule"]
    assert _send(marcus, "cameras/none/pause/", 404)["title"]
    narrow = program(token_of(MARCUS, Action.PAUSE_CAMERA)[1])
    assert _send(narrow, "cameras/cam12/resume/", 403)["rule"] == "token-scope"
    _send(marcus, "cameras/cam12/resume/", 200)
    assert Camera.objects.get(code="cam12").paused_at is None
    # The same by a signed-in browser, which asks as its person.
    here = client(MARCUS).post(f"{ROOT}/cameras/cam12/pause/", {}, content_type="application/json")
    assert here.status_code == 200
