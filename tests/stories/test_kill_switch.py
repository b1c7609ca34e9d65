"""The kill switch and exigent access, by their pages."""

from __future__ import annotations

import pytest
from django.test import Client

from policy.actions.approve import approve
from policy.actions.lift_kill_switch import lift_kill_switch
from policy.actions.propose_lifting import propose_lifting
from policy.actions.throw_kill_switch import throw_kill_switch
from policy.denied import Denied
from policy.models import Grant, KillSwitch, Obligation, Proposal
from policy.permits import PermitEnded
from policy.resume import resume
from policy.vocabulary import Action
from rtcc.dispatch.exigent import PURPOSE
from rtcc.dispatch.models import Incident
from rtcc.errors import Conflict
from rtcc.live.models import Viewing
from tests.api import program, token_of
from tests.city import camera, city, events, incident, person, said
from tests.conftest import Committed

__all__ = ["city"]


def client(username: str) -> Client:
    found = Client(HTTP_HOST="localhost", REMOTE_ADDR="127.0.0.1", headers={"accept": "application/json"})
    found.force_login(person(username), backend="policy.accounts.backend.Backend")
    return found


def test_a_supervisor_throws_it_by_its_page_and_what_was_watched_ends(city: Committed) -> None:
    ana, ruth = client("ana.mercer"), client("ruth.okafor")
    assert ana.post(f"/incidents/{incident().basis_id}/watch/").status_code == 302

    assert b"Stop all watching now" in ruth.get("/kill-switch/").content
    assert ruth.post("/kill-switch/throw/", {"reason": "a warrant came in"}).status_code == 302

    with pytest.raises(PermitEnded):
        resume(Viewing.objects.get().permit_id, by=person("ana.mercer"))
    assert b"All watching is stopped: a warrant came in" in ana.get("/wall/").content
    thrown = next(one for one in said() if one["event"] == "killswitch.set")
    assert (thrown["reason"], thrown["detail"]["on"]) == ("a warrant came in", True)


def test_an_analyst_neither_sees_its_page_nor_throws_it(city: Committed) -> None:
    assert client("ana.mercer").get("/kill-switch/").status_code == 404
    with pytest.raises(Denied):
        throw_kill_switch(by=person("ana.mercer"), reason="because")


def test_it_is_thrown_once(city: Committed) -> None:
    throw_kill_switch(by=person("ruth.okafor"), reason="first")
    with pytest.raises(Conflict):
        throw_kill_switch(by=person("irene.castellan"), reason="second")
    assert KillSwitch.objects.count() == 1


def test_lifting_takes_a_second_person(city: Committed) -> None:
    ruth, irene = person("ruth.okafor"), person("irene.castellan")
    throw_kill_switch(by=ruth, reason="a warrant came in")
    proposal = propose_lifting(by=ruth, reason="the warrant was withdrawn")

    with pytest.raises(Denied):
        lift_kill_switch(by=ruth, proposal=proposal.id)
    with pytest.raises(Denied):
        approve(by=ruth, proposal=proposal.id)
    approve(by=irene, proposal=proposal.id)
    lift_kill_switch(by=ruth, proposal=proposal.id)

    with pytest.raises(Conflict):
        propose_lifting(by=ruth, reason="again")
    assert KillSwitch.objects.get().lifted_by == ruth
    assert client("ana.mercer").post(f"/incidents/{incident().basis_id}/watch/").status_code == 302


def test_two_persons_lift_it_by_its_page(city: Committed) -> None:
    ruth, irene = client("ruth.okafor"), client("irene.castellan")
    ruth.post("/kill-switch/throw/", {"reason": "a warrant came in"})
    ruth.post("/kill-switch/propose/", {"reason": "the warrant was withdrawn"})
    proposal = Proposal.objects.get()

    assert b"Approve" not in ruth.get("/kill-switch/").content
    assert b"Approve" in irene.get("/kill-switch/").content
    assert irene.post(f"/kill-switch/{proposal.id}/agree/").status_code == 302
    assert b"Lift it now" in ruth.get("/kill-switch/").content
    assert ruth.post(f"/kill-switch/{proposal.id}/lift/").status_code == 302
    assert b"Stop all watching now" in ruth.get("/kill-switch/").content


def test_exigent_access_from_the_wall_opens_at_once_and_says_what_is_owed(city: Committed) -> None:
    ana = client("ana.mercer")
    assert ana.get("/wall/").context["wall"]["urls"]["exigent"] == "/live/exigent/"

    answer = ana.post(
        "/live/exigent/",
        {
            "camera": camera("cam03").id,
            "offence_class": "weapons",
            "reason": "A man fires at people on the corner",
            "tile": 0,
        },
    )

    body = answer.json()
    assert answer.status_code == 200, body
    viewing, grant = Viewing.objects.get(id=body["viewing"]), Grant.objects.get(exigent=True)
    assert viewing.permit.grant_id == grant.id
    assert body["grant"]["basis"] == "number follows"
    assert body["grant"]["renewable"] is False
    assert body["due_url"] == "/due/"
    assert Obligation.objects.get(kind="justify").person == person("ana.mercer")
    made = Incident.objects.get(basis=grant.basis)
    assert (made.place, made.priority) == (camera("cam03").name, 1)
    assert events()[-2:] == ["incident.opened", "exigent.opened"]
    # A program of hers reads what she owes; one of somebody else does not.
    owed, others = (
        program(token_of(name, Action.VIEW_REGISTRY)[1]).get("/api/v1/obligations/?open=true").json()
        for name in ("ana.mercer", "ruth.okafor")
    )
    assert [(each["id"], each["overdue"]) for each in owed["results"]] == [
        (str(Obligation.objects.get(kind="justify").id), False)
    ]
    assert others["results"] == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"reason": "  "}, 400),
        ({"reason": "x" * 201}, 400),
        ({"camera": "x"}, 400),
        ({"camera": "00000000-0000-0000-0000-000000000007"}, 404),
        ({"offence_class": "curiosity"}, 400),
        ({"offence_class": "other"}, 403),
    ],
)
def test_exigent_access_needs_a_camera_an_offence_class_and_a_sentence(
    city: Committed, change: dict[str, str], status: int
) -> None:
    asked = {"camera": str(camera("cam03").id), "offence_class": "weapons", "reason": "Shots on the corner"}

    assert client("ana.mercer").post("/live/exigent/", asked | change).status_code == status
    assert not Viewing.objects.exists()


def test_who_may_not_watch_gets_no_exigent_access_and_opens_no_incident(city: Committed) -> None:
    asked = {"camera": str(camera("cam03").id), "offence_class": "weapons", "reason": "Shots on the corner"}
    before = Incident.objects.count()

    assert client("grace.tamayo").post("/live/exigent/", asked).status_code == 403
    assert Incident.objects.count() == before


def test_a_grant_is_said_to_be_renewable_while_policy_would_renew_it(city: Committed) -> None:
    ana = client("ana.mercer")
    ana.post(f"/incidents/{incident().basis_id}/watch/")

    assert [grant["renewable"] for grant in ana.get("/wall/").context["wall"]["grants"]] == [True]


def test_each_offence_class_has_its_purpose(city: Committed) -> None:
    assert len(PURPOSE) == 8
