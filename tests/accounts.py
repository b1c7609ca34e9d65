"""People of a production folder: passwords, codes, and browsers that sign in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from audit.record import record
from audit.vocabulary import Event
from policy.actors import Whereabouts, whereabouts
from policy.models import Person
from rtcc import clock
from rtcc.config import config
from tests.city import NOON, person
from tests.conftest import Committed

PASSWORD = "a quiet street at noon"
SECRET = generate_totp_secret()


def browser() -> Client:
    return Client(HTTP_HOST="localhost", REMOTE_ADDR="127.0.0.1")


def code_now(secret: str = SECRET, steps: int = 0) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))


def give_password(username: str, *, authenticator: bool = True) -> Person:
    """An account as opening one leaves it."""
    who = person(username)
    who.set_password(PASSWORD)
    with transaction.atomic():
        record(Event.ACCOUNT_OPENED, actor="system:seed")
        who.save(update_fields=["password"])
        if authenticator:
            TOTP.activate(who, SECRET)
            RecoveryCodes.activate(who)
    return who


@pytest.fixture
def production(city: Committed, monkeypatch: pytest.MonkeyPatch) -> Iterator[Committed]:
    """The same people on a folder that is no demonstration; Ana and Ruth have opened their accounts."""
    # As slow as it has to be is slower than a test has to be.
    monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", 1000)
    cache.clear()
    # The settings of a process are frozen for good reason; this test is another process's.
    object.__setattr__(config, "demo", False)
    for username in ("ana.mercer", "ruth.okafor"):
        give_password(username)
    try:
        yield city
    finally:
        object.__setattr__(config, "demo", True)


@contextmanager
def minutes_later(minutes: int) -> Iterator[None]:
    """The clock of a production folder cannot be set; here it has to be."""
    object.__setattr__(config, "demo", True)
    with clock.set_to(NOON + timedelta(minutes=minutes)):
        object.__setattr__(config, "demo", False)
        yield


@contextmanager
def with_second_factor() -> Iterator[None]:
    token = whereabouts.set(Whereabouts(mfa=True))
    try:
        yield
    finally:
        whereabouts.reset(token)


def try_password(client: Client, password: str = PASSWORD, username: str = "ana.mercer") -> Any:
    return client.post("/sign-in/password/", {"login": username, "password": password})


def sign_in(username: str = "ana.mercer", code: str | None = None) -> Client:
    client = browser()
    assert try_password(client, username=username)["Location"] == "/sign-in/code/"
    answer = client.post("/sign-in/code/", {"code": code or code_now()})
    assert answer.status_code == 302, answer.content.decode()
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/due/").status_code == 200
