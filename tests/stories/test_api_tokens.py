"""A token's life: made and shown once, used within its scopes, entered by name, revoked at once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.test import Client

from audit.models import Disclosure, Entry
from audit.record import record
from audit.vocabulary import Event
from evidence.models import Playback
from policy.accounts import invitations, sessions
from policy.accounts.invitations import open_account
from policy.actions.approve import approve
from policy.actions.change_membership import change_membership, propose_link
from policy.actors import Whereabouts, whereabouts
from policy.models import Membership, Person, Session
from policy.permits import PermitEnded
from policy.resume import resume
from policy.vocabulary import Action
from rtcc import clock
from rtcc.api.actions.issue_token import issue_token
from rtcc.api.actions.revoke_token import revoke_token
from rtcc.api.models import Token
from rtcc.api.tokens import SCOPES
from rtcc.errors import BadInput
from tests.api import program, token_of
from tests.checks.test_addresses import client
from tests.city import NOON, camera, city, events, incident, person, said
from tests.conftest import Committed

__all__ = ["city"]

CALL = {"kind": "fight", "priority": 2, "place": "Olive St & N 7th St", "lon": -90.192, "lat": 38.6281}
JSON = "application/json"


def test_a_tokens_life_from_the_page_to_its_end(city: Committed) -> None:
    # Made on the page, and shown on that answer alone.
    ana = client("ana.mercer")
    page = ana.post(
        "/account/tokens/", {"name": "bridge", "scopes": ["open_incident", "view_registry"], "days": 7}
    )
    found = re.search(r"wl_[A-Za-z0-9_-]{43}", page.content.decode())
    assert found is not None
    assert found[0] not in ana.get("/account/tokens/").content.decode()
    token = Token.objects.get()
    assert not Disclosure.objects.filter(value__contains=found[0]).exists()
    assert found[0] not in str(vars(token))

    # Used: a session of its own begins, and the entry names it; no cookie is set.
    bridge = program(found[0])
    listed = bridge.get("/api/v1/cameras/?limit=5")
    made = bridge.post("/api/v1/incidents/", CALL, content_type=JSON)
    assert (listed.status_code, made.status_code) == (200, 201)
    assert not listed.cookies
    token.refresh_from_db()
    entries = said()
    assert [each["event"] for each in entries][1:] == [
        "token.issued", "session.started", "act.permitted", "incident.opened",
    ]  # fmt: skip
    started, opened = entries[2], entries[4]
    assert (started["detail"]["token"], started["reason"]) == (str(token.id), "API token bridge")
    assert opened["session"] == started["session"] == str(token.session_id)
    assert token.used_at == NOON

    # Beyond its scopes: refused by rule, and the refusal is an entry, though its person may do it.
    refused = bridge.post("/api/v1/grants/", _grant(), content_type=JSON)
    assert refused.status_code == 403
    problem = refused.json()
    assert (problem["rule"], problem["status"]) == ("token-scope", 403)
    assert Entry.objects.filter(id=problem["entry_id"]).exists()

    # Revoked: nothing more, from the next request on; what was shown is entered as a failure.
    assert ana.post(f"/account/tokens/{token.id}/revoke/").status_code == 302
    after = bridge.get("/api/v1/cameras/")
    assert (after.status_code, after["WWW-Authenticate"]) == (
        401,
        'Bearer realm="watchlight", error="invalid_token"',
    )
    assert events()[-3:] == ["token.revoked", "session.ended", "session.failed"]
    assert token.session_id is not None
    assert Session.objects.get(id=token.session_id).ended_at == NOON
    assert ana.post(f"/account/tokens/{token.id}/revoke/").status_code == 409


def _grant() -> dict[str, Any]:
    return {
        "basis": str(incident().basis_id),
        "cameras": [str(camera("cam01").id)],
        "purpose": "emergency_call",
    }


def test_what_was_permitted_through_a_token_ends_with_it_and_with_its_person(city: Committed) -> None:
    token, secret = token_of("ana.mercer", *SCOPES)
    ana = program(secret)
    grant = ana.post("/api/v1/grants/", _grant(), content_type=JSON).json()["grant"]
    asked = {"grant": grant["id"], "cameras": grant["cameras"], "from": "2026-11-20T17:55:00Z",
             "to": "2026-11-20T17:59:00Z"}  # fmt: skip
    playback = ana.post("/api/v1/playbacks/", asked, content_type=JSON).json()["playback"]
    row = Playback.objects.get(id=playback["id"])
    assert resume(row.permit_id, by=person("ana.mercer")).id == row.permit_id

    # A token without the scope does not read under the permit, though it is the same person's.
    _, other = token_of("ana.mercer", Action.VIEW_REGISTRY)
    files = f"/api/v1/playbacks/{row.id}/cameras/{camera('cam01').id}/files/"
    assert (
        program(other).get(files, {"from": asked["from"], "to": asked["to"]}).json()["rule"] == "token-scope"
    )
    assert program(other).post(f"/api/v1/playbacks/{row.id}/close/").status_code == 403

    # A supervisor revokes it where its person cannot; nobody else's colleague may.
    assert client("theo.lindqvist").post(f"/account/tokens/{token.id}/revoke/").status_code in (403, 404)
    revoke_token(by=person("ruth.okafor"), token=token.id)
    with pytest.raises(PermitEnded, match="revoked"):
        resume(row.permit_id, by=person("ana.mercer"))
    assert ana.get(f"/api/v1/playbacks/{row.id}/").status_code == 401

    # Without a membership its person may nothing, and so may the token.
    _, third = token_of("ana.mercer", *SCOPES)
    assert program(third).get("/api/v1/cameras/").status_code == 200
    _end_memberships("ana.mercer")
    with clock.set_to(NOON + timedelta(minutes=20)):
        assert program(third).get("/api/v1/cameras/").status_code == 404  # Not even that it exists.


def test_a_token_outlives_a_lock_and_ends_when_its_account_is_opened_anew(city: Committed) -> None:
    ana = person("ana.mercer")
    _, secret = token_of("ana.mercer", Action.VIEW_REGISTRY)
    assert program(secret).get("/api/v1/cameras/").status_code == 200

    with transaction.atomic():
        record(Event.ACCOUNT_LOCKED, actor="system:seed")
        Person.objects.filter(id=ana.id).update(locked_at=NOON)
    assert program(secret).get("/api/v1/cameras/").status_code == 200

    sam = person("sam.whitlock")
    asked = propose_link(by=sam, person=ana.id, reason="Her telephone was stolen.")
    approve(by=person("nadia.brandt"), proposal=asked.id)
    link = change_membership(by=sam, proposal=asked.id).token
    assert link is not None
    open_account(invitations.find(link), "correct horse battery staple")
    reopened = program(secret).get("/api/v1/cameras/")
    assert (reopened.status_code, "opened anew" in reopened.content.decode()) == (401, True)


def test_a_token_reads_its_persons_own_entries_only_where_it_was_made_for_reading(city: Committed) -> None:
    token, hold = token_of("grace.tamayo", Action.HOLD)
    _, report = token_of("miriam.adler", Action.VIEW_REPORT)
    address = f"/api/v1/entries/{token.entry}/"

    assert program(hold).get(address).json()["rule"] == "token-scope"
    assert program(report).get(address).status_code == 200


def _end_memberships(username: str) -> None:
    with transaction.atomic():
        record(Event.MEMBERSHIP_CHANGED, actor="system:seed")
        Membership.objects.of_person(person(username).id).update(ends_at=NOON + timedelta(seconds=1))


def test_a_token_runs_out_its_session_is_idle_like_others_and_a_guess_is_entered(city: Committed) -> None:
    token, secret = token_of("ana.mercer", Action.VIEW_REGISTRY, days=1)
    assert program(secret).get("/api/v1/health/").status_code == 200
    first = Token.objects.get(id=token.id).session_id
    with clock.set_to(NOON + timedelta(hours=1)):
        assert sessions.end_over() >= 1
        assert program(secret).get("/api/v1/health/").status_code == 200
    assert Token.objects.get(id=token.id).session_id != first
    with clock.set_to(NOON + timedelta(days=2)):
        late = program(secret).get("/api/v1/health/")
    guessed = program("wl_" + "A" * 43).get("/api/v1/health/")
    assert (late.status_code, guessed.status_code) == (401, 401)
    assert [each["reason"] for each in said() if each["event"] == "session.failed"] == [
        "its time is over", "no such token",
    ]  # fmt: skip
    # In an address or a cookie it is nothing.
    nobody = Client(HTTP_HOST="localhost", REMOTE_ADDR="127.0.0.1", HTTP_COOKIE=f"sessionid={secret}")
    assert nobody.get(f"/api/v1/health/?token={secret}&access_token={secret}").status_code == 401
    # A page is no place for a token either.
    assert program(secret).get("/incidents/").status_code == 302


def test_a_token_is_made_for_something_listed_and_for_a_while(city: Committed) -> None:
    ana = person("ana.mercer")
    here = whereabouts.set(Whereabouts(mfa=True))
    try:
        for name, scopes, days, field in (
            (" ", [Action.PLAYBACK], 1, "name"),
            ("x", [], 1, "scopes"),
            ("x", [Action.CHANGE_MEMBERSHIP], 1, "scopes"),
            ("x", [Action.PLAYBACK], 91, "days"),
            ("x", [Action.PLAYBACK], 0, "days"),
        ):
            with pytest.raises(BadInput) as wrong:
                issue_token(by=ana, name=name, scopes=scopes, lasts=timedelta(days=days))
            assert wrong.value.field == field
    finally:
        whereabouts.reset(here)
    assert not Token.objects.exists()


def test_ones_sessions_name_their_devices_and_are_ended_one_by_one_or_all(city: Committed) -> None:
    here, phone = client("ana.mercer"), client("ana.mercer")
    phone.get("/incidents/")
    theo = client("theo.lindqvist")
    page = here.get("/account/sessions/").content.decode()
    assert page.count("demonstration sign-in") == 2
    assert "this one" in page
    others = Session.objects.open().filter(person=person("ana.mercer")).order_by("started_at")
    mine, second = [row.id for row in others]
    assert theo.post(f"/account/sessions/{second}/end/").status_code == 404

    here.post(f"/account/sessions/{second}/end/")
    assert phone.get("/due/").status_code == 302
    client("ana.mercer")
    here.post("/account/sessions/end-others/")
    left = [row.id for row in Session.objects.open().filter(person=person("ana.mercer"))]
    assert left == [UUID(str(mine))]
    assert [each["reason"] for each in said() if each["event"] == "session.ended"] == [
        "You ended it from another session."
    ] * 2
    # A program's session stands there too, with its device and address.
    program(token_of("ana.mercer", Action.VIEW_REGISTRY)[1]).get("/api/v1/health/")
    page = here.get("/account/sessions/").content.decode()
    assert all(words in page for words in ("bridge/1.0", "127.0.0.1", "API token a program"))
