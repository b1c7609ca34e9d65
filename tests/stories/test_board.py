"""The supervisor's day on the board: who watches, who waits for a yes, and what is owed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from audit.record import record
from audit.vocabulary import Event, Outcome
from evidence.actions.open_playback import open_playback
from evidence.actions.release_hold import release_hold
from evidence.models import Playback
from policy.actions.approve import approve
from policy.actions.end_grant import end_grant
from policy.actions.justify_exigent import justify_exigent
from policy.actions.propose import propose
from policy.actions.verify_basis import verify_basis
from policy.denied import Denied, Hidden
from policy.models import Basis, Grant, Membership, Obligation, Organisation, Person, Proposal
from policy.permits import PermitEnded
from policy.resume import resume
from policy.vocabulary import Action, BasisKind, Kind, Purpose, Ref, Verification
from rtcc import clock
from rtcc.board.actions.decline import decline
from rtcc.board.actions.stop_viewing import stop_viewing
from rtcc.board.models import Decline, Review
from rtcc.errors import BadInput, Conflict
from rtcc.live.actions.open_viewing import open_viewing
from rtcc.live.models import Viewing
from tests import cluster
from tests.city import NOON, camera, city, events, incident, person, said
from tests.keeping import BEGINS, hold, release, watch
from tests.recording import vault

__all__ = ["city", "vault"]
pytestmark = pytest.mark.usefixtures("city", "vault")


def client(username: str) -> Client:
    found = Client(HTTP_HOST="localhost", REMOTE_ADDR="127.0.0.1")
    found.force_login(person(username), backend="policy.accounts.backend.Backend")
    return found


def a_request() -> Basis:
    """A records request, as the records desk opens one: with an entry."""
    with transaction.atomic():
        record(Event.DATA_SEEDED, outcome=Outcome.PERMIT, actor="system:seed")
        return Basis.objects.create(
            agency=Organisation.objects.get(code="slmpd-demo"), kind=BasisKind.REQUEST, number="R-2026-17",
            title="Footage of a collision", opened_at=NOON - timedelta(days=1),
            verification=Verification.VERIFIED, verified_by="system:seed", verified_at=NOON,
        )  # fmt: skip


def asked_release(by: str = "owen.birch") -> Proposal:
    keep = hold("cam01")
    return propose(
        by=person(by), action=Action.RELEASE_HOLD, on=Ref(Kind.KEEP, keep.id),
        words={"why": "It has ended.", "cameras": [str(camera("cam01").id)], "until": NOON.isoformat()},
        reason="The matter has ended.",
    )  # fmt: skip


def exigent(username: str, code: str) -> Any:
    asked = {
        "camera": str(camera(code).id), "tile": "0", "offence_class": "weapons",
        "sentence": "Shots heard at the corner", "reason": "Shots heard at the corner",
    }  # fmt: skip
    return client(username).post("/live/exigent/", asked, headers={"accept": "application/json"})


def test_a_supervisor_sees_exigent_access_first_stops_it_and_is_one_entry_for_all_refreshes() -> None:
    watch("cam01")
    with clock.set_to(NOON + timedelta(minutes=1)):
        assert exigent("theo.lindqvist", "cam03").status_code == 200
    ruth = client("ruth.okafor")
    with clock.set_to(NOON + timedelta(minutes=3)):
        page = ruth.get("/board/").content.decode()
        for _ in range(3):
            part = ruth.get("/board/", headers={"HX-Request": "true"}).content.decode()
        assert page.index("Theo Lindqvist") < page.index("Ana Mercer")
        assert "Shots heard at the corner" in part
        assert "2 min" in part, "how long it has gone on"
        assert "6 d 23 h left" in part, "the justification is owed"
        assert "<html" not in part

        viewing = Viewing.objects.get(person=person("theo.lindqvist"))
        answer = ruth.post(f"/board/viewings/{viewing.permit_id}/stop/")
        assert answer["Location"] == "/board/"
        with pytest.raises(PermitEnded, match="stopped from the supervisor's board"):
            resume(viewing.permit_id, by=person("theo.lindqvist"))
    assert Grant.objects.get(person=person("theo.lindqvist")).ended_at is not None
    assert [one["event"] for one in said() if one.get("actor_name") == "Ruth Okafor"] == [
        "session.started", "report.viewed", "grant.ended",
    ]  # fmt: skip


def test_the_justification_of_exigent_access_is_reviewed_once_by_somebody_else_of_their_rank() -> None:
    for username, code in (("ana.mercer", "cam01"), ("ruth.okafor", "cam02")):
        assert exigent(username, code).status_code == 200
    words = "The caller heard shots at this corner and could see two persons running."
    owed = {row.person.username: row for row in Obligation.objects.filter(kind="justify")}
    ruth, theo = client("ruth.okafor"), client("theo.lindqvist")
    address = f"/board/justifications/{owed['ana.mercer'].id}/review/"
    no = {"accepted": "no", "says": "The number could have been asked for first"}
    early = ruth.post(address, no)
    assert early.status_code == 409, "nothing is written yet"
    for username, row in owed.items():
        justify_exigent(by=person(username), obligation=row.id, answer=words)

    board = ruth.get("/board/").content.decode()
    assert board.count(words) == 2
    assert board.count("Do not accept") == 1, "one's own is read, and reviewed by another"
    own = f"/board/justifications/{owed['ruth.okafor'].id}/review/"
    assert ruth.post(own, no).status_code == 403
    assert said()[-1]["rules"] == ["invariant-no-self-approval"]
    for outsider in ("ana.mercer", "miriam.adler", "lena.fontaine"):
        assert client(outsider).post(own, no).status_code in (403, 404)
    assert ruth.post(address, {"accepted": "maybe", "says": "so"}).status_code == 400
    assert ruth.post(address, {"accepted": "no", "says": " "}).status_code == 400
    assert ruth.post(address, no)["Location"] == "/board/"
    assert ruth.post(address, no).status_code == 409
    assert "waits for a supervisor" not in client("ana.mercer").get("/due/").content.decode()
    assert "not accepted" in client("ana.mercer").get("/due/").content.decode()

    # A supervisor of lower rank reads it, and somebody of at least the same rank reviews it
    with transaction.atomic():
        record(Event.MEMBERSHIP_CHANGED, outcome=Outcome.PERMIT, actor="system:seed")
        Membership.objects.filter(person=person("theo.lindqvist")).update(role="supervisor", rank=1)
    assert theo.post(own, no).status_code == 403
    assert said()[-1]["rules"] == ["order-review-not-subordinate"]

    entry = next(one for one in said() if one["event"] == "exigent.reviewed")
    review = Review.objects.get()
    assert (review.entry, review.accepted, entry["reason"]) == (entry["id"], False, no["says"])
    report = client("miriam.adler").get("/oversight/report/", {"what": "acts"}).content.decode()
    assert str(review.entry) in report
    page = client("miriam.adler").get(f"/entries/{review.entry}/").content.decode()
    assert "and did not accept it" in page


def test_a_playback_under_a_request_has_no_grant_and_is_stopped_all_the_same() -> None:
    playback, _ = open_playback(
        by=person("grace.tamayo"), basis=a_request().id, cameras=[camera("cam01").id], starts_at=BEGINS,
        ends_at=NOON, purpose=Purpose.RECORDS_REQUEST,
    )  # fmt: skip
    assert Playback.objects.get().permit.grant_id is None
    assert "R-2026-17" in client("ruth.okafor").get("/board/").content.decode()
    for somebody in ("theo.lindqvist", "lena.fontaine"):
        with pytest.raises((Denied, Hidden)):
            stop_viewing(by=person(somebody), permit=playback.permit_id, why="because")
    with pytest.raises(BadInput):
        stop_viewing(by=person("ruth.okafor"), permit=playback.permit_id, why=" ")

    stop_viewing(by=person("ruth.okafor"), permit=playback.permit_id, why="Not the camera that was asked for")
    with pytest.raises(PermitEnded, match="Not the camera"):
        resume(playback.permit_id, by=person("grace.tamayo"))


def test_the_frozen_words_are_read_in_plain_language_and_approved_with_one_tap() -> None:
    proposal = asked_release()
    ruth = client("ruth.okafor")
    board = ruth.get("/board/").content.decode()
    whole = ruth.get(f"/board/proposals/{proposal.id}/").content.decode()
    for page in (board, whole):
        assert "Owen Birch asks to release a hold" in page
        assert "2611-CC00042" in page, "the hold by its matter"
        assert camera("cam01").name.replace("&", "&amp;") in page, "cameras by their names"
        assert "2026-11-20 12:00:00 CST" in page, "instants on the room's clock"
        assert str(camera("cam01").id) not in page
    assert proposal.payload_sha256 in whole

    ruth.post(f"/board/proposals/{proposal.id}/approve/", {"back": "https://elsewhere.example/"})
    assert "approved by Ruth Okafor" in client("owen.birch").get("/board/approvals/").content.decode()
    assert events()[-2:] == ["approval.given", "session.started"]


def test_a_no_ends_a_proposal_with_an_entry_and_its_proposer_is_told_why() -> None:
    proposal = asked_release()
    owen, ruth = client("owen.birch"), client("ruth.okafor")
    with clock.set_to(NOON + timedelta(minutes=1)):
        assert ruth.post(f"/board/proposals/{proposal.id}/decline/", {"why": " "}).status_code == 400
        ruth.post(
            f"/board/proposals/{proposal.id}/decline/", {"why": "The appeal is not over.", "back": "/board/"}
        )
        page = owen.get(f"/board/proposals/{proposal.id}/").content.decode()
        assert "declined by Ruth Okafor" in page
        assert "The appeal is not over." in page
        for again in ("approve", "decline"):
            answer = client("miriam.adler").post(f"/board/proposals/{proposal.id}/{again}/", {"why": "late"})
            assert answer.status_code == 409, again
        with pytest.raises(Denied):
            release_hold(by=person("owen.birch"), proposal=proposal.id)
    entry = next(one for one in said() if one["event"] == "proposal.declined")
    assert (entry["reason"], entry["detail"]["proposal"]) == ("The appeal is not over.", str(proposal.id))
    assert Decline.objects.get().entry == entry["id"]


def test_who_asked_takes_it_back_and_who_may_not_approve_sees_and_declines_nothing() -> None:
    proposal = asked_release()
    assert "Take back" in client("owen.birch").get("/board/approvals/").content.decode()
    for outsider in ("ana.mercer", "lena.fontaine", "caleb.marsh"):
        assert client(outsider).get("/board/approvals/").status_code == 404
        assert client(outsider).get(f"/board/proposals/{proposal.id}/").status_code == 404
        assert client(outsider).get("/board/").status_code == 403
        with pytest.raises((Denied, Hidden)):
            decline(by=person(outsider), proposal=proposal.id, why="no")
    with clock.set_to(NOON + timedelta(minutes=1)):
        decline(by=person("owen.birch"), proposal=proposal.id, why="Too early")
        with pytest.raises(Conflict):
            decline(by=person("owen.birch"), proposal=proposal.id, why="again")
    assert release(hold("cam02")).released_at is not None


def test_a_sergeant_does_not_approve_what_a_captain_asks_for_and_the_legal_reviewer_does() -> None:
    captain, sergeant, legal = person("daniel.voss"), person("ruth.okafor"), person("owen.birch")
    basis, purpose, cam = incident().basis_id, Purpose.EMERGENCY_CALL, camera("cam01").id
    open_viewing(by=captain, basis=basis, cameras=[cam], purpose=purpose)
    asked = propose(
        by=captain, action=Action.LIFT_MASK, on=Ref(Kind.CAMERA, cam), words={}, basis=basis,
        purpose=purpose, reason="The mask hides the door.",
    )  # fmt: skip
    with pytest.raises(Denied) as refused:
        approve(by=sergeant, proposal=asked.id)
    assert refused.value.rule == "floor-no-subordinate-approval"
    assert "Lift" not in client("ruth.okafor").get("/board/approvals/").content.decode()
    assert approve(by=legal, proposal=asked.id).person == legal

    equal = Membership.objects.get(person=sergeant)
    with transaction.atomic():
        record(Event.DATA_SEEDED, outcome=Outcome.PERMIT, actor="system:seed")
        equal.rank = 3
        equal.save(update_fields=["rank"])
    assert approve(by=sergeant, proposal=asked.id).person == sergeant


def test_another_agency_decides_nothing_of_this_one_and_sees_nothing_that_waits() -> None:
    asked, viewing = asked_release(), watch("cam02")
    keep = Ref(Kind.KEEP, UUID(asked.payload["on"]["id"]))
    with transaction.atomic():
        record(Event.DATA_SEEDED, outcome=Outcome.PERMIT, actor="system:seed")
        county = Organisation.objects.create(code="county", name="County", kind="agency")
        for role in ("supervisor", "records_officer"):
            somebody = Person.objects.create_user(f"county.{role}", display_name=role, password="x" * 20)
            Person.objects.filter(id=somebody.id).update(created_at=NOON - timedelta(days=30))
            Membership.objects.create(
                person=somebody, organisation=county, role=role, rank=3, starts_at=NOON - timedelta(days=30)
            )
    supervisor, officer = person("county.supervisor"), person("county.records_officer")

    acts: list[Callable[[], object]] = [
        lambda: approve(by=supervisor, proposal=asked.id),
        lambda: decline(by=supervisor, proposal=asked.id, why="because"),
        lambda: end_grant(by=supervisor, grant=Grant.objects.get(person=viewing.person).id, why="because"),
        lambda: verify_basis(by=supervisor, basis=incident().basis_id, number="26-1", stands=True),
        lambda: propose(by=officer, action=Action.RELEASE_HOLD, on=keep, words={}, reason="It is over."),
    ]
    for act in acts:
        with pytest.raises((Denied, Hidden)):
            act()
    page = client("county.supervisor").get("/board/approvals/").content.decode()
    assert "The matter has ended." not in page


@pytest.mark.parametrize("column", ["payload", "payload_sha256", "proposed_by_id", "action"])
def test_what_was_proposed_cannot_be_changed_by_the_application_at_all(column: str) -> None:
    asked = asked_release()
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Proposal.objects.filter(id=asked.id).update(**{column: getattr(asked, column)})


def test_words_that_a_superuser_changed_are_never_carried_out() -> None:
    asked = asked_release()
    with cluster.CLUSTER.connect(database=connection.settings_dict["NAME"]) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(
            "UPDATE policy_proposal SET payload = jsonb_set(payload, '{words,why}', '\"another\"')"
        )
    with pytest.raises(Conflict, match="its words were changed"):
        approve(by=person("ruth.okafor"), proposal=asked.id)


def test_a_records_officer_is_offered_the_footage_of_a_request_and_an_analyst_is_not() -> None:
    basis = a_request()
    grace, ana = client("grace.tamayo"), client("ana.mercer")
    asked = {
        "basis": str(basis.id), "camera": [str(camera("cam01").id), str(camera("cam02").id)],
        "from": BEGINS.isoformat(), "to": NOON.isoformat(),
    }  # fmt: skip
    page = grace.get(f"/playback/?basis={basis.id}&camera={camera('cam01').id}").content.decode()
    assert "R-2026-17 Footage of a collision" in page
    assert f'<option value="{camera("cam01").id}" selected>' in page
    assert "For a request" not in ana.get("/playback/").content.decode()
    assert ana.post("/playback/open/", asked).status_code == 404

    opened = grace.post("/playback/open/", asked)
    playback = Playback.objects.get()
    assert opened["Location"] == f"/playback/{playback.id}/"
    assert "R-2026-17" in grace.get(opened["Location"]).content.decode()
    assert (playback.permit.purpose, len(playback.permit.covers)) == ("records_request", 2)
