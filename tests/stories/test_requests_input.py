"""What can be wrong with a request, and what is answered."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client

from evidence.models import Keep, KeepInterval
from evidence.records.actions.change_holidays import add_holiday, drop_holiday
from evidence.records.actions.open_request import TooMany
from evidence.records.forms import PublicForm
from evidence.records.models import Holiday, Request
from evidence.records.vocabulary import Act, State
from policy.guard import Denied
from rtcc import clock
from rtcc.errors import Conflict
from tests.asking import ask, ask_publicly, client, corner, do, fresh, visitor, words
from tests.city import NOON, camera, city, person
from tests.recording import vault

__all__ = ["city", "vault"]
pytestmark = pytest.mark.usefixtures("city", "vault")
CHICAGO = ZoneInfo("America/Chicago")


def test_every_wrong_input_is_said_in_words_and_nothing_is_made() -> None:
    somebody = visitor()
    for change, sentence in (
        (
            {"starts_at": "2026-11-20T11:40", "ends_at": "2026-11-20T11:30"},
            "The end lies before the beginning.",
        ),
        ({"starts_at": "2027-01-01T10:00", "ends_at": "2027-01-01T11:00"}, "That time has not been yet"),
        ({"ends_at": "2026-11-20T12:30"}, "That time is not over yet"),
        ({"starts_at": "2026-03-08T02:30"}, "it never was"),
        ({"near": "map"}, "mark the place on the map"),
        ({"lat": "95", "lon": "0"}, "not on the map"),
        ({"requester": ""}, "This field is required"),
        ({"code": "x"}, "This form was not loaded whole"),
    ):
        answer = somebody.post("/request/", words(**change))
        assert answer.status_code == 200
        assert sentence in answer.content.decode(), change
    grace = client("grace.tamayo")
    for change, sentence in (
        ({"corners": "1,2;3,4"}, "3 to 60 corners"),
        ({"corners": "0,0;1,1;0,1;1,0"}, "cross each other"),
        ({"corners": "0,0;5,0;5,5"}, "too wide"),
        ({"radius_m": "9999"}, "less than or equal to 1000"),
        ({"form_key": "x"}, "Something is missing"),
    ):
        answer = grace.post("/requests/new/", words() | {"form_key": str(uuid4())} | change)
        assert sentence in answer.content.decode(), change
    assert not Request.objects.exists()
    assert not Keep.objects.exists()
    assert somebody.post("/request/receipt/", {"code": "\x00"}).status_code == 404
    careful = Client(enforce_csrf_checks=True, HTTP_HOST="localhost", REMOTE_ADDR="192.0.2.1")
    assert careful.post("/request/", words()).status_code == 403


def test_an_hour_that_came_twice_is_asked_about_for_each_end() -> None:
    said = words(starts_at="2026-11-01T01:30", ends_at="2026-11-01T03:00")
    asked = PublicForm(said)
    assert not asked.is_valid()
    assert "starts_at_which" in {field.name for field in asked.shown}
    assert "ends_at_which" not in {field.name for field in asked.shown}
    for which, hour in (("0", 6), ("1", 7)):
        answered = PublicForm(said | {"starts_at_which": which})
        assert answered.is_valid(), answered.errors
        assert answered.cleaned_data["starts_at"] == datetime(2026, 11, 1, hour, 30, tzinfo=UTC)


def test_a_button_pressed_twice_makes_one_request() -> None:
    somebody, said = visitor(), words()
    first, second = somebody.post("/request/", said), somebody.post("/request/", said)
    assert said["code"] in first.content.decode()
    assert _number(first) == _number(second)
    assert Request.objects.count() == 1
    assert Keep.objects.count() == 1
    together = words()
    with ThreadPoolExecutor(4) as four:
        answers = list(four.map(lambda _: _click(together), range(4)))
    assert len(set(answers)) == 1
    assert Request.objects.count() == Keep.objects.count() == 2
    row = Request.objects.earliest("received_at", "ordinal")
    do(row, Act.ACKNOWLEDGE, seen=State.PRESERVED)
    with pytest.raises(Conflict):
        do(row, Act.ACKNOWLEDGE, seen=State.PRESERVED)
    do(row, Act.ASSIGN)
    with pytest.raises(Conflict, match="Somebody else"):
        do(row, Act.ASK_BACK, note="Which side?", seen=State.ACKNOWLEDGED)


def _click(said: dict[str, str]) -> str:
    """One click in a thread of its own, as the web has it; its connection is given back."""
    with clock.set_to(NOON):
        answer = visitor().post("/request/", said)
    connection.close()
    return _number(answer)


def _number(answer: Any) -> str:
    """The number on a receipt."""
    found = re.search(r"Request (R-[0-9]+-[0-9]+)", answer.content.decode())
    assert found, answer.content.decode()
    return found[1]


def test_requests_for_the_same_footage_stack_their_holds_and_only_so_many_come_in_an_hour() -> None:
    rows = [ask(), *(ask_publicly() for _ in range(6))]
    assert [row.ordinal for row in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert KeepInterval.objects.of_camera(camera("cam07").id).count() == 7
    assert len({row.hold_id for row in rows}) == 7
    with pytest.raises(TooMany):
        ask_publicly()
    answer = visitor().post("/request/", words())
    assert answer.status_code == 429
    assert "Wait an hour" in answer.content.decode()
    assert ask_publicly(address="192.0.2.77")


def test_the_public_form_wants_its_token_against_forged_posts() -> None:
    from django.test import Client

    careful = Client(enforce_csrf_checks=True, HTTP_HOST="localhost", REMOTE_ADDR="192.0.2.1")
    assert careful.post("/request/", words()).status_code == 403


def test_a_place_that_no_camera_saw_then_is_answered_with_who_sees_it_now() -> None:
    long_ago = datetime(2019, 5, 1, 12, tzinfo=UTC)
    row = ask(starts_at=long_ago, ends_at=long_ago + timedelta(hours=1))
    assert row.hold is None
    assert row.state == State.PRESERVED
    page = client("grace.tamayo").get(f"/requests/{row.basis_id}/").content.decode()
    assert "This camera was not there then" in page
    # A place that a spreadsheet would run is text in the file.
    ask(place=replace(corner(), words="=HYPERLINK(1)"))
    answer = client("grace.tamayo").get("/requests/requests.csv")
    assert "'=HYPERLINK(1)" in b"".join(answer).decode()


def test_holidays_are_changed_by_a_page_and_requests_that_stand_keep_their_day() -> None:
    # Friday 2026-11-20; Thanksgiving is Thursday the 26th, and Missouri has the 27th as a business day.
    row = ask()
    assert row.due_at == datetime(2026, 11, 25, 23, tzinfo=UTC)
    grace = client("grace.tamayo")
    grace.post("/requests/holidays/", {"day": "2026-11-24", "name": "Snow", "authority": "Mayor's order 7"})
    assert fresh(row).due_at == row.due_at
    assert ask().due_at == datetime(2026, 11, 27, 23, tzinfo=UTC)
    assert "Mayor" in grace.get("/requests/holidays/").content.decode()
    grace.post("/requests/holidays/", {"drop": "2026-11-24", "authority": "Mayor's order 8"})
    assert ask().due_at == row.due_at
    with pytest.raises(Denied):
        add_holiday(by=person("ana.mercer"), day=date(2026, 12, 24), name="x", authority="y")
    with pytest.raises(Conflict):
        drop_holiday(by=person("grace.tamayo"), day=date(2026, 12, 23), authority="y")
    add_holiday(by=person("grace.tamayo"), day=date(2031, 12, 24), name="Eve", authority="Mayor's order 9")
    assert Holiday.objects.filter(day=date(2031, 12, 25)).exists()
