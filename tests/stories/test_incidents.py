"""Incidents: the list, the form, the programs' way, and one key that opens the nearest cameras."""

from __future__ import annotations

from datetime import timedelta

from policy.models import Basis
from rtcc import clock
from rtcc.bulletins.recipients import recipients
from rtcc.dispatch.models import Assignment, Incident
from rtcc.live.models import Viewing
from tests.checks.test_addresses import client
from tests.city import NOON, city, events, incident, person
from tests.conftest import Committed

__all__ = ["city"]

CALL = {"kind": "fight", "priority": 2, "place": "Olive St & N 7th St", "lon": -90.192, "lat": 38.6281}


def test_three_calls_stand_on_the_list_the_most_urgent_first(city: Committed) -> None:
    page = client("ana.mercer").get("/incidents/").content.decode()

    places = [page.index(number) for number in ("26-118411", "26-118402", "26-118409")]
    assert places == sorted(places)


def test_two_keys_open_the_nearest_cameras_that_see_the_place(city: Committed) -> None:
    ana = client("ana.mercer")
    answer = ana.post(f"/incidents/{incident().basis_id}/watch/")
    again = ana.post(f"/incidents/{incident().basis_id}/watch/")

    assert answer.status_code == again.status_code == 302
    assert 1 <= len(Viewing.objects.get().permit.covers) <= 5
    assert events()[1:] == ["view.permitted"]
    assert str(Viewing.objects.get().entry) in ana.get("/wall/").content.decode()


def test_a_form_opens_an_incident_whose_number_follows(city: Committed) -> None:
    answer = client("ana.mercer").post("/incidents/new/", CALL)

    assert answer.status_code == 302
    basis = Basis.objects.get(number="", kind="incident")
    assert basis.verification == "pending"
    assert events()[1:] == ["incident.opened"]


def test_the_same_number_twice_is_answered_in_plain_words_and_nothing_changes(city: Committed) -> None:
    answer = client("ana.mercer").post("/incidents/new/", CALL | {"number": "26-118402"})

    assert answer.status_code == 409
    assert "There is an incident 26-118402 already" in answer.content.decode()
    assert Incident.objects.count() == 3
    assert events()[1:] == ["act.error"]


def test_a_program_opens_an_incident_and_a_wrong_field_is_named(city: Committed) -> None:
    ana = client("ana.mercer")
    wrong = ana.post("/api/v1/incidents/", CALL | {"priority": 9}, content_type="application/json")
    right = ana.post("/api/v1/incidents/", CALL, content_type="application/json")

    assert wrong.status_code == 400
    assert "priority" in wrong.json()["fields"]
    assert right.status_code == 201
    listed = ana.get("/api/v1/incidents/").json()["results"]
    assert right.json()["id"] in [one["id"] for one in listed]


def test_who_is_not_of_the_agency_sees_none_of_its_incidents(city: Committed) -> None:
    page = client("lena.fontaine").get("/incidents/").content.decode()

    assert "26-118402" not in page


def test_a_name_that_looks_like_a_program_is_only_text(city: Committed) -> None:
    ana = client("ana.mercer")
    ana.post("/incidents/new/", CALL | {"title": "<script>alert(1)</script>"})

    page = ana.get("/incidents/").content.decode()
    assert "<script>alert(1)</script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_supervisor_verifies_a_number_that_followed_and_the_opener_is_not_asked(city: Committed) -> None:
    ana, ruth = client("ana.mercer"), client("ruth.okafor")
    ana.post("/incidents/new/", CALL)
    basis = Basis.objects.get(number="", kind="incident")

    assert "There is no such call" not in ana.get("/incidents/").content.decode()
    assert "There is no such call" in ruth.get("/incidents/").content.decode()
    refused = ana.post(f"/incidents/{basis.id}/verify/", {"number": "26-9", "stands": "yes"})
    done = ruth.post(f"/incidents/{basis.id}/verify/", {"number": "26-9", "stands": "yes"})

    basis.refresh_from_db()
    assert (refused.status_code, done.status_code) == (403, 302)
    assert (basis.number, basis.verification) == ("26-9", "verified")


def test_a_corner_is_found_by_its_name_and_two_that_match_are_asked_about(city: Committed) -> None:
    ana = client("ana.mercer")
    nowhere = {name: value for name, value in CALL.items() if name not in ("lat", "lon")}

    asked = ana.post("/incidents/new/", nowhere | {"place": "Market"}).content.decode()
    assert "More than one corner matches. Which one:" in asked
    unknown = ana.post("/incidents/new/", nowhere | {"place": "Gravois & Chippewa"}).content.decode()
    assert "Pick the place on the map" in unknown
    assert Incident.objects.count() == 3

    assert ana.post("/incidents/new/", nowhere | {"place": "8th and market"}).status_code == 302
    found = Incident.objects.get(basis__number="")
    assert (found.lon, found.lat) == (-90.1939, 38.626)


def test_units_are_put_on_an_incident_and_taken_off_by_page_and_program(city: Committed) -> None:
    ana, basis = client("ana.mercer"), incident("26-118411").basis_id
    page = f"/incidents/{basis}/units/"
    rosa, caleb = person("rosa.delgado"), person("caleb.marsh")
    assert "4-12" in ana.get(page).content.decode()
    assert ana.post(page, {"unit": "4-17", "officer": str(rosa.id)}).status_code == 302
    again = ana.post(page, {"unit": "4-18", "officer": str(rosa.id)})
    assert (again.status_code, "on the incident already" in again.content.decode()) == (400, True)
    for wrong in (
        {"unit": " ", "officer": str(rosa.id)},
        {"unit": "4-9", "officer": str(person("ana.mercer").id)},
    ):
        assert ana.post(page, wrong).status_code == 400
    assert {one.unit for one in recipients(incident("26-118411").basis) if one.unit} == {"4-12", "4-17"}

    listed = ana.get(f"/api/v1/incidents/{basis}/units/").json()
    assert [one["unit"] for one in listed] == ["4-12", "4-17"]
    off = next(one for one in listed if one["officer"] == str(caleb.id))
    clear = f"/api/v1/incidents/{basis}/units/{off['id']}/clear/"
    assert ana.post(clear).status_code == 200
    assert ana.post(clear).status_code == 409
    put = {"unit": "4-12", "officer": str(caleb.id)}
    made = ana.post(f"/api/v1/incidents/{basis}/units/", put, content_type="application/json")
    assert made.status_code == 201, "an officer who was taken off comes back"
    mine = Assignment.objects.get(incident_id=basis, person=rosa)
    with clock.set_to(NOON + timedelta(minutes=1)):
        assert ana.post(f"{page}{mine.id}/clear/").status_code == 302
        assert [one.unit for one in recipients(incident("26-118411").basis) if one.unit] == ["4-12"]
    own = [one for one in events() if one.startswith("unit.")]
    assert own == ["unit.assigned", "unit.cleared", "unit.assigned", "unit.cleared"]

    for stranger in ("lena.fontaine", "miriam.adler"):
        assert client(stranger).get(page).status_code == 404
        assert client(stranger).post(page, put).status_code == 404
    caleb_may_look = client("caleb.marsh").get(page)
    assert (caleb_may_look.status_code, "Put a unit on it" in caleb_may_look.content.decode()) == (200, False)
    assert client("caleb.marsh").post(page, {"unit": "4-17", "officer": str(rosa.id)}).status_code == 403
