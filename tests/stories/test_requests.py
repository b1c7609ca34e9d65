"""A records officer's day: from the public form to an answer that proves itself."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.cache import cache
from django.test import Client

from evidence.models import Disposition, Keep, Segment
from evidence.records import letters, tokens, withdrawal
from evidence.records.actions.confirm_hold import Narrower, confirm_hold, tell_unconfirmed
from evidence.records.models import Request
from evidence.records.vocabulary import Act, CloseReason, HoldState, RequestKind, State
from evidence.retention import destruction
from policy.guard import Denied
from policy.models import Obligation, Proposal
from rtcc import clock
from rtcc.config import config
from rtcc.errors import BadInput, Conflict
from tests.asking import (
    BEGINS,
    ENDS,
    NAME,
    ask,
    ask_publicly,
    client,
    corner,
    do,
    fresh,
    search,
    state,
    visitor,
    words,
)  # fmt: skip
from tests.city import NOON, camera, city, events, person, said
from tests.keeping import release
from tests.minutes import record_minutes
from tests.recording import vault

__all__ = ["city", "vault"]
pytestmark = pytest.mark.usefixtures("city", "vault")


def _press(page: str, act: Act, username: str = "grace.tamayo", **more: str) -> str:
    """Press the button of an act on a request's page, as it stands there; the page that follows."""
    grace = client(username)
    html = grace.get(page).content.decode()
    assert f'value="{act}"' in html, f"the page does not offer {act}"
    answer = grace.post(f"{page}step/", {"act": act, **more}, follow=True)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def test_from_the_public_form_to_an_answer_that_proves_itself() -> None:
    record_minutes(camera("cam07"), BEGINS, 5)
    assert destruction.run()  # Its ten minutes are over: it is gone before anybody asks.
    somebody = visitor()
    assert "Ask for footage" in somebody.get("/request/").content.decode()
    form = words()
    receipt = somebody.post("/request/", form).content.decode()
    row = Request.objects.for_list().get()
    assert row.hold is not None
    assert row.hold.kind == "provisional"
    assert {each.camera for each in row.hold.intervals.all()} == {each.camera for each in row.cameras.all()}
    assert camera("cam07").id in {each.camera for each in row.cameras.all()}
    assert row.number in receipt
    assert f"/request/receipt/#{form['code']}" in receipt
    assert NAME not in receipt
    assert form["code"] not in str(Request.objects.values().get())

    page = f"/requests/{row.basis_id}/"
    listed = client("grace.tamayo").get("/requests/").content.decode()
    assert row.number in listed
    for act in (Act.ACKNOWLEDGE, Act.ASSIGN, Act.SEARCH, Act.FIND_NOTHING):
        html = _press(page, act)
    assert "&lt;script&gt;alert(&#x27;Pat&#x27;)&lt;/script&gt;" in html
    assert NAME not in html
    html = _press(page, Act.CLOSE, reason="no_record")
    assert state(row) is State.CLOSED

    found = Disposition.objects.of_camera(camera("cam07").id).get()
    text = letters.letter(fresh(row), letters.LetterKind.NO_RECORD)
    line = next(each for each in text.lines if "Destroyed on time" in each.sentence)
    assert found.rule in line.sentence
    assert {proof.entry for proof in line.proofs} == {found.entry, found.proof_entry}
    assert client("grace.tamayo").get(f"{page}letters/no-record.pdf/").content.startswith(b"%PDF")
    typed = {"code": form["code"].lower().replace("-", " ")}
    entries = "/request/receipt/entries"
    assert somebody.post(f"{entries}/{UUID(int=9)}/", typed).status_code == 404
    assert somebody.post(f"{entries}/{found.entry}/", typed).status_code == 409  # No sequencer runs here.
    assert "there is no record" in somebody.post("/request/receipt/", typed).content.decode()
    own = [one for one in said() if one.get("basis") == str(row.basis_id)]
    assert own[0]["event"] == "request.opened"
    told = str(said())
    for secret in ("Pat", "pat@example.org", "192.0.2.1", "grey car"):
        assert secret not in told


