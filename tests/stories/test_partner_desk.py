"""A partner's day: who looked, one press to pause, hours within the agreement, notices, the statement."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cameras.actions.change_agreement import change_agreement
from cameras.actions.pause_camera import pause_camera
from cameras.facts import camera_facts
from cameras.models import Agreement
from cameras.writing import read_terms
from evidence.actions.place_hold import place_hold
from policy.models import Obligation
from policy.permits import PermitEnded
from policy.resume import resume
from policy.vocabulary import Purpose
from rtcc import clock
from rtcc.live.actions.open_viewing import open_viewing
from rtcc.partners import notices
from rtcc.partners.models import Notice
from rtcc.partners.urls import urlpatterns
from tests.city import NIGHT, NOON, camera, city, events, incident, person, said
from tests.conftest import Committed
from tests.log_machine import LogMachine
from tests.stories.test_oversight_report import machine, signed_in, watch

__all__ = ["city", "machine"]

MINUTE = timedelta(minutes=1)


def text_of(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(body.decode())


def is_open(code: str, at: datetime) -> bool:
    with clock.set_to(at):
        return next(iter(camera_facts([camera(code).id], lock=False).values())).hours_open


def lend(client: Client, code: str, **times: str) -> Any:
    fields = {name.replace("_", "-")[1:]: text for name, text in times.items()}
    return client.post(f"/partner/hours/{code}/", fields)


def test_a_partners_day(machine: LogMachine) -> None:
    marcus = signed_in("marcus.hale")
    page = marcus.get("/partner/").content.decode()
    assert "Nobody has looked at your cameras this month." in page
    assert "Nobody is looking at it now." in page
    assert signed_in("marcus.hale").get("/")["Location"] == "/partner/"

    # Given that somebody watches, it stands on the desk while it lasts
    viewing, _ = open_viewing(
        by=person("ana.mercer"), basis=incident().basis_id, cameras=[camera("cam11").id],
        purpose=Purpose.EMERGENCY_CALL,
    )  # fmt: skip
    desk = marcus.get("/partner/")
    (shown,) = [each for each in desk.context["cameras"] if each.code == "cam11"]
    (watcher,) = shown.watchers
    assert (watcher.role, watcher.purpose, watcher.basis) == ("Analyst", "emergency call", "incident")
    assert watcher.who.startswith("person ")
    assert "Mercer" not in desk.content.decode()

    # When it is paused by one press, the permit ends at once, for both cameras by one press too
    assert marcus.post("/partner/pause/").status_code == 302
    with pytest.raises(PermitEnded):
        resume(viewing.permit_id, by=person("ana.mercer"))
    assert events().count("camera.paused") == 2
    assert [each.state for each in marcus.get("/partner/").context["cameras"]] == ["paused", "paused"]
    marcus.post("/partner/pause/")
    assert events().count("camera.paused") == 2, "what is paused already is no fault"
    assert marcus.post("/partner/pause/", {"camera": "cam11"}).status_code == 409
    marcus.post("/partner/resume/", {"camera": "cam11"})
    marcus.post("/partner/resume/")
    assert events().count("camera.resumed") == 2

    # Then the list has both, each with its receipt
    machine.sequence(witnessed=False)
    rows = marcus.get("/partner/accesses/").context["page"].rows
    assert [row.outcome for row in rows] == ["deny", "permit"]
    assert [row.proof for row in rows] == ["proved", "proved"]
    receipt = marcus.get(reverse("entry-receipt", args=[rows[1].entry]))
    assert receipt.content.decode().startswith("c2sp.org/tlog-proof@v1")
    assert not marcus.get("/partner/accesses/", {"outcome": "error"}).context["page"].rows
    assert marcus.get("/partner/accesses/", {"watched_from": "yesterday"}).status_code == 400
    today = {"watched_from": "2026-11-20", "watched_to": "2026-11-20"}
    assert len(marcus.get("/partner/accesses/", today).context["page"].rows) == 2


def test_an_owner_is_told_by_notices_and_marks_them_read(city: Committed) -> None:
    watch("cam01", "cam11")
    owed = Obligation.objects.filter(kind="notify_owner")
    assert notices.write_notices() == 1
    assert notices.write_notices() == 0, "once counts"

    lena, marcus = signed_in("lena.fontaine"), signed_in("marcus.hale")
    assert lena.get("/partner/").context["unread"] == 0
    lena.post("/partner/notices/read/")
    assert owed.get().discharged_at is None, "it is not about her cameras"
    assert marcus.get("/partner/").context["unread"] == 1
    assert marcus.post("/partner/notices/read/").status_code == 302
    assert owed.get().discharged_by == person("marcus.hale")
    assert said()[-1]["event"] == "notice.read"
    assert said()[-1]["count"] == 1
    assert marcus.get("/partner/").context["unread"] == 0
    notice = Notice.objects.get()
    assert (notice.read_by, notice.read_entry) == (person("marcus.hale"), said()[-1]["id"])


def test_of_two_owners_each_is_told_and_the_last_one_discharges(city: Committed) -> None:
    with clock.set_to(NIGHT):
        watch("cam09", "cam11")
        assert notices.write_notices() == 2
        signed_in("lena.fontaine").post("/partner/notices/read/")
        owed = Obligation.objects.get(kind="notify_owner")
        assert owed.discharged_at is None
        signed_in("marcus.hale").post("/partner/notices/read/")
        owed.refresh_from_db()
        assert owed.discharged_by == person("marcus.hale")


def test_where_the_agreement_asks_for_no_notice_there_is_none(city: Committed) -> None:
    row = Agreement.objects.get(code="riverbend-always")
    terms = read_terms(row, clock.now())
    quiet = type(terms)(**{**vars(terms), "notify_owner": False, "number_told": True})
    change_agreement(by=person("irene.castellan"), agreement=row.id, terms=quiet)
    watch("cam11")

    assert notices.write_notices() == 0
    marcus = signed_in("marcus.hale")
    (access,) = marcus.get("/partner/accesses/").context["page"].rows
    assert access.number == "26-118402", "the agreement tells the number"
    assert marcus.get("/partner/accesses/", {"number": "26-118402"}).status_code == 200


def test_hours_are_narrowed_at_once_given_again_and_never_widened(city: Committed) -> None:
    lena = signed_in("lena.fontaine")
    assert is_open("cam09", NIGHT)
    page = lena.get("/partner/hours/arcade-night/")
    assert page.context["picture"][0].says == "00:00 to 06:00 and 18:00 to 24:00"

    # Friday night it is: lent from 20:00 to 22:00 on Saturdays alone, it is closed from now on
    assert lend(lena, "arcade-night", _5_1_opens="20:00", _5_1_closes="22:00").status_code == 302
    assert events()[-1] == "hours.lent"
    assert not is_open("cam09", NIGHT)
    assert is_open("cam09", NIGHT + timedelta(hours=23))
    # The agreement itself stands as it was, so all of it can be lent again
    assert lena.post("/partner/hours/arcade-night/", {"whole": "1"}).status_code == 302
    assert is_open("cam09", NIGHT)

    beyond = lend(lena, "arcade-night", _4_1_opens="17:00", _4_1_closes="22:00")
    assert beyond.status_code == 403
    assert "clause 3" in beyond.content.decode()
    assert 'value="17:00"' in beyond.content.decode(), "nothing has to be typed again"
    assert events()[-1] == "act.refused"
    for wrong in (
        {"_0_1_opens": "18:00"},
        {"_0_1_opens": "26:00", "_0_1_closes": "27:00"},
        {"_0_1_opens": "18:00", "_0_1_closes": "20:00", "_0_2_opens": "19:00", "_0_2_closes": "21:00"},
        {},
    ):
        assert lend(lena, "arcade-night", **wrong).status_code == 400, wrong
    assert is_open("cam09", NIGHT)


def test_lent_hours_in_the_night_of_a_clock_change(city: Committed) -> None:
    """On 1 November 2026 the hour from 01:00 came twice in St. Louis; its first pass counts."""
    lena = signed_in("lena.fontaine")
    assert lend(lena, "arcade-night", _6_1_opens="01:00", _6_1_closes="01:30").status_code == 302

    first = datetime(2026, 11, 1, 6, 15, tzinfo=UTC)
    assert is_open("cam09", first)
    assert not is_open("cam09", first + 20 * MINUTE)
    assert not is_open("cam09", first + timedelta(hours=1)), "01:15 for the second time"


def test_what_the_agency_keeps_of_an_owners_footage_is_told_without_its_number(city: Committed) -> None:
    place_hold(
        by=person("grace.tamayo"), cameras=[camera("cam11").id, camera("cam09").id],
        starts_at=NOON - timedelta(hours=2), ends_at=NOON - timedelta(hours=1),
        authority="Subpoena 26-SL-00123", matter="Hale against Riverbend", reason="", basis=None,
    )  # fmt: skip
    page = signed_in("marcus.hale").get("/partner/copies/")
    (copy,) = page.context["copies"]
    assert (copy.what, copy.until) == ("hold", None)
    text = page.content.decode()
    assert "when two persons release it" in text
    assert "Subpoena" not in text
    assert camera("cam09").name not in text
    assert "Nothing is recorded of your cameras." in text


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "<b>bold</b> #strong[x]"])
def test_the_monthly_statement_as_page_csv_json_pdf_and_receipts(machine: LogMachine, name: str) -> None:
    from django.db import transaction

    from audit.record import record
    from audit.vocabulary import Event

    with transaction.atomic():
        record(Event.CAMERA_CHANGED, actor="system:seed")
        row = camera("cam11")
        row.name = name
        row.save(update_fields=["name"])
    watch("cam11", minutes=4)
    machine.sequence(witnessed=False)
    marcus = signed_in("marcus.hale")
    page = marcus.get("/partner/statement/")
    assert page.context["statement"].seconds == 240
    assert name not in page.content.decode() or not name.startswith("<")

    head, line = csv.reader(io.StringIO(text_of(marcus.get("/partner/statement/statement.csv"))))
    cells = dict(zip(head, line, strict=True))
    assert cells["camera"] == (f"'{name}" if name.startswith("=") else name)
    assert cells["began"] == "2026-11-20 12:00:00 CST"
    assert (cells["purpose"], cells["basis"], cells["outcome"]) == ("emergency call", "incident", "allowed")
    document = json.loads(text_of(marcus.get("/partner/statement/statement.json")))
    assert (document["month"], document["accesses"], document["seconds"]) == ("2026-11", 1, 240)
    assert marcus.get("/partner/statement/statement.pdf").content.startswith(b"%PDF-")
    archive = zipfile.ZipFile(io.BytesIO(marcus.get("/partner/statement/proofs.zip").content))
    proofs = [entry for entry in archive.namelist() if entry.endswith(".tlog-proof")]
    assert set(proofs) == {f"receipts/{cells[key]}.tlog-proof" for key in ("entry", "end entry")}
    assert str(machine.log.verifier) in archive.read("README.txt").decode()

    empty = marcus.get("/partner/statement/", {"month": "2026-10"})
    assert "Nobody has looked at your cameras this month." in empty.content.decode()
    for wrong in ("2026-13", "2027-01", "x", "9999-01"):
        assert marcus.get("/partner/statement/", {"month": wrong}).status_code == 400
        assert marcus.get("/partner/statement/statement.pdf", {"month": wrong}).status_code == 400


def test_a_partner_sees_nothing_of_another_partner_on_any_page(city: Committed) -> None:
    with clock.set_to(NIGHT):
        lenas = watch("cam09").entry
        notices.write_notices()
        pause_camera(by=person("lena.fontaine"), camera=camera("cam10").id, why="a secret of the arcade")
        marcus = signed_in("marcus.hale")
        secrets = [camera(code).name for code in ("cam09", "cam10")]
        secrets += ["arcade", "Arcade Merchants", str(lenas), "a secret of the arcade"]
        for each in urlpatterns:
            if "<" in str(each.pattern):
                continue
            answer = marcus.get(f"/partner/{each.pattern}")
            if answer.status_code == 405:
                continue
            assert answer.status_code == 200, each
            if not answer.streaming and each.name not in ("statement-pdf", "statement-zip"):
                text = answer.content.decode()
                assert [secret for secret in secrets if secret in text] == [], each
        for path in ("/cameras/", "/cameras/cam10/", "/api/v1/cameras/", "/wall/"):
            assert "a secret of the arcade" not in marcus.get(path).content.decode(), path
        for path in ("/partner/hours/arcade-night/",):
            assert marcus.get(path).status_code == marcus.post(path, {"whole": "1"}).status_code == 404
        for act in ("pause", "resume"):
            assert marcus.post(f"/partner/{act}/", {"camera": "cam09"}).status_code == 404
        assert marcus.get("/partner/accesses/", {"camera": "cam09"}).context["page"].rows == ()
        assert marcus.get(f"/entries/{lenas}/").status_code == 404
        marcus.post("/partner/pause/")
        assert camera("cam09").paused_at is None


def test_nobody_but_a_partner_has_such_a_desk(city: Committed) -> None:
    for username in ("ana.mercer", "miriam.adler", "nadia.brandt"):
        client = signed_in(username)
        assert client.get("/partner/").status_code == 404
        assert client.post("/partner/pause/").status_code == 404
        assert client.get("/partner/statement/statement.pdf").status_code == 404
