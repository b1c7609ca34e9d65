"""Programs read and act through the same doors: pages by cursor, one sending once, bytes by range."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from django.test import Client

from audit.models import Entry
from evidence.models import Playback, Played
from policy.vocabulary import Action
from rtcc import clock
from rtcc.api import once
from rtcc.api.models import Sent
from rtcc.api.tokens import SCOPES
from rtcc.dispatch.models import Incident
from tests.api import program, token_of
from tests.checks.test_addresses import client
from tests.city import NOON, camera, city, events, incident, said
from tests.conftest import Committed
from tests.going_back import BEGINS, watch
from tests.recorder_source import Clip
from tests.recording import clip, record, vault

__all__ = ["city", "clip", "vault"]

CALL = {"kind": "fight", "priority": 2, "place": "Olive St & N 7th St", "lon": -90.192, "lat": 38.6281}
JSON = "application/json"


def _full(username: str) -> Client:
    return program(token_of(username, *SCOPES)[1])


def test_pages_neither_skip_nor_double_while_rows_arrive(city: Committed) -> None:
    ana = _full("ana.mercer")
    for number in range(4):
        ana.post("/api/v1/incidents/", CALL | {"number": f"T-{number}"}, content_type=JSON)
    before = {row["id"] for row in ana.get("/api/v1/incidents/").json()["results"]}
    seen: list[str] = []
    following: str | None = "/api/v1/incidents/?limit=2"
    while following:
        page = ana.get(following).json()
        seen += [row["id"] for row in page["results"]]
        following = page["next"]
        ana.post("/api/v1/incidents/", CALL | {"number": f"N-{len(seen)}"}, content_type=JSON)
    assert len(seen) == len(set(seen))
    assert set(seen) == before
    assert ana.get("/api/v1/incidents/?number=T-2").json()["results"][0]["number"] == "T-2"
    assert ana.get("/api/v1/incidents/?cursor=nonsense").status_code == 404
    assert ana.get("/api/v1/incidents/?cursor=cD1ub25zZW5zZQ==").json()["field"] == "cursor"

    # Entries too, by tier: names for the auditor, pseudonyms for the reviewer, nothing for an analyst.
    miriam, jonah = _full("miriam.adler"), _full("jonah.reyes")
    entries: list[dict[str, Any]] = []
    following = "/api/v1/entries/?limit=5"
    while following:
        page = miriam.get(following).json()
        entries += page["results"]
        following = page["next"]
        ana.post("/api/v1/incidents/", CALL, content_type=JSON)
    ids = [row["id"] for row in entries]
    assert len(ids) == len(set(ids)) > 10
    opened = next(row for row in entries if row["fields"]["event"] == "incident.opened")
    assert opened["fields"]["actor_name"] == "Ana Mercer"
    told = jonah.get(f"/api/v1/entries/{opened['id']}/").json()["fields"]
    assert "actor_name" not in told
    assert told["actor_pseudonym"]
    assert ana.get(f"/api/v1/entries/{opened['id']}/").json()["fields"]["actor_name"] == "Ana Mercer"
    refused = ana.get("/api/v1/entries/")
    assert refused.status_code == 403
    assert Entry.objects.filter(id=refused.json()["entry_id"]).exists()


def test_a_double_send_makes_one_thing(city: Committed) -> None:
    ana, theo = _full("ana.mercer"), _full("theo.lindqvist")
    key: dict[str, Any] = {"headers": {"Idempotency-Key": "call-17"}, "content_type": JSON}
    before = Incident.objects.count()
    first = ana.post("/api/v1/incidents/", CALL, **key)
    again = ana.post("/api/v1/incidents/", CALL, **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert Incident.objects.count() == before + 1
    assert events().count("incident.opened") == 1

    # The key is its sender's own, and of one request.
    assert ana.post("/api/v1/incidents/", CALL | {"priority": 3}, **key).status_code == 422
    assert theo.post("/api/v1/incidents/", CALL, **key).status_code == 201
    # What changed nothing gives its key back; what was not seen to end is never done again.
    other: dict[str, Any] = {"headers": {"Idempotency-Key": "call-18"}, "content_type": JSON}
    assert ana.post("/api/v1/incidents/", CALL | {"priority": 9}, **other).status_code == 400
    assert ana.post("/api/v1/incidents/", CALL, **other).status_code == 201
    Sent.objects.filter(key="call-18").update(status=None)
    assert ana.post("/api/v1/incidents/", CALL, **other).status_code == 409
    assert ana.post("/api/v1/incidents/", CALL, headers={"Idempotency-Key": "x" * 201}).status_code == 400
    with clock.set_to(NOON + timedelta(days=2)):
        assert once.tidy() == 3


def test_rules_are_asked_without_acting_and_the_question_is_entered(city: Committed) -> None:
    ana = _full("ana.mercer")
    asked = {"action": "view_live", "kind": "camera", "id": str(camera("cam01").id),
             "basis": str(incident().basis_id), "purpose": "emergency_call"}  # fmt: skip
    yes = ana.post("/api/v1/decisions/", asked, content_type=JSON).json()
    no = ana.post("/api/v1/decisions/", asked | {"purpose": "training"}, content_type=JSON).json()
    assert (yes["permitted"], "order-live" in yes["rules"]) == (True, True)
    assert (no["permitted"], no["rule"]) == (False, "floor-purpose-listed")
    entry = next(each for each in said() if str(each["id"]) == no["entry"])
    assert (entry["action"], entry["detail"]["rules"][0]) == ("view_registry", "floor-purpose-listed")
    nothing = ana.post(
        "/api/v1/decisions/",
        asked | {"kind": "grant", "action": "end_grant", "id": str(incident().basis_id)},
        content_type=JSON,
    )
    assert nothing.status_code == 404
    # A cookie does as well, with its CSRF token beside it.
    browser = client("ana.mercer")
    assert browser.get("/api/v1/bases/?kind=incident").json()["results"]
    strict = Client(HTTP_HOST="localhost", REMOTE_ADDR="127.0.0.1", enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    assert strict.post("/api/v1/decisions/", asked, content_type=JSON).status_code == 403


def test_recorded_bytes_come_by_range_and_never_more_than_is_entered(
    city: Committed, vault: Path, clip: Clip
) -> None:
    record(camera("cam01"), clip, BEGINS)
    grant = watch()
    ana = _full("ana.mercer")
    span = {"from": BEGINS.isoformat(), "to": (BEGINS + timedelta(minutes=2)).isoformat()}
    opened = ana.post(
        "/api/v1/playbacks/",
        {"grant": str(grant), "cameras": [str(camera("cam01").id)], **span},
        content_type=JSON,
    )
    assert opened.status_code == 201, opened.json()
    playback = opened.json()["playback"]
    root = f"/api/v1/playbacks/{playback['id']}/cameras/{camera('cam01').id}/files/"
    files = ana.get(root, span).json()["files"]
    assert files
    assert not Played.objects.exists()
    first = files[0]
    whole = _body(ana.get(first["url"]))
    assert len(whole) == first["length"] == first["init_length"] + sum(p["length"] for p in first["pieces"])
    assert whole[4:8] == b"ftyp"
    piece = first["pieces"][-1]
    begin, end = piece["offset"] + 3, piece["offset"] + piece["length"] - 5
    part = ana.get(first["url"], headers={"Range": f"bytes={begin}-{end - 1}"})
    assert (part.status_code, part["Content-Range"]) == (206, f"bytes {begin}-{end - 1}/{len(whole)}")
    received = _body(part)
    assert received == whole[begin:end]
    assert _body(ana.get(first["url"], headers={"Range": "bytes=-10"})) == whole[-10:]
    outside = ana.get(first["url"], headers={"Range": f"bytes={len(whole)}-"})
    assert (outside.status_code, outside["Content-Range"]) == (416, f"bytes */{len(whole)}")
    assert ana.get(f"{root}{playback['id']}/").status_code == 404
    assert ana.get(root, {"from": span["to"], "to": span["from"]}).status_code == 400

    closed = ana.post(f"/api/v1/playbacks/{playback['id']}/close/").json()
    entry = next(each for each in said() if str(each["id"]) == closed["ended_entry"])
    assert len(whole) + len(received) + 10 <= entry["bytes"]
    assert Playback.objects.get().ended_at is not None
    assert ana.get(first["url"]).status_code == 403


def _body(answer: Any) -> bytes:
    assert isinstance(answer, StreamingHttpResponse), answer.content

    async def collect() -> bytes:
        return b"".join([part async for part in answer])

    return asyncio.run(collect())


def test_refusals_are_problem_documents_and_the_docs_need_no_script(city: Committed) -> None:
    ana = client("ana.mercer")
    for path, method, body, status in (
        ("/api/v1/grants/", "post", "[]", 400),
        ("/api/v1/grants/", "post", "{", 400),
        ("/api/v1/grants/", "put", "{}", 405),
        ("/api/v1/keeps/?kind=nothing", "get", "", 400),
        ("/api/v1/coverage/?camera=cam01&from=2026-11-20T00:00Z&to=2027-11-20T00:00Z", "get", "", 400),
        ("/api/v1/dispositions/00000000-0000-0000-0000-000000000007/", "get", "", 404),
    ):
        answer = ana.generic(method.upper(), path, body, content_type=JSON)
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json"), path
        assert {"type", "title", "status"} <= set(json.loads(answer.content)), path
    assert Client(HTTP_HOST="localhost").get("/api/v1/cameras/").status_code == 401
    page = ana.get("/api/v1/docs/").content.decode()
    assert "POST /api/v1/grants/" in page
    assert "unsafe" not in ana.get("/api/v1/docs/")["Content-Security-Policy"]
    document = json.loads(ana.get("/api/v1/schema/").content)
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    coverage = ana.get("/api/v1/coverage/?camera=cam01&from=2026-11-20T00:00Z&to=2026-11-20T12:00Z").json()
    assert (coverage["camera"], coverage["share"]) == ("cam01", 0.0)
    with pytest.raises(ValueError, match="about one thing"):
        _ask_about_two()


def _ask_about_two() -> None:
    from policy.dry_run import dry_run
    from policy.facts import SYSTEM, Question
    from tests.city import person

    dry_run(Question(Action.VIEW_LIVE, person("ana.mercer"), (SYSTEM, SYSTEM)))
