"""The access report: who reads what of it, what its filters find, and what a changed row looks like."""

from __future__ import annotations

import csv
import io
import json
import warnings
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.keyfiles import log_signer
from audit.pseudonym import pseudonym
from policy.denied import Denied
from policy.vocabulary import Purpose
from rtcc import clock
from rtcc.live import sessions
from rtcc.live.actions.open_viewing import open_viewing
from rtcc.live.models import Delivered, Viewing
from rtcc.oversight.question import Asked
from rtcc.oversight.reading import Proof
from rtcc.oversight.report import Page, page
from rtcc.oversight.tiers import reader_of
from rtcc.spreadsheet import cell
from tests.city import NOON, camera, city, incident, person, said
from tests.conftest import Committed
from tests.log_machine import LogMachine

__all__ = ["city"]

MINUTE = timedelta(minutes=1)


def watch(*codes: str, by: str = "ana.mercer", number: str = "26-118402", minutes: float = 4) -> Viewing:
    """Watch some cameras for some minutes and close them."""
    viewing, _ = open_viewing(
        by=person(by),
        basis=incident(number).basis_id,
        cameras=[camera(code).id for code in codes],
        purpose=Purpose.EMERGENCY_CALL,
    )
    for covered in viewing.permit.covers:
        Delivered.objects.create(viewing=viewing, camera=covered["id"], reserved=1000, sent=1000)
    with clock.set_to(clock.now() + minutes * MINUTE):
        sessions.write_down(viewing.id, {})
        sessions.end(viewing.id, "closed by the viewer")
    return viewing


def report(by: str, **filters: str) -> Page:
    return page(reader_of(person(by)), Asked.of(filters))


def signed_in(username: str) -> Client:
    client = Client(HTTP_HOST="localhost", REMOTE_ADDR="127.0.0.1")
    client.force_login(person(username), backend="policy.accounts.backend.Backend")
    return client


@pytest.fixture
def machine(city: Committed) -> Iterator[LogMachine]:
    """A log with the keys and tiles of this installation."""
    import shutil
    import tempfile
    from pathlib import Path

    from rtcc.config import config

    folder = Path(tempfile.mkdtemp(prefix="wl-ov-"))
    made = LogMachine(folder, city)
    made.log, made.tiles = log_signer(), config.tiles_dir
    yield made
    made.close()
    shutil.rmtree(folder)
    shutil.rmtree(config.tiles_dir, ignore_errors=True)


def test_a_row_says_who_watched_what_how_long_why_and_under_which_rule(city: Committed) -> None:
    viewing = watch("cam01", "cam02", minutes=4)

    (row,) = report("miriam.adler").rows

    assert row.who == "Ana Mercer"
    assert row.cameras == ("Market St & S Broadway", "Chestnut St & N 8th St") or len(row.cameras) == 2
    assert row.seconds == 240
    assert (row.purpose, row.number) == ("emergency call", "26-118402")
    assert "order-live" in row.rules
    assert row.entry == viewing.entry
    viewing.refresh_from_db()
    assert row.end_entry == viewing.ended_entry


def test_an_access_is_one_row_however_its_entries_fall_on_pages(city: Committed) -> None:
    reader = reader_of(person("miriam.adler"))
    entries = [watch("cam01", minutes=n).entry for n in (1, 2, 3, 4)]

    found, before, pages = [], None, 0
    while pages == 0 or before:
        asked = Asked.of({"before": str(before)} if before else {})
        part = page(reader, asked, size=3)
        found += [row.entry for row in part.rows]
        before, pages = part.after, pages + 1

    assert pages > 2
    assert found == entries[::-1]


def test_filters_find_by_person_camera_number_owner_purpose_and_outcome(city: Committed) -> None:
    ana = watch("cam01").entry
    theo = watch("cam04", by="theo.lindqvist", number="26-118409").entry
    with pytest.raises(Denied):
        watch("cam09")

    def entries(**filters: str) -> list[Any]:
        return [row.entry for row in report("miriam.adler", **filters).rows]

    assert entries(who="Ana Mercer", outcome="permit") == [ana]
    assert entries(who=pseudonym(str(person("theo.lindqvist").id), NOON.year)) == [theo]
    assert entries(who="nobody at all") == []
    assert entries(camera="cam04") == [theo]
    assert entries(number="26-118409") == [theo]
    assert entries(number="no such number") == []
    assert len(entries(owner="arcade-merchants-demo")) == 1
    assert len(entries(outcome="deny")) == 1
    assert entries(purpose="investigation") == []
    assert len(entries()) == 3


