"""Cameras that are lent on request: the agency asks, the owner says yes or no, and takes a yes back."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from audit.record import record as enter
from audit.vocabulary import Event
from cameras.models import Agreement
from evidence.actions.open_playback import open_playback
from evidence.exports import deciding
from policy.denied import Denied, Hidden
from policy.models import Permit, Person
from policy.permits import PermitEnded
from policy.resume import resume, standing
from policy.vocabulary import BasisKind, Mode, Purpose, Recipient
from rtcc import clock
from rtcc.errors import BadInput, Conflict, Refused
from rtcc.live.actions.open_viewing import open_viewing
from rtcc.live.models import Viewing
from rtcc.partners.actions.answer_ask import say_yes, take_back
from rtcc.partners.actions.ask_to_watch import ask_to_watch
from rtcc.partners.actions.decline_ask import decline_ask
from rtcc.partners.models import Ask
from tests.city import NIGHT, NOON, camera, city, events, incident, person, said
from tests.conftest import Committed
from tests.exporting import OFFICER, request
from tests.stories.test_oversight_report import signed_in

__all__ = ["city"]

MINUTE = timedelta(minutes=1)
PURPOSE = Purpose.EMERGENCY_CALL


def look(*codes: str, number: str = "26-118402", purpose: Purpose = PURPOSE) -> tuple[Viewing, Any]:
    return open_viewing(
        by=person("ana.mercer"), basis=incident(number).basis_id, cameras=[camera(code).id for code in codes],
        purpose=purpose,
    )  # fmt: skip


def wish(code: str = "cam12", *, by: str = "ana.mercer", minutes: int = 60, **other: Any) -> Ask:
    asked: dict[str, Any] = {
        "by": person(by), "basis": incident().basis_id, "purpose": PURPOSE, "camera": camera(code).id,
        "starts_at": clock.now() - 5 * MINUTE, "ends_at": clock.now() + minutes * MINUTE,
        "note": "Two persons on foot",
    }  # fmt: skip
    return ask_to_watch(**(asked | other))


def test_a_refusal_leads_to_the_form_the_owner_says_yes_and_takes_it_back(city: Committed) -> None:
    ana, marcus = signed_in("ana.mercer"), signed_in("marcus.hale")
    basis, cam12 = incident().basis_id, camera("cam12")
    opened, _ = look("cam01")
    asked = {"grant": str(opened.permit.grant_id), "camera": str(cam12.id)}
    refused = ana.post("/live/open/", asked, headers={"accept": "application/json"})
    assert refused.status_code == 403
    assert refused.json()["rule"] == "agreement-on-request"
    way = refused.json()["way_url"]
    page = ana.get(way.partition("#")[0]).content.decode()
    assert re.search(rf'value="{cam12.id}"[^>]*checked', page), "the camera is chosen already"

    form = {
        "watch-cameras": str(cam12.id), "watch-purpose": "emergency_call", "watch-back": "0",
        "watch-minutes": "60", "watch-note": "Two persons on foot",
    }  # fmt: skip
    assert ana.post(f"/partner/asks/{basis}/watch/", form).status_code == 302
    twice = ana.post(f"/partner/asks/{basis}/watch/", form)
    assert twice.status_code == 400
    assert "asked for this camera already" in twice.content.decode()
    ask = Ask.objects.get()
    desk = marcus.get("/partner/").content.decode()
    assert "You are asked to let them watch" in desk
    assert "Two persons on foot" in desk
    assert "26-118402" not in desk, "the agreement does not tell the number"
    assert "Mercer" not in desk
    with pytest.raises(Denied, match="asked each time"):
        look("cam12")

    # Yes with one press: live, and recorded footage from where it was asked for
    assert marcus.post(f"/partner/asked/{ask.id}/yes/").status_code == 302
    viewing, _ = look("cam12")
    with pytest.raises(Denied, match="asked each time"):
        open_playback(
            by=person("ana.mercer"), basis=basis, cameras=[cam12.id], starts_at=NOON - 5 * MINUTE,
            ends_at=NOON, purpose=PURPOSE,
        )  # fmt: skip
    with clock.set_to(NOON + 2 * MINUTE):
        played, _ = open_playback(
            by=person("ana.mercer"), basis=basis, cameras=[cam12.id], starts_at=NOON, ends_at=NOON + MINUTE,
            purpose=PURPOSE,
        )  # fmt: skip
    # It is for that incident and that purpose alone
    with pytest.raises(Denied, match="asked each time"):
        look("cam12", number="26-118411")
    with pytest.raises(Denied, match="asked each time"):
        look("cam12", purpose=Purpose.CRIME_IN_PROGRESS)

    # Taken back, every permit under it ends at the next look, and other cameras stay
    assert marcus.post(f"/partner/asked/{ask.id}/take-back/").status_code == 302
    with pytest.raises(PermitEnded, match="asked each time"):
        resume(played.permit_id, by=person("ana.mercer"))
    with pytest.raises(PermitEnded, match="asked each time"):
        resume(viewing.permit_id, by=person("ana.mercer"))
    assert len(resume(opened.permit_id, by=person("ana.mercer")).covers) == 1
    assert marcus.post(f"/partner/asked/{ask.id}/take-back/").status_code == 409
    assert "took the yes back" in ana.get(way.partition("#")[0]).content.decode()

    own = [one for one in said() if one["event"].startswith("consent.")]
    assert [one["event"] for one in own] == ["consent.asked", "consent.given", "consent.taken_back"]
    assert {tuple(one["cameras"]) for one in own} == {(str(cam12.id),)}
    assert {one["owner"] for one in own} == {str(cam12.owner_id)}
    statement = marcus.get("/partner/statement/").content.decode()
    assert "let the agency watch" in statement
    assert "took the yes back" in statement


def test_a_yes_ends_by_itself_at_its_instant_and_never_later_than_asked(city: Committed) -> None:
    ask = wish(minutes=30)
    marcus = person("marcus.hale")
    with pytest.raises(BadInput):
        say_yes(by=marcus, ask=ask.id, until=NOON + 31 * MINUTE)
    say_yes(by=marcus, ask=ask.id, until=NOON + 10 * MINUTE)
    viewing, _ = look("cam12", "cam01")
    permit = Permit.objects.get(id=viewing.permit_id)
    assert permit.again_at == NOON + 10 * MINUTE
    with clock.set_to(NOON + 9 * MINUTE):
        assert standing([permit.id])[permit.id] is not None, "nothing has to be decided again yet"
        assert len(resume(permit.id, by=person("ana.mercer")).covers) == 2
    with clock.set_to(NOON + 10 * MINUTE):
        assert standing([permit.id])[permit.id] is None, "whoever looks next decides again"
        assert len(resume(permit.id, by=person("ana.mercer")).covers) == 1
        with pytest.raises(Denied, match="asked each time"):
            look("cam12")
        assert "You said yes" not in signed_in("marcus.hale").get("/partner/").content.decode()
        again = wish()
        with clock.set_to(NOON + 71 * MINUTE), pytest.raises(Conflict, match="is over"):
            say_yes(by=marcus, ask=again.id)


def test_agreed_hours_that_close_end_what_is_open(city: Committed) -> None:
    """The same clock ends a view when the owner's hours close: nobody acts, and no epoch rises."""
    saturday_six = NIGHT + timedelta(hours=8)
    with clock.set_to(saturday_six - 5 * MINUTE):
        viewing, _ = look("cam09", "cam01")
        assert Permit.objects.get(id=viewing.permit_id).again_at == saturday_six
    with clock.set_to(saturday_six):
        kept = resume(viewing.permit_id, by=person("ana.mercer"))
        assert [covered.ref.id for covered in kept.covers] == [camera("cam01").id]
        # Asked for beside another, it is left out, and its owner is told by which term.
        look("cam09", "cam01")
        owner = Person.objects.get(
            memberships__organisation=camera("cam09").owner_id, username="lena.fontaine"
        )
        accesses = signed_in(owner.username).get("/partner/accesses/").content.decode()
        assert accesses.count("lends it only in the agreed hours") == 2


