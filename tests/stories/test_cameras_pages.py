"""The registry's pages and API as people use them, on the demo city."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import Disclosure
from cameras.csv_import import COLUMNS
from cameras.models import Agreement, Camera, Device
from policy.models import Person
from rtcc import clock
from rtcc.config import config
from tests.city import NOON, city
from tests.conftest import Committed

__all__ = ["city"]


ROW = {
    "code": "pine-10th",
    "name": "Pine St & 10th St",
    "owner": "slmpd-demo",
    "purpose": "Collisions at the crossing.",
    "recording": "always",
    "retention_class": "standard",
    "site": "downtown",
    "area": "downtown-west",
    "lon": "-90.1959",
    "lat": "38.6283",
    "bearing_deg": "90",
    "angle_deg": "120",
    "reach_m": "200",
    "marking": "blue light",
    "sensitivity": "worship; school",
    "host": "127.0.0.1",
    "port": str(config.sim_port),
    "path": "/cam13",
    "user": "demo",
    "password": "the-password-of-it",
}


def signed_in(username: str) -> Client:
    client = Client(HTTP_HOST=config.host)
    client.force_login(Person.objects.get(username=username))
    return client


def csv_file(*rows: dict[str, str]) -> SimpleUploadedFile:
    lines = [",".join(COLUMNS)] + [",".join(f'"{row.get(name, "")}"' for name in COLUMNS) for row in rows]
    return SimpleUploadedFile("cameras.csv", "\r\n".join(lines).encode(), content_type="text/csv")


def events() -> list[str]:
    rows = Disclosure.objects.filter(field__in=("event", "actor")).order_by("entry")
    said: dict[Any, dict[str, Any]] = {}
    for row in rows:
        said.setdefault(row.entry, {})[row.field] = json.loads(row.value)
    return [one["event"] for one in said.values() if one.get("actor") != "system:seed"]


def test_everybody_with_a_membership_sees_the_list_and_nobody_else_does(city: Committed) -> None:
    for username in ("ana.mercer", "jonah.reyes", "lena.fontaine", "sam.whitlock"):
        page = signed_in(username).get("/cameras/")
        assert page.status_code == 200
        assert page.context["page"].paginator.count == 12
        assert page.context["can_register"] is (username == "sam.whitlock")
    assert Client(HTTP_HOST=config.host).get("/cameras/").status_code == 302


def test_turning_pages_is_one_question_for_a_while(city: Committed) -> None:
    client = signed_in("ana.mercer")
    before = len(events())
    for address in ("/cameras/", "/cameras/?q=olive", "/cameras/cam04/", "/cameras/agreements/arcade-night/"):
        assert client.get(address).status_code == 200
    assert len(events()) == before + 1
    with clock.set_to(NOON + timedelta(minutes=16)):
        client.get("/cameras/")
    assert len(events()) == before + 2


def test_the_list_is_searched_by_every_word(city: Committed) -> None:
    client = signed_in("ana.mercer")
    found = {
        query: [card.code for card in client.get("/cameras/", {"q": query}).context["cameras"]]
        for query in ("olive", "Olive 8th", "arcade", "no such corner", "\x00", "%")
    }
    assert found["olive"] == ["cam04", "cam09", "cam12"]
    assert found["Olive 8th"] == ["cam09"]
    assert found["arcade"] == ["cam09", "cam10"]
    assert found["no such corner"] == []
    assert len(found["\x00"]) == 12
    assert found["%"] == []


def test_a_page_of_the_list_takes_the_same_queries_however_many_cameras_it_shows(city: Committed) -> None:
    client = signed_in("ana.mercer")
    client.get("/cameras/")
    counts = []
    for query in ("cam01", ""):
        with CaptureQueriesContext(connection) as queries:
            client.get("/cameras/", {"q": query})
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 2


def test_a_cameras_page_says_its_terms_and_no_secret(city: Committed) -> None:
    page = signed_in("ana.mercer").get("/cameras/cam09/")
    camera = page.context["camera"]
    assert camera.terms == "lent in the agreed hours"
    assert not camera.open_now
    assert len(camera.hours) == 7
    assert not any(page.context[offer] for offer in ("can_change", "can_test", "can_pause", "can_resume"))
    assert signed_in("lena.fontaine").get("/cameras/cam09/").context["can_pause"]
    assert signed_in("sam.whitlock").get("/cameras/cam09/").context["can_test"]
    assert signed_in("ana.mercer").get("/cameras/nowhere/").status_code == 404


def test_an_operator_registers_by_form_and_a_refused_one_gets_the_reason(city: Committed) -> None:
    sam = signed_in("sam.whitlock")
    answer = sam.post("/cameras/register/", {**ROW, "sensitivity": ["worship"]})
    assert (answer.status_code, answer["Location"]) == (302, "/cameras/pine-10th/")
    assert Camera.objects.by_code("pine-10th").count() == 1
    again = sam.post("/cameras/register/", {**ROW, "sensitivity": []})
    assert again.status_code == 400
    assert "taken" in str(again.context["form"].errors["code"])
    refused = signed_in("ana.mercer").post("/cameras/register/", {**ROW, "code": "other", "sensitivity": []})
    assert refused.status_code == 403
    assert b"section 3.6" in refused.content


def test_a_password_is_never_shown_again(city: Committed) -> None:
    sam = signed_in("sam.whitlock")
    sam.post("/cameras/register/", {**ROW, "sensitivity": []})
    for address in ("/cameras/pine-10th/", "/cameras/pine-10th/stream/", "/cameras/pine-10th/change/"):
        assert b"the-password-of-it" not in sam.get(address).content
    wrong = sam.post("/cameras/register/", {**ROW, "sensitivity": [], "code": ""})
    assert b"the-password-of-it" not in wrong.content
    form = {name: ROW[name] for name in ("host", "port", "path")}
    sam.post("/cameras/pine-10th/stream/", {**form, "path": "/other"})
    login = Device.objects.get(cameras__code="pine-10th").credentials()
    assert login is not None
    assert login.password == "the-password-of-it"


def test_a_partner_pauses_and_resumes_from_the_page(city: Committed) -> None:
    lena = signed_in("lena.fontaine")
    assert lena.post("/cameras/cam09/pause/", {"why": "Works"}).status_code == 302
    assert lena.get("/cameras/cam09/").context["camera"].state_says == "paused by its owner"
    assert "Paused: Works" in lena.get("/partner/").content.decode()
    assert lena.post("/cameras/cam09/pause/", {}).status_code == 409
    assert lena.post("/cameras/cam09/resume/", {}).status_code == 302
    assert signed_in("marcus.hale").post("/cameras/cam09/pause/", {}).status_code == 403
    assert lena.get("/cameras/cam09/pause/").status_code == 405


def test_an_operator_moves_changes_and_retires_a_camera(city: Committed) -> None:
    sam = signed_in("sam.whitlock")
    assert sam.get("/cameras/cam01/move/").context["form"].initial["site"] == "downtown"
    moved = {
        name: ROW[name] for name in ("site", "lon", "lat", "bearing_deg", "angle_deg", "reach_m", "purpose")
    }
    assert sam.post("/cameras/cam01/move/", moved).status_code == 302
    assert len(sam.get("/cameras/cam01/").context["placements"]) == 2
    changed = {"name": "Renamed", "purpose": "Other.", "recording": "never", "retention_class": "standard"}
    assert sam.post("/cameras/cam01/change/", changed).status_code == 302
    assert sam.get("/cameras/cam01/").context["camera"].name == "Renamed"
    assert sam.post("/cameras/cam01/retire/", {"why": "Taken down"}).status_code == 302
    assert sam.get("/cameras/cam01/").context["camera"].state == "retired"


def terms(**changes: Any) -> dict[str, Any]:
    return {
        "mode": "conditional",
        "hours": "Fri 18:00-06:00",
        "purposes": ["emergency_call"],
        "cameras": ["cam09"],
        "notify_owner": "on",
        "agency_copies_days": "30",
        "review_on": "2028-01-05",
        **changes,
    }


def test_a_partner_narrows_its_agreement_on_the_page_and_cannot_widen_it(city: Committed) -> None:
    lena = signed_in("lena.fontaine")
    assert lena.get("/cameras/agreements/arcade-night/").context["can_change"]
    assert not signed_in("ana.mercer").get("/cameras/agreements/arcade-night/").context["can_change"]
    assert lena.post("/cameras/agreements/arcade-night/", terms()).status_code == 302
    assert Agreement.objects.get(code="arcade-night").purposes == ["emergency_call"]
    assert lena.post("/cameras/agreements/arcade-night/", terms(mode="always")).status_code == 403
    bad = lena.post("/cameras/agreements/arcade-night/", terms(hours="Friday night"))
    assert "not written like" in str(bad.context["form"].errors["hours"])


def test_a_csv_is_looked_through_first_and_registers_nothing_while_an_error_stands(city: Committed) -> None:
    sam = signed_in("sam.whitlock")
    bad = {**ROW, "code": "two", "lat": "95", "site": "uptown"}
    for register in ("", "on"):
        page = sam.post("/cameras/import/", {"file": csv_file(ROW, bad, ROW), "register": register})
        errors = {(error.row, error.column) for error in page.context["reading"].errors}
        assert errors == {(3, "lat"), (3, "site"), (4, "code")}
    assert Camera.objects.count() == 12
    dry = sam.post("/cameras/import/", {"file": csv_file(ROW)})
    assert (len(dry.context["reading"].cameras), dry.context["reading"].errors) == (1, ())
    assert Camera.objects.count() == 12


def test_a_good_csv_registers_each_camera_with_an_entry(city: Committed) -> None:
    rows = (ROW, {**ROW, "code": "pine-11th", "name": "Pine St & 11th St"})
    answer = signed_in("sam.whitlock").post("/cameras/import/", {"file": csv_file(*rows), "register": "on"})
    assert answer.status_code == 302
    assert events().count("camera.registered") == 2
    assert Camera.objects.count() == 14


def test_only_who_may_register_imports(city: Committed) -> None:
    answer = signed_in("ana.mercer").post("/cameras/import/", {"file": csv_file(ROW), "register": "on"})
    assert answer.status_code == 403
    assert Camera.objects.count() == 12


def test_programs_list_read_and_register_through_the_same_acts(city: Committed) -> None:
    sam = signed_in("sam.whitlock")
    listed = sam.get("/api/v1/cameras/", {"q": "olive"}).json()["results"]
    assert [camera["code"] for camera in listed] == ["cam04", "cam09", "cam12"]
    assert "host" not in listed[0]
    made = sam.post(
        "/api/v1/cameras/", json.dumps({**ROW, "sensitivity": []}), content_type="application/json"
    )
    assert made.status_code == 201
    assert sam.get("/api/v1/cameras/pine-10th/").json()["name"] == ROW["name"]
    wrong = sam.post("/api/v1/cameras/", json.dumps({**ROW, "lat": 95}), content_type="application/json")
    assert (wrong.status_code, "lat" in wrong.json()["fields"]) == (400, True)
    refused = signed_in("ana.mercer").post(
        "/api/v1/cameras/",
        json.dumps({**ROW, "code": "x", "sensitivity": []}),
        content_type="application/json",
    )
    assert (refused.status_code, refused.json()["rule"] != "") == (403, True)
    assert sam.get("/api/v1/cameras/nowhere/").status_code == 404