def test_footage_asked_for_in_time_outlives_its_time_and_goes_to_review() -> None:
    record_minutes(camera("cam07"), BEGINS, 5)
    row = ask()
    destruction.run()
    assert Segment.objects.of_camera(camera("cam07").id).standing().count() == 5
    search(row)
    with pytest.raises(Conflict, match="There is footage"):
        do(row, Act.FIND_NOTHING)
    # From its page to its export in one step: what is there, when, to whom and under what is filled in.
    before = events().count("request.viewed")
    filled = client("grace.tamayo").get(f"/exports/new/?basis={row.basis_id}").content.decode()
    for value in (str(row.basis_id), str(camera("cam07").id), "public"):
        assert f'value="{value}" selected' in filled
    assert filled.count(" selected") == 3
    for name, at in (("starts_at", BEGINS), ("ends_at", ENDS)):
        local = at.astimezone(config.city_zone).strftime("%Y-%m-%dT%H:%M:%S")
        assert re.search(rf'name="{name}"[^>]+value="{local}"', filled)
    assert row.law in filled
    assert events().count("request.viewed") == before + 1, "filling in is reading"
    do(row, Act.SEND_TO_LEGAL)
    with pytest.raises(Denied):
        do(row, Act.ESTIMATE_FEE, staff_minutes=30)
    do(row, Act.ESTIMATE_FEE, by="owen.birch", staff_minutes=30)
    assert fresh(row).fee_cents == 1400
    do(row, Act.WAIVE_FEE, note="Public interest.")
    cost = " ".join(letters.letter(fresh(row), letters.LetterKind.FEE).paragraphs)
    assert "30 minutes of staff time. We estimate $14.00" in cost
    assert "was waived" in cost
    assert (
        client("grace.tamayo").get(f"/requests/{row.basis_id}/letters/fee.pdf/").content.startswith(b"%PDF")
    )
    do(row, Act.REVIEW)
    do(row, Act.APPROVE, by="owen.birch")
    # Nothing here redacts: the page says so, and what went out by other means is written down.
    page = client("grace.tamayo").get(f"/requests/{row.basis_id}/").content.decode()
    assert "Watchlight does not redact yet" in page
    with pytest.raises(BadInput):
        do(row, Act.RELEASE_PARTIAL)
    do(row, Act.RELEASE_PARTIAL, note="Three minutes on a disc, faces blurred, handed to Pat Doe.")
    do(row, Act.CLOSE, reason=CloseReason.ANSWERED_IN_PART)
    row = fresh(row)
    assert (row.state, row.fee_cents) == (State.CLOSED, 0)
    assert row.basis.closed_at is not None
    assert [step.entry for step in row.steps.all()] == [
        one["id"]
        for one in said()
        if one["event"] in ("request.opened", "request.worked") and one["outcome"] == "permit"
    ]


def test_waiting_stops_no_clock_and_a_delay_says_cause_date_and_time() -> None:
    row = ask()
    due = row.due_at
    do(row, Act.ACKNOWLEDGE)
    do(row, Act.ASK_BACK, note="Which side of the street?")
    with clock.set_to(NOON + timedelta(days=9)):
        assert fresh(row).due_at == due
        assert fresh(row).overdue_at(clock.now())
        assert list(Request.objects.for_list().overdue_at(clock.now())) == [row]
        assert "overdue" in client("grace.tamayo").get("/requests/").content.decode()
        with pytest.raises(BadInput, match="sentence"):
            do(row, Act.DELAY, until=NOON + timedelta(days=20))
        with pytest.raises(BadInput, match="earliest"):
            do(row, Act.DELAY, note="Many cameras.")
        do(row, Act.DELAY, note="Many cameras.", until=NOON + timedelta(days=20))
        assert not fresh(row).overdue_at(clock.now())
        assert fresh(row).due_at == due
        assert "Many cameras." in " ".join(letters.letter(fresh(row), letters.LetterKind.DELAY).paragraphs)