def test_who_may_not_ask_or_answer_and_what_a_yes_would_not_open(city: Committed) -> None:
    ask = wish()
    for stranger in ("lena.fontaine", "ana.mercer", "ruth.okafor", "irene.castellan"):
        with pytest.raises((Denied, Hidden)):
            say_yes(by=person(stranger), ask=ask.id)
        with pytest.raises((Denied, Hidden)):
            take_back(by=person(stranger), ask=ask.id)
        assert signed_in(stranger).post(f"/partner/asked/{ask.id}/yes/").status_code == 404
    with pytest.raises(Conflict):
        decline_ask(by=person("marcus.hale"), ask=ask.id, why="not a file")
    for by in ("marcus.hale", "caleb.marsh", "nadia.brandt"):
        with pytest.raises((Denied, Hidden)):
            wish(by=by)
    for wrong in ("cam01", "cam11"):
        with pytest.raises(BadInput):
            wish(wrong)
    with pytest.raises(BadInput, match="purpose"):
        wish(purpose=Purpose.TRAFFIC_SAFETY)
    with pytest.raises(BadInput, match="to come"):
        wish(basis=incident("26-118411").basis_id, minutes=-1)

    marcus = signed_in("marcus.hale")
    answer = marcus.post(f"/partner/asked/{ask.id}/no/", {"why": "<b>Not today</b>"})
    assert answer.status_code == 302
    page = signed_in("ana.mercer").get(f"/partner/asks/{incident().basis_id}/").content.decode()
    assert "&lt;b&gt;Not today&lt;/b&gt;" in page
    assert marcus.post(f"/partner/asked/{ask.id}/yes/").status_code == 409
    assert marcus.get(f"/partner/asked/{ask.id}/").status_code == 200
    assert events().count("consent.given") == 0
    with pytest.raises(Denied, match="asked each time"):
        look("cam12")


