"""The requests desk by programs: a request taken in and worked on, its hold confirmed; an export that a
person approves, made, and downloaded on its account.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from django.test import Client

from audit.models import Entry
from evidence.exports.models import Export
from evidence.records.models import Request
from policy.vocabulary import Action
from rtcc import clock
from rtcc.api.tokens import SCOPES
from tests.api import program, token_of
from tests.asking import BEGINS as ASKED_FROM
from tests.asking import ENDS as ASKED_TO
from tests.asking import client, corner
from tests.city import NOON, camera, city, said
from tests.conftest import Committed
from tests.exporting import BEGINS, CAM, footage, machine, work
from tests.log_machine import LogMachine
from tests.minutes import record_minutes
from tests.recording import clip, vault

__all__ = ["city", "clip", "footage", "machine", "vault"]

JSON = "application/json"
ROOT = "/api/v1/requests/"


def _full(username: str) -> Client:
    return program(token_of(username, *SCOPES)[1])


def _asked(**change: Any) -> dict[str, Any]:
    point = corner().point
    assert point is not None
    return {
        "kind": "media",
        "requester": "Pat Doe",
        "contact": "pat@example.org",
        "place": "the corner",
        "lon": point[0],
        "lat": point[1],
        "radius_m": 20,
        "from": ASKED_FROM.isoformat(),
        "to": ASKED_TO.isoformat(),
    } | change


def _send(who: Client, path: str, body: Any = None, status: int = 201) -> dict[str, Any]:
    answer = who.post(path, body if body is not None else {}, content_type=JSON)
    assert answer.status_code == status, answer.content.decode()
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.usefixtures("vault")
def test_a_request_from_intake_to_its_end_by_a_program(city: Committed) -> None:
    record_minutes(camera("cam07"), ASKED_FROM, 5)
    grace, ana = _full("grace.tamayo"), _full("ana.mercer")
    made = _send(grace, ROOT, _asked())
    row = Request.objects.for_list().get()
    assert (made["id"], made["number"], made["state"]) == (str(row.basis_id), row.number, "preserved")
    assert (made["hold"], made["hold_state"]) == (str(row.hold_id), "stands")
    assert "Pat Doe" not in str(made)

    # The list is by due date, in pages that neither skip nor double; a word that is none is said to be none.
    with clock.set_to(NOON + timedelta(seconds=1)):
        for _ in range(3):
            _send(grace, ROOT, _asked())
    seen: list[str] = []
    following: str | None = f"{ROOT}?limit=2"
    while following:
        page = grace.get(following).json()
        seen += [each["number"] for each in page["results"]]
        following = page["next"]
        _send(grace, ROOT, _asked()) if len(seen) == 2 else None
    assert seen == [f"R-2026-{n:04d}" for n in range(1, 6)]
    assert grace.get(f"{ROOT}?which=overdue").json()["results"] == []
    assert len(grace.get(f"{ROOT}?kind=media&number=0002").json()["results"]) == 1
    assert grace.get(f"{ROOT}?which=nothing").status_code == 400

    # One: who asks, what there is, and what can be done; each reading is entered, once.
    one = f"{ROOT}{made['id']}/"
    whole = grace.get(one).json()
    assert whole["asked"]["requester"] == "Pat Doe"
    assert {each["kind"] for each in whole["findings"]} >= {"there"}
    assert whole["acts"][0] == "acknowledge"
    readings = [each for each in said() if each.get("action") == "view_request"]
    assert readings[-1]["basis"] == made["id"]
    grace.get(one)
    assert len([each for each in said() if each.get("action") == "view_request"]) == len(readings)

    step = _send(grace, f"{one}steps/", {"act": "acknowledge", "seen": "preserved"})
    assert (step["state_after"], Entry.objects.filter(id=step["entry"]).exists()) == ("acknowledged", True)
    for body, status, field in (
        ({"act": "acknowledge"}, 409, None),
        ({"act": "delay", "note": "sickness"}, 400, "until"),
        ({"act": "note"}, 400, "note"),
        ({"act": "preserve"}, 400, None),
    ):
        assert _send(grace, f"{one}steps/", body, status).get("field") == field, body
    for act in ("assign", "search", "send_to_legal"):
        _send(grace, f"{one}steps/", {"act": act})
    assert grace.get(one).json()["waits"] == "waits for the legal reviewer"
    assert _send(grace, ROOT, _asked(kind="love", radius_m=1), 400)["title"] == (
        "This cannot be used: kind, radius_m."
    )
    for body, field in (
        (_asked(lon=None), "lon"),
        (_asked(corners=[[0, 0], [1, 1], [0, 1]]), "corners"),
        (_asked(zone="Mars/Olympus"), "zone"),
        (_asked(to=(NOON + timedelta(days=1)).isoformat()), "to"),
        (
            _asked(
                **{
                    "from": (NOON + timedelta(hours=1)).isoformat(),
                    "to": (NOON + timedelta(hours=2)).isoformat(),
                }
            ),
            "from",
        ),
    ):
        assert _send(grace, ROOT, body, 400)["field"] == field
    # Who has nothing to do with requests is refused as on the page; so is a token without the scope.
    assert ana.get(ROOT).status_code == 403
    narrow = program(token_of("grace.tamayo", Action.VIEW_REQUEST)[1])
    assert narrow.get(one).status_code == 200
    assert _send(narrow, f"{one}steps/", {"act": "note", "note": "x"}, 403)["rule"] == "token-scope"


@pytest.mark.usefixtures("vault")
def test_a_large_hold_waits_for_a_supervisors_program(city: Committed) -> None:
    grace, ruth = _full("grace.tamayo"), _full("ruth.okafor")
    day = _asked(**{"from": (NOON - timedelta(days=9)).isoformat(), "to": NOON.isoformat()}, radius_m=1000)
    made = _send(grace, ROOT, day)
    assert made["hold_state"] == "waits"
    one = f"{ROOT}{made['id']}/"
    assert [each["id"] for each in ruth.get(f"{ROOT}?which=holds").json()["results"]] == [made["id"]]
    assert ruth.get(one).json()["can_confirm"] is True
    assert _send(grace, f"{one}confirm/", {"note": "it is mine"}, 403)["rule"]
    enough = {"cameras": [str(camera("cam07").id)], "from": (NOON - timedelta(hours=2)).isoformat(),
              "to": NOON.isoformat()}  # fmt: skip
    done = _send(ruth, f"{one}confirm/", {"note": "two hours do", "narrower": enough}, 200)
    assert done["hold_state"] == "confirmed"
    assert _send(ruth, f"{one}confirm/", {"note": "again"}, 409)["title"].startswith("This hold needs no")


def _body(answer: Any) -> bytes:
    assert isinstance(answer, StreamingHttpResponse), answer.content

    async def collect() -> bytes:
        return b"".join([part async for part in answer])

    return asyncio.run(collect())


def test_an_export_by_a_program_whose_second_yes_no_token_gives(footage: LogMachine) -> None:
    grace, ruth = _full("grace.tamayo"), _full("ruth.okafor")
    basis = _send(
        grace,
        ROOT,
        _asked(
            kind="prosecutor",
            **{"from": BEGINS.isoformat(), "to": (BEGINS + timedelta(minutes=2)).isoformat()},
        ),
    )["id"]
    body = {
        "basis": basis,
        "spans": [
            {
                "camera": str(camera(CAM).id),
                "from": (BEGINS + timedelta(seconds=20)).isoformat(),
                "to": (BEGINS + timedelta(seconds=80)).isoformat(),
            }
        ],
        "recipient_class": "prosecutor",
        "recipient": "Circuit Attorney",
        "standard": "Rule 25.03",
        "reason": "Discovery",
    }
    assert _send(grace, "/api/v1/exports/", body | {"recipient_class": "public"}, 403)["rule"]
    assert _send(ruth, "/api/v1/exports/", body, 404)["title"].startswith("There is no open request")
    key: dict[str, Any] = {"headers": {"Idempotency-Key": "export-1"}, "content_type": JSON}
    made, again = (grace.post("/api/v1/exports/", body, **key).json() for _ in range(2))
    assert made == again
    assert Export.objects.count() == 1
    one = f"/api/v1/exports/{made['id']}/"
    assert (made["state"], made["percent"], made["package_bytes"]) == ("proposed", 0, None)

    # The proposer's own yes is none, by whatever token; nor is a token's that was not made for approving.
    assert _send(grace, f"{one}approve/", status=403)["rule"]
    narrow = program(token_of("ruth.okafor", Action.VIEW_REGISTRY)[1])
    assert _send(narrow, f"{one}approve/", status=403)["rule"] == "token-scope"
    assert [each["id"] for each in ruth.get("/api/v1/exports/?waiting=true").json()["results"]] == [
        made["id"]
    ]
    assert client("ruth.okafor").get(one).json()["can_approve"] is True
    early = grace.get(f"{one}package/")
    assert (early.status_code, early.json()["title"]) == (
        409,
        "There is no package of this export; it stands so: waits for a second person.",
    )
    # No token gives the second yes, so that one program cannot be two persons: a signed-in person does.
    assert _send(ruth, f"{one}approve/", status=403)["rule"] == "token-scope"
    here = client("ruth.okafor")
    assert _send(here, f"{one}approve/", status=200)["state"] == "approved"
    assert _send(here, f"{one}approve/", status=409)["title"]
    # Who asked sees who agreed; to whom it is nothing, it is not there.
    asked = grace.get("/api/v1/proposals/").json()["results"]
    assert [each["approvals"][0]["by"] for each in asked] == ["Ruth Okafor"]
    own = grace.get(f"/api/v1/proposals/{asked[0]['id']}/").json()
    assert (own["asks"], own["can_approve"]) == ("hand out footage as an export", False)
    assert ["recipient", "Circuit Attorney"] in own["lines"]
    assert _full("ana.mercer").get(f"/api/v1/proposals/{asked[0]['id']}/").status_code == 404
    assert grace.get("/api/v1/obligations/?open=true").json()["results"] == []
    export = work(footage, Export.objects.get().id)
    whole = grace.get(one).json()
    assert (whole["export"]["state"], whole["export"]["percent"]) == ("ready", 100), export.sentence
    assert whole["approvals"][0]["by"] == "Ruth Okafor"
    assert (whole["can_stop"], whole["can_download"]) == (False, True)
    assert (
        _send(grace, f"{one}stop/", status=409)["title"] == "This export has ended; there is nothing to stop."
    )

    reader = program(token_of("grace.tamayo", Action.VIEW_REGISTRY)[1])
    assert reader.get(f"{one}package/").json()["rule"] == "token-scope"
    assert reader.post(f"{one}stop/").json()["rule"] == "token-scope"
    first = grace.get(f"{one}package/")
    content, whole_tag = _body(first), first["ETag"]
    assert len(content) == whole["export"]["package_bytes"]
    read = said()[-1]
    assert (read["event"], read["bytes"], read["exact"]) == ("asset.read", len(content), True)

    # A download that broke off goes on where it stopped, as a reading of its own.
    rest = grace.get(f"{one}package/", headers={"Range": "bytes=1000-", "If-Range": whole_tag})
    assert (rest.status_code, rest["ETag"]) == (206, whole_tag)
    assert rest["Content-Range"] == f"bytes 1000-{len(content) - 1}/{len(content)}"
    assert _body(rest) == content[1000:]
    assert (said()[-1]["event"], said()[-1]["bytes"]) == ("asset.read", len(content) - 1000)
    other = grace.get(f"{one}package/", headers={"Range": "bytes=1000-", "If-Range": '"another"'})
    assert (other.status_code, _body(other)) == (200, content)
    beyond = grace.get(f"{one}package/", headers={"Range": f"bytes={len(content)}-"})
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{len(content)}")

    second = _send(grace, "/api/v1/exports/", body)
    stopped = _send(grace, f"/api/v1/exports/{second['id']}/stop/", status=200)
    assert (stopped["state"], stopped["sentence"]) == ("stopped", "Stopped by Grace Tamayo.")
    assert _full("ana.mercer").get("/api/v1/exports/").status_code == 404