def test_when_it_was_watched_and_what_time_was_watched_are_two_questions(city: Committed) -> None:
    watch("cam01", minutes=10)
    inside = f"{NOON + 5 * MINUTE:%Y-%m-%dT%H:%M:%SZ}"
    after = f"{NOON + 11 * MINUTE:%Y-%m-%dT%H:%M:%SZ}"

    assert len(report("miriam.adler", watched_from=inside, watched_to=inside).rows) == 1
    assert len(report("miriam.adler", watched_from=after).rows) == 0
    # Live pictures show the time at which they are watched.
    assert len(report("miriam.adler", shown_from=inside, shown_to=inside).rows) == 1
    assert len(report("miriam.adler", shown_from=after).rows) == 0


def test_a_drawn_place_finds_the_cameras_that_saw_it_then(city: Committed) -> None:
    watch("cam04")
    around = "-90.1925,38.6277;-90.1915,38.6277;-90.1915,38.6284;-90.1925,38.6284"
    elsewhere = "-90.30,38.60;-90.29,38.60;-90.29,38.61"

    assert len(report("miriam.adler", place=around).rows) == 1
    assert len(report("miriam.adler", place=elsewhere).rows) == 0
    year_ago = {"shown_to": f"{NOON - timedelta(days=365):%Y-%m-%dT%H:%MZ}"}
    assert len(report("miriam.adler", place=around, **year_ago).rows) == 0


def test_the_outside_reviewer_reads_the_same_rows_without_names(city: Committed) -> None:
    watch("cam01")
    ana = person("ana.mercer")

    page_text = signed_in("jonah.reyes").get("/oversight/report/").content.decode()
    entry_text = signed_in("jonah.reyes").get(f"/entries/{said()[0]['id']}/").content.decode()
    download = signed_in("jonah.reyes").get("/oversight/report/access-report.json")
    file_text = _body(download)

    for text in (page_text, entry_text, file_text):
        assert "Ana Mercer" not in text
        assert str(ana.id) not in text
        assert pseudonym(str(ana.id), NOON.year)[:8] in text


def test_the_id_of_a_person_acted_on_is_not_shown_under_pseudonyms(city: Committed) -> None:
    from django.db import transaction

    from audit.record import record
    from audit.vocabulary import Event

    ana = person("ana.mercer")
    with transaction.atomic():
        entry = record(Event.ACCOUNT_RELEASED, actor="system:test", object_kind="person", object_id=ana.id)

    full = signed_in("miriam.adler").get(f"/entries/{entry.id}/").content.decode()
    under_pseudonyms = signed_in("jonah.reyes").get(f"/entries/{entry.id}/").content.decode()

    assert str(ana.id) in full
    assert str(ana.id) not in under_pseudonyms


def test_a_partner_reads_its_own_cameras_and_nothing_of_others(city: Committed) -> None:
    watch("cam01", "cam11")
    watch("cam02", by="theo.lindqvist")
    entries = [one["id"] for one in said() if one["event"] == "view.permitted"]

    (row,) = report("marcus.hale").rows
    assert row.cameras == ("Chestnut St & N 6th St",)
    assert row.number == ""
    assert row.who.startswith("person ")
    assert report("lena.fontaine").rows == ()
    assert report("marcus.hale", owner="slmpd-demo").rows == ()

    marcus = signed_in("marcus.hale")
    text = marcus.get(f"/entries/{entries[0]}/").content.decode()
    assert "26-118402" not in text
    assert "Ana Mercer" not in text
    assert str(camera("cam01").id) not in text
    assert marcus.get(f"/entries/{entries[1]}/").status_code == 404
    assert marcus.get("/oversight/verify/").status_code == 403


def test_an_analyst_is_refused_the_report_with_an_entry(city: Committed) -> None:
    answer = signed_in("ana.mercer").get("/oversight/report/")

    assert answer.status_code == 403
    assert said()[-1]["event"] == "act.refused"


def test_reading_is_entered_once_a_question_and_a_file_is_a_question_of_its_own(city: Committed) -> None:
    watch("cam01")
    miriam = signed_in("miriam.adler")
    count = len(said())

    for _ in range(3):
        miriam.get("/oversight/report/", {"camera": "cam01"})
    assert [one["event"] for one in said()[count:]] == ["report.viewed"]
    assert said()[-1]["detail"] == {"question": {"camera": "cam01"}}
    miriam.get("/oversight/report/", {"camera": "cam02"})
    _body(miriam.get("/oversight/report/access-report.csv", {"camera": "cam01"}))
    assert [one["event"] for one in said()[count:]] == ["report.viewed"] * 3
    with clock.set_to(NOON + 16 * MINUTE):
        miriam.get("/oversight/report/", {"camera": "cam01"})
    assert [one["event"] for one in said()[count:]] == ["report.viewed"] * 4


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Django's test client reads an asynchronous body by hand, which it would rather not."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume")
        yield


