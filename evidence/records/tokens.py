"""The link of a receipt, and how a requester is told apart without being known."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.utils.crypto import salted_hmac

from audit.encoding import base64url
from audit.pseudonym import pseudonym

_SALT = "watchlight.records.receipt"


def token_of(form_key: UUID) -> str:
    """The secret of a receipt's link, 256 bits: the same for the same form, so that a second click of the
    button is answered with the same link. It is stored nowhere.
    """
    return base64url(salted_hmac(_SALT, form_key.bytes, algorithm="sha256").digest())


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def name_of_address(address: str, year: int) -> str:
    """A stable name for a network address within a year, which leads back to it by the year's key alone."""
    return pseudonym(f"address:{address}", year) if address else ""


def name_of_contact(contact: str, year: int) -> str:
    """The same for a contact: letters' case and blanks make no other person."""
    plain = "".join(contact.split()).casefold()
    return pseudonym(f"contact:{plain}", year) if plain else ""
