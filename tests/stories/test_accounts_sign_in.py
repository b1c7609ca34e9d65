"""Signing in outside the demonstration: password, authenticator, locks, and what the log says."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.db import IntegrityError, transaction

from policy.accounts.adapter import MfaAdapter
from policy.actions.release_account import release_account
from policy.denied import Denied
from policy.models import FailedSignIn, Person, Session
from tests.accounts import (
    SECRET,
    browser,
    code_now,
    give_password,
    is_signed_in,
    minutes_later,
    production,
    sign_in,
    try_password,
    with_second_factor,
)
from tests.city import city, events, person, said
from tests.conftest import Committed

__all__ = ["city", "production"]


def test_password_and_code_open_a_session_with_a_second_factor(production: Committed) -> None:
    client = sign_in()

    assert is_signed_in(client)
    started = next(one for one in said() if one["event"] == "session.started")
    assert (started["mfa"], started["reason"]) == (True, "password and authenticator")
    assert UUID(started["session"]) == Session.objects.get().id


def test_the_password_alone_opens_nothing(production: Committed) -> None:
    client = browser()
    try_password(client)

    assert not is_signed_in(client)
    assert not Session.objects.exists()
    assert events() == []


def test_a_code_opens_a_session_once(production: Committed) -> None:
    code = code_now()
    sign_in(code=code)
    again = browser()
    try_password(again)

    assert again.post("/sign-in/code/", {"code": code}).status_code == 200
    assert not is_signed_in(again)


def test_a_recovery_code_works_once(production: Committed) -> None:
    row = Authenticator.objects.get(user=person("ana.mercer"), type=Authenticator.Type.RECOVERY_CODES)
    code = RecoveryCodes(row).get_unused_codes()[0]
    sign_in(code=code)
    again = browser()
    try_password(again)

    assert again.post("/sign-in/code/", {"code": code}).status_code == 200
    assert said()[-2]["reason"] == "password and recovery code"


def test_who_has_no_authenticator_is_led_to_set_one_up_before_anything_else(production: Committed) -> None:
    give_password("theo.lindqvist", authenticator=False)
    client = browser()
    try_password(client, username="theo.lindqvist")

    for path in ("/", "/incidents/", "/cameras/", "/wall/"):
        assert client.get(path)["Location"] == "/account/authenticator/"
    page = client.get("/account/authenticator/").content.decode()
    secret = re.search(r'class="hash">([A-Z2-7 ]+)<', page)
    assert secret is not None
    before = client.cookies["sessionid"].value
    code = code_now(secret[1].replace(" ", ""))
    assert client.post("/account/authenticator/", {"code": code})["Location"] == "/account/recovery-codes/"

    assert client.cookies["sessionid"].value != before
    assert is_signed_in(client)
    codes = re.findall(r'col hash">(\d+)<', client.get("/account/recovery-codes/").content.decode())
    assert len(codes) == 10
    client.post("/account/recovery-codes/")
    assert client.get("/account/recovery-codes/")["Location"] == "/"
    assert events() == ["session.started", "account.secured"]
    assert [one["mfa"] for one in said()] == [False, False]
    assert Session.objects.get().mfa


def test_the_database_alone_gives_no_secret(production: Committed) -> None:
    for row in Authenticator.objects.all():
        assert SECRET not in str(row.data)
    totp = Authenticator.objects.filter(type=Authenticator.Type.TOTP).first()
    assert totp is not None
    assert MfaAdapter().decrypt(totp.data["secret"]) == SECRET


def test_five_failures_lock_the_account_and_a_supervisor_releases_it(production: Committed) -> None:
    client = browser()
    for _ in range(5):
        assert "did not match" in try_password(client, "wrong").content.decode()

    assert events() == ["session.failed"] * 5 + ["account.locked"]
    assert said()[-1]["parent"] == str(said()[-2]["id"])
    assert "did not match" in try_password(client).content.decode()
    assert said()[-1]["reason"] == "the account is locked"

    ana = person("ana.mercer")
    with with_second_factor():
        with pytest.raises(Denied):
            release_account(by=person("theo.lindqvist"), person=ana.id)
        release_account(by=person("ruth.okafor"), person=ana.id)
    assert events()[-2:] == ["act.refused", "account.released"]
    assert is_signed_in(sign_in())


def test_nobody_releases_their_own_account(production: Committed) -> None:
    ruth = person("ruth.okafor")
    for _ in range(5):
        try_password(browser(), "wrong", "ruth.okafor")

    with with_second_factor(), pytest.raises(Denied) as denied:
        release_account(by=ruth, person=ruth.id)
    assert denied.value.rule == "floor-not-ones-own-account"


def test_wrong_codes_count_like_wrong_passwords(production: Committed) -> None:
    client = browser()
    try_password(client)
    for number in range(5):
        answer = client.post("/sign-in/code/", {"code": f"00000{number}"})

    assert answer["Location"] == "/sign-in/password/"
    assert events() == ["session.failed"] * 5 + ["account.locked"]
    assert {one["reason"] for one in said()[:5]} == {"wrong code"}


def test_a_lock_that_falls_between_password_and_code_keeps_the_door_shut(production: Committed) -> None:
    client = browser()
    try_password(client)
    for _ in range(5):
        try_password(browser(), "wrong")

    assert client.post("/sign-in/code/", {"code": code_now()}).status_code == 403
    assert not is_signed_in(client)
    assert not Session.objects.exists()


def test_failures_older_than_the_window_do_not_count(production: Committed) -> None:
    for _ in range(4):
        try_password(browser(), "wrong")
    with minutes_later(16):
        try_password(browser(), "wrong")

    assert "account.locked" not in events()
    assert FailedSignIn.objects.count() == 5


def test_signing_in_forgets_the_failures_before_it(production: Committed) -> None:
    for _ in range(4):
        try_password(browser(), "wrong")
    sign_in()
    try_password(browser(), "wrong")

    assert person("ana.mercer").locked_at is None


def test_a_lock_ends_no_session_that_stands(production: Committed) -> None:
    client = sign_in()
    for _ in range(5):
        try_password(browser(), "wrong")

    assert person("ana.mercer").locked_at is not None
    assert is_signed_in(client)


def test_a_name_that_matches_no_account_is_stored_nowhere(production: Committed) -> None:
    try_password(browser(), username="hunter2-typed-in-the-wrong-field")

    entry = said()[-1]
    assert (entry["event"], entry["reason"]) == ("session.failed", "no such account")
    assert "hunter2" not in str(said())
    assert "actor" not in entry


def test_an_account_that_is_not_there_is_answered_like_one_that_is(production: Committed) -> None:
    pages = [
        re.sub(r"[A-Za-z0-9]{64}", "", try_password(browser(), "wrong", name).content.decode())
        for name in ("ana.mercer", "nobody.atall")
    ]

    assert pages[0].replace("ana.mercer", "") == pages[1].replace("nobody.atall", "")


def test_a_script_that_hammers_is_counted_and_not_entered_each_time(production: Committed) -> None:
    for _ in range(25):
        try_password(browser(), username="nobody.atall")

    assert events() == ["session.failed"] * 20


def test_no_password_changes_without_an_entry(production: Committed) -> None:
    who = person("ana.mercer")
    who.set_password("something else entirely")
    with pytest.raises(IntegrityError):
        _save(who)


@transaction.atomic
def _save(who: Person) -> None:
    who.save(update_fields=["password"])


@pytest.mark.parametrize("path", ["/accounts/signup/", "/accounts/login/", "/accounts/password/reset/"])
def test_what_we_do_not_need_of_allauth_has_no_address(production: Committed, path: str) -> None:
    assert sign_in().get(path).status_code == 404


@pytest.mark.parametrize(
    "answer", ["{}", '{"id": "x", "rawId": "x", "type": "public-key", "response": {}}', "["]
)
def test_a_passkeys_answer_that_does_not_verify_counts_like_a_wrong_code(
    production: Committed, answer: str
) -> None:
    client = browser()
    try_password(client)

    assert client.post("/sign-in/code/", {"credential": answer}).status_code == 200
    assert not is_signed_in(client)
    assert [one["reason"] for one in said() if one["event"] == "session.failed"] == ["wrong passkey"]