def test_the_day_of_an_answer_comes_from_the_rule_for_who_asks_and_so_does_its_denial() -> None:
    """The Sunshine Law sets the day of a public record; a prosecutor's paper is no such request."""
    public, paper = ask(), ask(kind=RequestKind.PROSECUTOR)
    assert "RSMo 610.023.3" in letters.citation(public.due_rule)
    assert "Sunshine" not in letters.citation(paper.due_rule)
    assert "section 14.9" in letters.citation(paper.due_rule)
    assert paper.basis.title == "Prosecutor"
    for row, law in ((public, "RSMo 610.023.4"), (paper, paper.law)):
        search(row)
        do(row, Act.SEND_TO_LEGAL)
        do(row, Act.DENY, by="owen.birch", note="An open investigation, RSMo 610.100.")
        told = letters.letter(fresh(row), letters.LetterKind.DENIAL)
        assert "because: An open investigation" in " ".join(told.paragraphs)
        assert law in told.citations[0]
        assert letters.LetterKind.DENIAL in letters.letters_of(fresh(row))


def test_a_hold_beyond_the_caps_stands_and_waits_for_a_supervisor() -> None:
    small = ask_publicly(ends_at=ENDS)
    assert small.confirm_by is None
    start = NOON - timedelta(hours=23)
    large = ask_publicly(address="192.0.2.2", contact="Pat@Example.org ", starts_at=start, ends_at=NOON)
    cameras = large.cameras.count()
    assert large.camera_seconds == cameras * 23 * 3600
    assert fresh(large).hold_state() is HoldState.WAITS
    assert ask(starts_at=start, ends_at=NOON).confirm_by is None  # Staff answer to the larger cap alone.
    huge = ask(place=corner(radius_m=1000), starts_at=NOON - timedelta(hours=40), ends_at=NOON)
    assert huge.camera_hours > 100
    assert huge.confirm_rule.startswith("provisional_hold_camera_hours@")
    with pytest.raises(Denied, match="supervisor"):
        confirm_hold(by=person("grace.tamayo"), request=huge.basis_id, note="It is all needed.")
    page = f"/requests/{huge.basis_id}/"
    ruth = client("ruth.okafor")
    assert "Confirm all of it" in ruth.get(page).content.decode()
    ruth.post(f"{page}confirm/", {"note": "It is all needed.", "how": "confirm"})
    assert fresh(huge).hold_state() is HoldState.CONFIRMED
    assert events().count("hold.confirmed") == 1
    with pytest.raises(Conflict):
        confirm_hold(by=person("daniel.voss"), request=huge.basis_id, note="Again.")
    narrower = Narrower(frozenset({camera("cam07").id}), BEGINS, ENDS)
    confirm_hold(by=person("ruth.okafor"), request=large.basis_id, note="That is enough.", narrower=narrower)
    large = fresh(large)
    assert large.narrowed_to is not None
    assert large.narrowed_to.intervals.get().starts_at == BEGINS
    assert large.hold is not None
    assert large.hold.released_at is None  # Two persons release it, as every hold.
    release(large.hold)
    # One that nobody confirms in time goes to oversight, and stands.
    other = ask(place=corner(radius_m=1000), starts_at=NOON - timedelta(hours=40), ends_at=NOON)
    assert tell_unconfirmed() == 0
    assert other.confirm_by is not None
    with clock.set_to(other.confirm_by + timedelta(minutes=1)):
        assert (tell_unconfirmed(), tell_unconfirmed()) == (1, 0)
        assert fresh(other).hold_state() is HoldState.UNCONFIRMED
        owed = Obligation.objects.open().filter(entry=fresh(other).unconfirmed_entry)
        assert owed.get().kind == "notify_oversight"
        waiting = client("miriam.adler").get("/requests/?which=holds").content.decode()
        assert "not confirmed in time" in waiting
    assert not Keep.objects.released().exclude(id=large.hold_id).exists()


def test_a_withdrawn_request_stops_what_is_made_under_it_and_two_persons_release_its_hold() -> None:
    stopped: list[UUID] = []
    withdrawal.register("test", lambda basis, why: stopped.append(basis))
    row = ask()
    do(row, Act.ACKNOWLEDGE)
    # While the request is open nobody lets its footage go, two persons neither, by page or by act.
    grace = client("grace.tamayo")
    own = grace.get(f"/retention/holds/{row.hold_id}/").content.decode()
    assert "is open and asks for this footage" in own
    assert "propose-release" not in own
    early = grace.post(f"/retention/holds/{row.hold_id}/propose-release/", {"why": "Done with it."})
    assert (early.status_code, Proposal.objects.exists()) == (409, False)
    assert row.hold is not None
    with pytest.raises(Conflict, match="is open and asks for this footage"):
        release(row.hold, by="grace.tamayo")
    do(row, Act.WITHDRAW, note="They need it no more.")
    assert stopped == [row.basis_id]
    row = fresh(row)
    assert row.basis.closed_at == clock.now()
    assert row.hold is not None
    assert row.hold.released_at is None
    release(row.hold, by="grace.tamayo")
    do(row, Act.CLOSE, reason=CloseReason.WITHDRAWN)
    assert "A hold was released" in client("grace.tamayo").get(f"/requests/{row.basis_id}/").content.decode()
    withdrawal._hooks.pop("test")