@pytest.mark.parametrize(
    ("mode", "terms", "refused"),
    [
        (Mode.REGISTRY, {}, "a yes to watching is no yes to copies"),
        (Mode.ON_REQUEST, {}, "a yes to watching is no yes to copies"),
        (Mode.CONDITIONAL, {}, ""),
        (Mode.ALWAYS, {}, ""),
        (Mode.ALWAYS, {"purposes": [PURPOSE]}, "may not be used for this purpose"),
        (Mode.ALWAYS, {"ends_at": NOON - MINUTE}, "No agreement with this camera's owner is in force"),
    ],
)
def test_an_owners_terms_bind_copies_for_a_case_and_not_for_a_lawful_request(
    city: Committed, mode: Mode, terms: dict[str, Any], refused: str
) -> None:
    cam12 = camera("cam12")
    say_yes(by=person("marcus.hale"), ask=wish().id)
    with transaction.atomic():
        enter(Event.ACT_PERMITTED, actor="system:test")
        said_terms = {"mode": mode, "purposes": [Purpose.INVESTIGATION]} | terms
        Agreement.objects.filter(designations__camera=cam12).update(**said_terms)

    def check(kind: BasisKind, purpose: Purpose) -> None:
        footage = (NOON - 2 * MINUTE, NOON - MINUTE)
        by, basis = person(OFFICER), request(kind).id
        deciding.check(
            deciding.Asked(by, basis, purpose, Recipient.PROSECUTOR, footage, "Discovery"), [cam12.id]
        )

    check(BasisKind.REQUEST, Purpose.RECORDS_REQUEST)
    if not refused:
        check(BasisKind.CASE, Purpose.INVESTIGATION)
        return
    with pytest.raises(Refused, match=refused):
        check(BasisKind.CASE, Purpose.INVESTIGATION)
