"""People and roles: the first two by one-time links, everybody else by two persons; locked accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.test import Client

from audit.keyfiles import make_log_keys
from audit.record import record
from audit.vocabulary import Event
from policy.accounts import invitations
from policy.accounts.invitations import LinkOver, invite_first
from policy.actions.change_membership import end_membership
from policy.denied import Denied
from policy.models import Invitation, Membership, Organisation, Person, Proposal, Session
from policy.permits import PermitEnded
from policy.resume import resume
from policy.vocabulary import Role
from rtcc import clock
from rtcc.config import config
from rtcc.errors import Conflict
from rtcc.live.models import Viewing
from rtcc.onebox.founding import found
from tests.city import NOON, city, events, incident, person, said
from tests.conftest import Committed

__all__ = ["city"]

PASSWORD = "a quiet street at noon"


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", 1000)
    cache.clear()


@pytest.fixture
def empty(committed: Committed) -> Iterator[Committed]:
    """A system that is no demonstration and has no people yet."""
    make_log_keys()
    object.__setattr__(config, "demo", False)
    try:
        found()
        # The starter version is in force a second after it was published.
        object.__setattr__(config, "demo", True)
        with clock.set_to(clock.now() + timedelta(seconds=2)):
            object.__setattr__(config, "demo", False)
            yield committed
    finally:
        object.__setattr__(config, "demo", True)


def browser() -> Client:
    return Client(HTTP_HOST="localhost", REMOTE_ADDR="127.0.0.1")


def as_(username: str) -> Client:
    client = browser()
    client.force_login(person(username), backend="policy.accounts.backend.Backend")
    return client


def open_first(token: str, username: str, **more: str) -> Client:
    client = browser()
    fields = {"name": username.title(), "username": username, "password": PASSWORD, "again": PASSWORD, **more}
    answer = client.post(f"/welcome/{token}/", fields)
    assert answer.status_code == 302, answer.content.decode()
    return client


def test_a_new_system_has_a_policy_and_nobody(empty: Committed) -> None:
    assert not Person.objects.exists()
    assert not found()
    assert browser().get("/cameras/")["Location"].startswith("/sign-in/")


def test_the_first_link_makes_the_operator_and_leads_to_the_authenticator(empty: Committed) -> None:
    client = open_first(invite_first(Role.OPERATOR), "olga", department="City Police")

    membership = Membership.objects.get()
    assert (membership.role, membership.organisation.name) == (Role.OPERATOR, "City Police")
    assert client.get("/people/")["Location"] == "/account/authenticator/"
    assert events() == ["policy.published", "account.invited", "account.opened", "session.started"]
    assert Person.objects.get().check_password(PASSWORD)


def test_a_link_works_once_and_for_an_hour(empty: Committed) -> None:
    token = invite_first(Role.OPERATOR)
    open_first(token, "olga", department="City Police")
    again = browser().post(f"/welcome/{token}/", {"name": "Eve"})
    assert again.status_code == 410

    late = invite_first(Role.SUPERVISOR)
    object.__setattr__(config, "demo", True)
    with clock.set_to(clock.now() + timedelta(minutes=61)):
        with pytest.raises(LinkOver):
            invitations.find(late)
    object.__setattr__(config, "demo", False)


def test_a_new_first_link_replaces_the_one_before(empty: Committed) -> None:
    token = invite_first(Role.OPERATOR)
    invite_first(Role.OPERATOR)

    assert browser().get(f"/welcome/{token}/").status_code == 410


def test_the_database_holds_no_token(empty: Committed) -> None:
    token = invite_first(Role.OPERATOR)
    row = Invitation.objects.get()
    assert token not in {str(value) for value in vars(row).values()}


def test_the_console_makes_two_people_and_no_third(empty: Committed) -> None:
    open_first(invite_first(Role.OPERATOR), "olga", department="City Police")
    open_first(invite_first(Role.SUPERVISOR), "sam")

    assert Organisation.objects.count() == 1
    with pytest.raises(Conflict):
        invite_first(Role.SUPERVISOR)
    with pytest.raises(CommandError):
        call_command("first_link")


def test_the_demonstration_makes_no_first_link(city: Committed) -> None:
    with pytest.raises(CommandError):
        call_command("first_link")


@pytest.mark.parametrize(
    "password, again", [("short", "short"), (PASSWORD, "another"), ("password123456", "password123456")]
)
def test_a_weak_or_mistyped_password_opens_nothing(empty: Committed, password: str, again: str) -> None:
    token = invite_first(Role.OPERATOR)
    fields = {"department": "X", "name": "Olga", "username": "olga", "password": password, "again": again}
    assert browser().post(f"/welcome/{token}/", fields).status_code == 200
    assert not Person.objects.exists()
    invitations.find(token)


def invite(client: Client, username: str = "new.person", **more: str) -> Proposal:
    fields = {
        "name": "New Person",
        "username": username,
        "organisation": "slmpd-demo",
        "role": "analyst",
        "rank": "0",
        "reason": "joins the room on Monday",
        "certified_until": "2027-01-31",
        **more,
    }
    answer = client.post("/people/invite/", fields)
    assert answer.status_code == 302, answer.content.decode()
    return Proposal.objects.latest("proposed_at")


def test_two_persons_invite_somebody_who_then_opens_the_account(city: Committed) -> None:
    nadia, ruth = as_("nadia.brandt"), as_("ruth.okafor")
    proposal = invite(nadia)
    assert nadia.post(f"/people/proposals/{proposal.id}/do/").status_code == 403
    assert nadia.post(f"/people/proposals/{proposal.id}/approve/").status_code == 403
    assert not Person.objects.filter(username="new.person").exists()

    assert "Invite New Person" in ruth.get("/people/").content.decode()
    assert ruth.post(f"/people/proposals/{proposal.id}/approve/").status_code == 302
    assert nadia.post(f"/people/proposals/{proposal.id}/do/").status_code == 302
    page = nadia.get("/people/").content.decode()
    link = re.search(r"/welcome/([\w-]+)/", page)
    assert link is not None
    assert "/welcome/" not in nadia.get("/people/").content.decode()

    new = person("new.person")
    assert not new.has_usable_password()
    answer = browser().post(f"/welcome/{link[1]}/", {"password": PASSWORD, "again": PASSWORD})
    assert answer.status_code == 302
    assert person("new.person").check_password(PASSWORD)
    changed = next(one for one in said() if one["event"] == "membership.changed")
    assert changed["approver"] == str(person("ruth.okafor").id)
    assert changed["detail"]["role"] == "analyst"
    assert Membership.objects.get(person=new).role == Role.ANALYST


def test_a_proposal_is_carried_out_once(city: Committed) -> None:
    nadia, ruth = as_("nadia.brandt"), as_("ruth.okafor")
    proposal = invite(nadia)
    ruth.post(f"/people/proposals/{proposal.id}/approve/")
    nadia.post(f"/people/proposals/{proposal.id}/do/")

    assert nadia.post(f"/people/proposals/{proposal.id}/do/").status_code in (403, 409)
    assert Person.objects.filter(username="new.person").count() == 1


@pytest.mark.parametrize("who", ["ana.mercer", "ruth.okafor", "lena.fontaine", "irene.castellan"])
def test_only_operators_propose_people(city: Committed, who: str) -> None:
    client = as_(who)
    client.post(
        "/people/invite/",
        {"name": "X", "username": "xx.yy", "organisation": "slmpd-demo", "role": "analyst", "rank": "0",
         "reason": "because"},
    )  # fmt: skip
    assert not Proposal.objects.exists()


def test_the_department_alone_seats_nobody_in_the_oversight_body(city: Committed) -> None:
    board = Membership.objects.filter(organisation__kind="oversight").select_related("organisation").first()
    assert board is not None
    nadia, ruth, miriam = as_("nadia.brandt"), as_("ruth.okafor"), as_("miriam.adler")
    proposal = invite(nadia, organisation=board.organisation.code, role="auditor")
    ruth.post(f"/people/proposals/{proposal.id}/approve/")

    assert nadia.post(f"/people/proposals/{proposal.id}/do/").status_code == 403
    assert not Person.objects.filter(username="new.person").exists()
    miriam.post(f"/people/proposals/{proposal.id}/approve/")
    assert nadia.post(f"/people/proposals/{proposal.id}/do/").status_code == 302


def test_ending_a_role_takes_one_person_and_ends_what_it_permitted(city: Committed) -> None:
    ana = as_("ana.mercer")
    ana.post(f"/incidents/{incident().basis_id}/watch/")
    viewing = Viewing.objects.get()
    membership = Membership.objects.get(person=person("ana.mercer"))

    as_("nadia.brandt").post(f"/people/memberships/{membership.id}/end/", {"reason": "has left"})

    with pytest.raises(PermitEnded):
        resume(viewing.permit_id, by=person("ana.mercer"))


def test_nobody_ends_their_own_role(city: Committed) -> None:
    nadia = person("nadia.brandt")
    with pytest.raises(Denied):
        end_membership(by=nadia, membership=Membership.objects.get(person=nadia).id, why="enough")


def test_a_new_link_closes_what_opened_the_account_before(city: Committed) -> None:
    nadia, ruth, ana = as_("nadia.brandt"), as_("ruth.okafor"), as_("ana.mercer")
    whom = person("ana.mercer")
    with transaction.atomic():
        record(Event.ACCOUNT_LOCKED, actor="system:test")
        Authenticator.objects.create(user=whom, type=Authenticator.Type.TOTP, data={"secret": "x"})
        Person.objects.filter(id=whom.id).update(locked_at=NOON)
    nadia.post(f"/people/{whom.id}/link/")
    proposal = Proposal.objects.get()
    ruth.post(f"/people/proposals/{proposal.id}/approve/")
    nadia.post(f"/people/proposals/{proposal.id}/do/")
    link = re.search(r"/welcome/([\w-]+)/", nadia.get("/people/").content.decode())
    assert link is not None
    assert ana.get("/due/").status_code == 200

    browser().post(f"/welcome/{link[1]}/", {"password": PASSWORD, "again": PASSWORD})

    assert ana.get("/due/").status_code == 302
    assert not Authenticator.objects.filter(user=whom).exists()
    fresh = person("ana.mercer")
    assert fresh.locked_at is None
    assert Session.objects.open().of_person(whom.id).count() == 1


def test_a_supervisor_sees_locked_accounts_and_releases_one(city: Committed) -> None:
    whom = person("ana.mercer")
    with transaction.atomic():
        record(Event.ACCOUNT_LOCKED, actor="system:test")
        Person.objects.filter(id=whom.id).update(locked_at=NOON)
    ruth = as_("ruth.okafor")

    assert "Ana Mercer" in ruth.get("/accounts/locked/").content.decode()
    assert as_("theo.lindqvist").get("/accounts/locked/").status_code == 404
    assert as_("theo.lindqvist").post(f"/accounts/{whom.id}/release/").status_code in (403, 404)
    assert ruth.post(f"/accounts/{whom.id}/release/").status_code == 302
    assert person("ana.mercer").locked_at is None
    assert "No account is locked" in ruth.get("/accounts/locked/").content.decode()
    assert ruth.post(f"/accounts/{whom.id}/release/").status_code == 409