def test_whoever_asked_sees_how_it_stands_and_takes_it_back_with_the_code_alone() -> None:
    cache.clear()
    stopped: list[UUID] = []
    withdrawal.register("test", lambda basis, why: stopped.append(basis))
    somebody, form = visitor(), words()
    somebody.post("/request/", form)
    row, code = Request.objects.for_list().get(), {"code": form["code"]}

    def shown(path: str = "", **more: str) -> str:
        answer = somebody.post(f"/request/receipt/{path}", code | more)
        assert answer.status_code == 200
        page: str = answer.content.decode()
        return page

    assert "A records officer reads it" in shown()
    do(row, Act.ACKNOWLEDGE)
    do(row, Act.ASK_BACK, note="Which side of the street?")
    assert "wait for your answer" in shown()
    # Asked first: nothing has happened yet. Then done, once, however often it is pressed.
    assert "cannot be undone" in shown("withdraw/")
    assert state(row) is State.NEEDS_CLARIFICATION
    assert "The request was withdrawn" in shown("withdraw/", sure="yes")
    assert "The request was withdrawn" in shown("withdraw/", sure="yes")
    assert (state(row), stopped) == (State.WITHDRAWN, [row.basis_id])
    step = fresh(row).steps.filter(act=Act.WITHDRAW).get()
    assert step.by is None
    (entry,) = [one for one in said() if one["id"] == step.entry]
    assert (entry["event"], entry["actor"], entry.get("address")) == (
        "request.opened",
        "system:records",
        None,
    )
    # Its hold ends as every hold: two persons release it, and the receipt says so.
    row = fresh(row)
    assert row.hold is not None
    assert row.hold.released_at is None
    assert "when two persons have agreed" in shown()
    release(row.hold, by="grace.tamayo")
    assert "Two persons agreed on that" in shown()
    do(row, Act.CLOSE, reason=CloseReason.WITHDRAWN)
    assert "Withdrawn by the requester" in shown()
    withdrawal._hooks.pop("test")

    # A code that is none says nothing, and can be tried as often as the form can be sent.
    for _ in range(6):
        assert somebody.post("/request/receipt/", {"code": tokens.new_code()}).status_code == 404
    assert somebody.post("/request/receipt/", code).status_code == 429
    elsewhere = Client(HTTP_HOST="localhost", REMOTE_ADDR="192.0.2.99")
    assert row.number in elsewhere.post("/request/receipt/", code).content.decode()
    # The page of the link knows nothing, and an answered request is not taken back.
    assert row.number not in somebody.get("/request/receipt/").content.decode()
    other = words()
    visitor_b = Client(HTTP_HOST="localhost", REMOTE_ADDR="192.0.2.98")
    visitor_b.post("/request/", other)
    second = Request.objects.for_list().get(state=State.PRESERVED)
    search(second)
    do(second, Act.FIND_NOTHING)
    do(second, Act.CLOSE, reason=CloseReason.NO_RECORD)
    sure = {"code": other["code"], "sure": "yes"}
    assert visitor_b.post("/request/receipt/withdraw/", sure).status_code == 409
    assert state(second) is State.CLOSED


def test_who_may_read_and_who_may_not() -> None:
    row = ask()
    for username in ("grace.tamayo", "owen.birch", "ruth.okafor", "miriam.adler"):
        assert client(username).get(f"/requests/{row.basis_id}/").status_code == 200, username
        assert row.number in client(username).get("/requests/requests.csv").getvalue().decode()
    assert client("ana.mercer").get(f"/requests/{row.basis_id}/").status_code == 403
    assert client("lena.fontaine").get(f"/requests/{row.basis_id}/").status_code == 404
    assert client("jonah.reyes").get("/requests/").status_code == 403
