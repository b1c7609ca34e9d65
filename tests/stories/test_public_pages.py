"""What everybody may see without signing in: enough to ask in time, and nothing of anybody."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from audit.models import Disclosure
from audit.vocabulary import FIELDS_V1, Tier
from cameras.actions.change_agreement import change_agreement
from cameras.models import Agreement, Camera
from cameras.writing import read_terms
from evidence.models import Disposition, Gap, Keep, Segment
from evidence.retention import destruction
from policy import publish
from policy.actions.throw_kill_switch import throw_kill_switch
from policy.models import Basis, Person
from policy.vocabulary import Mode, Purpose
from rtcc import clock
from rtcc.live.actions.open_viewing import open_viewing
from rtcc.onebox.seed import seed
from rtcc.public import counts
from tests.city import NOON, camera, city, incident, person
from tests.keeping import BEGINS, SHORT, hold, watch
from tests.minutes import record_minutes
from tests.recording import vault

__all__ = ["city", "vault"]
pytestmark = pytest.mark.usefixtures("city", "vault", "fresh")
PAGES = ("", "cameras/", "cameras/cam01/", "cameras/cam09/", "policy/", "numbers/", "log/", "still-there/")


@pytest.fixture
def fresh(city: Any) -> None:
    cache.clear()


def get(path: str) -> Any:
    return Client(HTTP_HOST="localhost", REMOTE_ADDR="127.0.0.1").get(f"/public/{path}")


def text(path: str) -> str:
    answer = get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    found: str = answer.content.decode()
    return found


def of_corner(minutes_before_noon: int, code: str = SHORT) -> str:
    at = (NOON - timedelta(minutes=minutes_before_noon)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return text(f"still-there/?camera={code}&from={at}")


def test_every_page_is_small_needs_no_script_sets_no_cookie_and_is_kept_a_minute() -> None:
    for path in PAGES:
        answer = get(path)
        page = answer.content.decode()
        assert answer.status_code == 200, path
        assert not answer.cookies, path
        assert answer["Cache-Control"] == "public, max-age=60", path
        # What comes over the air is the packed page, below; the longest holds every rule in a sentence.
        assert len(page) < 45_000, (path, len(page))
        # One style sheet for all pages; the map's own files come when it is opened.
        assert len(re.findall(r"<link rel=.stylesheet|<script ", page)) <= 3, path
        assert '<form method="post"' not in page, path
        packed = Client(HTTP_HOST="localhost").get(f"/public/{path}", headers={"Accept-Encoding": "gzip"})
        assert packed["Content-Encoding"] == "gzip", path
        assert len(packed.content) < 12_000, (path, len(packed.content))


def test_a_hundred_and_fifty_cameras_cost_as_many_queries_as_twelve(city: Any) -> None:
    def queries(path: str) -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as asked:
            assert get(path).status_code == 200
        return len(asked)

    paths = (*PAGES, "cameras.geojson", "still-there/?camera=cam01&from=2026-11-20T15:00:00Z")
    twelve = {path: queries(path) for path in paths}
    seed(cameras=150)
    many = {path: queries(path) for path in paths}

    assert "150 cameras" in text("cameras/")
    assert many == twelve
    assert max(many.values()) <= 15, many
    cache.clear()
    text("")
    with CaptureQueriesContext(connection) as asked:
        text("cameras/?q=market")
    assert len(asked) == 0


def test_the_cameras_are_found_by_street_and_offered_as_a_file() -> None:
    found = text("cameras/?q=8th market")
    assert "Market St &amp; S 8th St" in found
    assert "Chestnut" not in found
    assert "No camera stands at a corner of that name" in text("cameras/?q=nowhere%00")
    page = text("cameras/cam01/")
    for words in (
        "Metropolitan Police",
        "blue light and sign",
        "30 days",
        "Demonstration order 1.2",
        "38.62530",
    ):
        assert words in page, words

    answer = get("cameras.geojson")
    file = json.loads(answer.content)
    assert answer["Content-Type"] == "application/geo+json"
    assert file["type"] == "FeatureCollection"
    assert len(file["features"]) == Camera.objects.count()
    first = next(each for each in file["features"] if each["id"] == "cam01")
    assert first["geometry"] == {"type": "Point", "coordinates": [-90.19017, 38.6253]}
    assert first["properties"]["marking"] == "blue light and sign"


def test_of_a_partners_camera_the_agreement_says_how_much_is_shown() -> None:
    lent = text("cameras/cam09/")
    assert "Mon 18:00-06:00" in lent
    assert "emergency call" in lent
    change_agreement(
        by=person("irene.castellan"),
        agreement=Agreement.objects.get(code="arcade-night").id,
        terms=replace(read_terms(Agreement.objects.get(code="arcade-night"), NOON), mode=Mode.REGISTRY),
    )
    cache.clear()

    pin = text("cameras/cam09/")
    assert "a pin on the map, not lent" in pin.lower()
    assert camera("cam09").purpose not in pin
    feature = next(
        each for each in json.loads(get("cameras.geojson").content)["features"] if each["id"] == "cam09"
    )
    assert set(feature["properties"]) == {
        "code",
        "name",
        "owner",
        "owner_class",
        "terms",
        "lent_for",
        "hours",
    }


def test_the_rules_stand_there_as_sentences_with_who_wrote_them() -> None:
    page = text("policy/")
    version = publish.active()
    for rule in version.rules.values():
        assert escape(rule.says) in page, rule.id
        assert escape(rule.citation) in page, rule.id
    assert version.hash in page
    assert "Number plates are not read" in page


def test_footage_that_is_there_says_until_when_and_leads_to_the_request() -> None:
    record_minutes(camera("cam01"), NOON - timedelta(hours=3), 15)
    page = of_corner(180, "cam01")
    due = (NOON - timedelta(hours=3) + timedelta(days=30)).strftime("%Y-%m-%d")

    assert f'title="{due}' in page
    assert "Destroyed on" in page
    form = re.search(r'href="(/request/[^"]+)">Ask for it', page)
    assert form
    filled = Client(HTTP_HOST="localhost").get(unescape(form[1])).content.decode()
    assert re.search(r'name="starts_at"[^>]+value="2026-11-20T09:00"', filled)
    assert escape(camera("cam01").name) in filled
    assert str(incident().basis_id) not in page


def test_footage_whose_time_is_over_is_told_in_one_way_whether_somebody_keeps_it_or_not() -> None:
    later = NOON + timedelta(hours=2)
    with clock.set_to(NOON):
        record_minutes(camera(SHORT), BEGINS, 4)
        hold(starts_at=BEGINS + timedelta(minutes=1), ends_at=BEGINS + timedelta(minutes=2))
    with clock.set_to(later):
        before = of_corner(30)
    with clock.set_to(NOON):
        destruction.run()
    assert 0 < Segment.objects.filter(tombstone=None).count() < 4
    with clock.set_to(later):
        cache.clear()
        page = of_corner(30)

    assert page == before
    assert page.count("is over: it is destroyed, unless somebody asked in time") == 1
    assert "/public/destroyed/" not in page
    row = Disposition.objects.get()
    assert len(row.ranges) == 2
    with clock.set_to(later):
        file = json.loads(get(f"destroyed/{row.id}/record.json").content)
    assert set(file["footage"]) == {"oldest", "newest", "due"}, "a hole in its ranges would be what is kept"


def test_the_record_of_a_destruction_is_open_to_whoever_was_told_its_number() -> None:
    with clock.set_to(NOON):
        record_minutes(camera(SHORT), BEGINS, 2)
        destruction.run()
    row = Disposition.objects.get()
    record = text(f"destroyed/{row.id}/")
    file = json.loads(get(f"destroyed/{row.id}/record.json").content)

    assert "kept 10 minutes" in record
    assert file["keeps_checked"] == {"matches": 0}
    assert set(file["entries"]) >= {"decided"}


def test_a_gap_says_why_and_a_place_without_a_camera_says_so() -> None:
    start = NOON - timedelta(hours=4)
    Gap.objects.create(
        camera=camera("cam01").id, starts_at=start, ends_at=start + timedelta(hours=1), reason="auth_failed",
        detail="the camera at 10.0.0.7 refused the password",
    )  # fmt: skip
    page = of_corner(240, "cam01")
    assert "Nothing was recorded: the connection to the camera was lost" in page
    assert "10.0.0.7" not in page
    assert "password" not in page
    far = text("still-there/?lat=38.70&lon=-90.40&from=2026-11-20T12:00:00Z")
    assert "No camera covered this place then" in far
    before = text("still-there/?camera=cam01&from=2020-01-01T12:00:00Z")
    assert "No camera covered this place then" in before


def test_the_last_hour_tells_nothing_of_what_is_down_or_watched() -> None:
    Gap.objects.create(camera=camera("cam01").id, starts_at=NOON - timedelta(minutes=30), reason="timeout")
    watch("cam01")
    page = of_corner(20, "cam01")

    assert "too recent to be looked up here" in page
    assert "Nothing was recorded" not in page


def test_the_hour_of_a_clock_change_is_asked_about_and_one_that_never_was_is_refused() -> None:
    asked = text("still-there/?camera=cam01&at=2026-11-01T01:30")
    assert "this time came twice. Say which." in asked
    assert "No camera" not in asked
    assert "2026-11-01T06:30:00Z" in text("still-there/?camera=cam01&at=2026-11-01T01:30&twice=0")
    assert "2026-11-01T07:30:00Z" in text("still-there/?camera=cam01&at=2026-11-01T01:30&twice=1")
    assert "it never was" in text("still-there/?camera=cam01&at=2026-03-08T02:30")
    assert "has not come yet" in text("still-there/?camera=cam01&at=2027-03-08T02:30")
    assert "Which corner?" in text("still-there/?q=Market&at=2026-11-20T01:30")


NONSENSE = (
    "lat=x&lon=1", "lat=nan&lon=1", "lat=91&lon=1", "camera=%00", "q=%3Cscript%3E", "from=9", "at=now",
    "at=9999-12-31T23:59&camera=cam01", "from=0001-01-01T00:00:00Z&camera=cam01", "minutes=-3", "twice=7",
)  # fmt: skip


def test_a_question_that_makes_no_sense_is_answered_with_the_form() -> None:
    for query in NONSENSE:
        page = text(f"still-there/?{query}")
        assert "Street corner" in page
        assert "<script>" not in page


def test_a_month_is_counted_late_and_small_numbers_are_not_told() -> None:
    for _ in range(6):
        watch("cam01")
    open_viewing(
        by=person("ana.mercer"), basis=incident("26-118409").basis_id, cameras=[camera("cam04").id],
        purpose=Purpose.TRAFFIC_SAFETY,
    )  # fmt: skip
    assert counts.counts().months == ()
    assert "October 2026 follows on 1 December 2026" in text("numbers/")
    cache.clear()
    with clock.set_to(datetime(2026, 12, 31, 7, tzinfo=UTC)):
        month = counts.counts().months[0]
        page = text("numbers/")

    assert {(row.purpose, row.said) for row in month.uses} == {
        ("emergency call", "6"),
        ("traffic safety", "fewer than 5"),
    }
    assert "November 2026" in page
    assert not re.search(r"<td[^>]*>1<", page)
    assert [counts.said(number, 5) for number in (0, 4, 5)] == ["fewer than 5", "fewer than 5", "5"]


def test_the_kill_switch_is_told_and_not_who_threw_it() -> None:
    throw_kill_switch(by=person("ruth.okafor"), reason="Order of the court")
    cache.clear()
    for path in ("", "numbers/"):
        page = text(path)
        assert "All watching is stopped" in page
        assert "Order of the court" in page
        assert "Okafor" not in page


def test_no_page_tells_of_a_person_a_basis_or_what_only_reviewers_read() -> None:
    """Every public address after a day's work, against every disclosure above the public tier."""
    record_minutes(camera(SHORT), BEGINS, 2)
    record_minutes(camera("cam01"), NOON - timedelta(hours=3), 15)
    hold("cam01", starts_at=NOON - timedelta(hours=3), ends_at=NOON)
    destruction.run()
    watch("cam01")
    client = Client(HTTP_HOST="localhost")
    assert client.get("/oversight/report/").status_code == 302
    row = Disposition.objects.get()
    later = NOON + timedelta(hours=2)
    with clock.set_to(later):
        cache.clear()
        paths = [*PAGES, "cameras.geojson", f"destroyed/{row.id}/", f"destroyed/{row.id}/record.json"]
        pages = [text(path) for path in paths] + [of_corner(180, "cam01"), of_corner(30), of_corner(-30)]
    everything = "\n".join(pages)

    for known in Person.objects.all():
        assert known.username not in everything
        assert known.display_name not in everything
        assert str(known.id) not in everything
    for basis in Basis.objects.exclude(number=""):
        assert basis.number not in everything
        assert str(basis.id) not in everything
        assert not basis.title or basis.title not in everything
    for keep in Keep.objects.all():
        assert keep.matter not in everything
        assert str(keep.id) not in everything
    for value in _above_the_public_tier():
        assert value not in everything, value


def _above_the_public_tier() -> set[str]:
    """Texts of fields that not everybody reads, without what the register itself tells."""
    register = {"cameras", "camera_names", "touches", "owner", "owner_name", "agency", "zone", "sensitivity"}
    rows = Disposition.objects.values_list(
        "id", "camera", "rule", "policy", "entry", "proof_entry", "keys_entry"
    )
    told = {str(each) for row in rows for each in row}
    told |= {str(each) for each in Camera.objects.values_list("id", flat=True)}
    said = Disclosure.objects.exclude(field__in=["-", *register]).values_list("field", "value")
    values = {
        json.loads(value) for field, value in said
        if FIELDS_V1[field].tier is not Tier.PUBLIC and isinstance(json.loads(value), str)
    }  # fmt: skip
    # Words of a few letters (a role, "yes") stand in any text; times of footage are the question itself.
    told |= {value for value in values if value.startswith(("20", "system:"))}
    return {value for value in values - told if len(value) > 12}