def _body(answer: Any) -> str:
    assert isinstance(answer, StreamingHttpResponse)
    return b"".join(answer).decode()


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
def test_the_csv_holds_every_row_and_nothing_that_a_spreadsheet_runs(city: Committed) -> None:
    watch("cam01")
    watch("cam02", by="theo.lindqvist")

    text = _body(signed_in("miriam.adler").get("/oversight/report/access-report.csv"))
    rows = list(csv.DictReader(io.StringIO(text)))

    assert [row["who"] for row in rows[:-1]] == ["Theo Lindqvist", "Ana Mercer"]
    assert rows[-1]["entry"].startswith("Note: ")
    for bad in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"):
        assert cell(bad) == f"'{bad}"
    assert cell("Ana Mercer") == "Ana Mercer"


def test_the_json_is_one_document_with_its_method(city: Committed) -> None:
    watch("cam01")

    found = json.loads(_body(signed_in("miriam.adler").get("/oversight/report/access-report.json")))

    assert [row["who"] for row in found["rows"]] == ["Ana Mercer"]
    assert "The index was not compared with the whole log yet" in found["note"]


def test_rows_are_proved_against_the_signed_tree_and_a_changed_one_is_marked(machine: LogMachine) -> None:
    entry = watch("cam01").entry
    other = watch("cam02").entry
    assert {row.proof for row in report("miriam.adler").rows} == {Proof.WAITING}
    machine.sequence(witnessed=False)
    assert {row.proof for row in report("miriam.adler").rows} == {Proof.PROVED}

    machine.superuser(
        "UPDATE audit_disclosure SET value = '\"Eve\"' WHERE entry = %s AND field = 'actor_name'", [entry]
    )
    machine.superuser("UPDATE audit_touch SET purpose = 'training' WHERE entry = %s", [other])

    by_entry = {row.entry: row for row in report("miriam.adler").rows}
    assert by_entry[entry].faults == ("what it says of actor_name is not what the entry fixes",)
    assert by_entry[entry].who != "Eve"
    assert "the index for reports" in by_entry[other].faults[0]
    text = signed_in("miriam.adler").get("/oversight/report/").content.decode()
    assert "2 rows of this page do not fit the log" in text


def test_an_entrys_page_leads_step_by_step_to_the_signed_root(machine: LogMachine) -> None:
    entry = watch("cam01").entry
    machine.sequence(witnessed=False)

    answer = signed_in("miriam.adler").get(f"/entries/{entry}/")

    assert answer.context["steps"][-1].result == answer.context["root"]
    assert answer.context["sentence"] == "Ana Mercer opened 1 camera live on incident 26-118402."
    assert signed_in("jonah.reyes").get(f"/entries/{entry}/receipt/").status_code == 200


def test_a_page_takes_as_many_queries_for_thirty_rows_as_for_one(city: Committed) -> None:
    watch("cam01")
    reader = reader_of(person("miriam.adler"))
    with CaptureQueriesContext(connection) as one:
        assert len(page(reader, Asked.of({})).rows) == 1
    for _ in range(9):
        watch("cam01", "cam02")
    with CaptureQueriesContext(connection) as many:
        assert len(page(reader, Asked.of({})).rows) == 10

    assert len(many) <= len(one)


def test_a_question_that_cannot_be_read_says_so(city: Committed) -> None:
    miriam = signed_in("miriam.adler")
    for asked in (
        {"place": "here"},
        {"watched_from": "yesterday"},
        {"purpose": "curiosity"},
        {"watched_from": "2026-11-20T12:00", "watched_to": "2026-11-20T11:00"},
        {"before": "17"},
        {"place": "1,2;3,4"},
    ):
        assert miriam.get("/oversight/report/", asked).status_code == 400, asked


def test_demo_history_is_listed_apart(city: Committed) -> None:
    """Under a set clock every entry is seeded; the switch leaves them out or shows them alone."""
    watch("cam01")

    assert len(report("miriam.adler", history="demo").rows) == 1
    assert report("miriam.adler", history="real").rows == ()
    assert report("miriam.adler").rows[0].seeded
