"""django-allauth in our terms: nobody signs up by themselves, and second factors are kept encrypted."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from rtcc.keys import provider

_CONTEXT = b"second factor secret"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by an operator's act."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """TOTP secrets and recovery seeds go through the key provider: the database alone does not give them."""

    def encrypt(self, text: str) -> str:
        return provider().wrap(text.encode(), context=_CONTEXT).hex()

    def decrypt(self, encrypted_text: str) -> str:
        return provider().unwrap(bytes.fromhex(encrypted_text), context=_CONTEXT).decode()
