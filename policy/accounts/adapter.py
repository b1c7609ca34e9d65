"""django-allauth in our terms: nobody signs up by themselves, failures are entered, secrets are encrypted."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from policy.accounts import lock
from policy.models import Person
from rtcc.config import config
from rtcc.keys import provider

_CONTEXT = b"second factor secret"
# One sentence for every failure: it says neither whether the account exists nor whether it is locked.
NOT_SIGNED_IN = (
    "That did not match, or the account is locked. Check the name and the password and try again; "
    "a supervisor can see locked accounts and release them."
)
WRONG_CODE = "This code does not match. Wait for the next one your app shows, and check your phone's clock."


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by an operator's act, and every failure to enter one is an entry."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": NOT_SIGNED_IN,
        "too_many_login_attempts": "Too many attempts from here. Wait a minute and try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        address, device = where_from(request)
        person = Person.objects.filter(username=str(credentials.get("username", "")).replace("\x00", ""))
        found = person.values_list("id", flat=True).first()
        if found is None:
            lock.note_unknown(address, device=device)
        else:
            lock.note_failure(found, lock.WRONG_PASSWORD, address=address, device=device)

    def respond_user_inactive(self, request: HttpRequest, user: Person) -> HttpResponse:
        return redirect("sign-in")

    def add_message(self, *_: Any, **__: Any) -> None:
        """The pages say what happened in their own words."""

    def send_notification_mail(self, *_: Any, **__: Any) -> None:
        """Nothing is sent by mail; what happens to an account is in the log."""


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """TOTP secrets and recovery seeds go through the key provider: the database alone does not give them."""

    error_messages = {**DefaultMFAAdapter.error_messages, "incorrect_code": WRONG_CODE}

    def encrypt(self, text: str) -> str:
        return provider().wrap(text.encode(), context=_CONTEXT).hex()

    def decrypt(self, encrypted_text: str) -> str:
        return provider().unwrap(bytes.fromhex(encrypted_text), context=_CONTEXT).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The name that passkeys are bound to is the configured one, never a header's."""
        return {"id": config.host, "name": "Watchlight"}


def where_from(request: HttpRequest) -> tuple[str | None, str | None]:
    """Address and device of a request, as entries say them."""
    return request.META.get("REMOTE_ADDR"), request.headers.get("User-Agent", "")[:200] or None
