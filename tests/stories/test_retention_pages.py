"""The pages of keeping and destroying, as people use them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from evidence.models import Disposition, Keep
from evidence.retention import destruction
from policy.models import Proposal
from rtcc.retention.forms import HoldForm
from tests.city import NOON, camera, city, events, person
from tests.keeping import BEGINS, SHORT, hold, watch
from tests.minutes import record_minutes
from tests.recording import vault

__all__ = ["city", "vault"]
pytestmark = pytest.mark.usefixtures("city", "vault")


def client(username: str) -> Client:
    found = Client(HTTP_HOST="localhost", REMOTE_ADDR="127.0.0.1")
    found.force_login(person(username), backend="policy.accounts.backend.Backend")
    return found


def words(**change: object) -> dict[str, object]:
    return {
        "cameras": [str(camera(SHORT).id)],
        "starts_at": "2026-11-20T11:30",
        "ends_at": "2026-11-20T12:00",
        "authority": "Circuit Court, order of 2026-11-19",
        "matter": "2611-CC00042",
        **change,
    }


def test_what_is_due_is_shown_with_its_reason_and_what_keeps_it() -> None:
    record_minutes(camera(SHORT), BEGINS, 2)
    hold(starts_at=BEGINS, ends_at=BEGINS + timedelta(minutes=1))
    page = client("grace.tamayo").get("/retention/due/").content.decode()

    assert "kept 10 minutes" in page
    assert "Demonstration order 1.2, section 12.3" in page
    assert "2611-CC00042" in page


def test_a_hold_of_another_agency_is_counted_and_not_named() -> None:
    record_minutes(camera(SHORT), BEGINS, 1)
    keep = hold()
    partner = client("lena.fontaine")
    page = partner.get("/retention/due/").content.decode()

    assert "2611-CC00042" not in page
    assert "1 by another agency" in page
    assert partner.get(f"/retention/holds/{keep.id}/").status_code == 404
    assert "2611-CC00042" in client("miriam.adler").get("/retention/holds/").content.decode()


def test_a_hold_is_placed_by_form_and_released_by_two_persons() -> None:
    owen, ruth = client("owen.birch"), client("ruth.okafor")
    placed = owen.post("/retention/holds/new/", words())
    keep = Keep.objects.get()
    assert placed["Location"] == f"/retention/holds/{keep.id}/"
    assert keep.intervals.get().starts_at == datetime(2026, 11, 20, 17, 30, tzinfo=UTC)

    page = f"/retention/holds/{keep.id}/"
    owen.post(f"{page}propose-release/", {"why": "The matter has ended."})
    proposal = Proposal.objects.get()
    assert "Approve the release" not in owen.get(page).content.decode()
    assert "Approve the release" in ruth.get(page).content.decode()
    assert "It waits for you" in ruth.get("/retention/holds/").content.decode()
    assert owen.post(f"/retention/proposals/{proposal.id}/release/").status_code == 403
    ruth.post(f"/retention/proposals/{proposal.id}/approve/")
    assert "Release now" in owen.get(page).content.decode()
    owen.post(f"/retention/proposals/{proposal.id}/release/")

    keep.refresh_from_db()
    assert keep.released_by == person("owen.birch")
    assert "and a second person" in owen.get(page).content.decode()


def test_what_was_typed_wrongly_is_said_at_its_field() -> None:
    owen = client("owen.birch")
    answer = owen.post("/retention/holds/new/", words(ends_at="2026-11-20T11:00", review_on="2028-01-01"))
    assert "The end lies before the beginning." in answer.content.decode()
    answer = owen.post("/retention/holds/new/", words(review_on="2028-01-01"))
    assert "A hold is reviewed before" in answer.content.decode()
    assert not Keep.objects.exists()


@pytest.mark.parametrize(
    ("which", "instant"),
    [
        ("0", datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
        ("1", datetime(2026, 11, 1, 7, 30, tzinfo=UTC)),
    ],
)
def test_an_hour_that_came_twice_is_asked_about(which: str, instant: datetime) -> None:
    asked = HoldForm(words(starts_at="2026-11-01T01:30"))
    assert not asked.is_valid()
    assert "starts_at_which" in {field.name for field in asked.shown}

    answered = HoldForm(words(starts_at="2026-11-01T01:30", starts_at_which=which))
    assert answered.is_valid()
    assert answered.cleaned_data["starts_at"] == instant


def test_a_time_that_never_was_is_refused() -> None:
    form = HoldForm(words(starts_at="2026-03-08T02:30"))
    assert not form.is_valid()
    assert "it never was" in str(form.errors["starts_at"])


def test_the_record_of_a_destruction_is_a_page_and_json() -> None:
    record_minutes(camera(SHORT), BEGINS, 2)
    destruction.run()
    row = Disposition.objects.get()
    reader = client("caleb.marsh")

    page = reader.get(f"/retention/dispositions/{row.id}/").content.decode()
    record = json.loads(reader.get(f"/retention/dispositions/{row.id}/record.json").content)

    assert "What is proved, and what is not" in page
    assert record["id"] == str(row.id)
    assert record["times"]["bytes"] == NOON.isoformat()
    assert record["entries"]["decided"]["id"] == str(row.entry)
    assert str(row.id) in reader.get("/retention/dispositions/").content.decode()


def test_the_key_b_marks_thirty_seconds_from_the_wall() -> None:
    viewing = watch("cam01")
    ana = client("ana.mercer")
    asked = {"viewing": str(viewing.id), "camera": str(camera("cam01").id)}

    answer = ana.post("/live/bookmark/", asked).json()

    assert answer["sentence"].startswith("The last 30 s are marked to 26-118402, kept until 2027-05-19")
    assert answer["entry_id"] == str(Keep.objects.get().entry)
    assert events()[-1] == "bookmark.placed"
    assert '"bookmark": "/live/bookmark/"' in ana.get("/wall/").content.decode()
    assert "26-118402" in ana.get("/retention/holds/?which=marks").content.decode()


def test_looking_at_many_pages_is_one_act() -> None:
    reader = client("grace.tamayo")
    for address in ("due/", "due/?within=hour", "holds/", "dispositions/"):
        reader.get(f"/retention/{address}")

    assert [event for event in events() if event != "session.started"] == ["act.permitted"]
