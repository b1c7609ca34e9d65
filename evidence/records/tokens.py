"""The secret code of a receipt, and how a requester is told apart without being known."""

from __future__ import annotations

import hashlib
import secrets
from uuid import UUID

from audit.pseudonym import pseudonym

# Crockford's base 32: no letter in it is taken for a digit. Five bits each.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("OIL", "011", " -\t\r\n\N{NO-BREAK SPACE}")
_LENGTH = 24


def new_code() -> str:
    """120 random bits in six groups that people can write down and type. It is stored nowhere."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return "-".join(code[n : n + 4] for n in range(0, _LENGTH, 4))


def plain(typed: str) -> str:
    """A code as it was meant: without groups and blanks, in capitals; empty where it can be none."""
    code = typed.upper().translate(_READ_AS)
    return code if len(code) == _LENGTH and set(code) <= set(_LETTERS) else ""


def grouped(code: str) -> str:
    """A plain code as it is shown."""
    return "-".join(code[n : n + 4] for n in range(0, _LENGTH, 4))


def hash_of(code: str) -> str:
    """What is stored of a code: enough to know it again, too little to make one."""
    return hashlib.sha256(plain(code).encode()).hexdigest()


def form_key_of(code: str) -> UUID:
    """What a form with this code is known by: sent twice it is one request. It leads to no code."""
    return UUID(bytes=hashlib.sha256(f"form:{plain(code)}".encode()).digest()[:16])


def name_of_address(address: str, year: int) -> str:
    """A stable name for a network address within a year, which leads back to it by the year's key alone."""
    return pseudonym(f"address:{address}", year) if address else ""


def name_of_contact(contact: str, year: int) -> str:
    """The same for a contact: letters' case and blanks make no other person."""
    plain_contact = "".join(contact.split()).casefold()
    return pseudonym(f"contact:{plain_contact}", year) if plain_contact else ""
