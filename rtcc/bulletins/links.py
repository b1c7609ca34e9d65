"""Links: a secret in the part of an address that no server is sent."""

from __future__ import annotations

import hashlib
import secrets

from rtcc.config import config

PATH = "/p/"


def new_token() -> str:
    """256 random bits, as they stand in a link."""
    return secrets.token_urlsafe(32)


def sha256_of(token: str) -> str:
    """What is stored of a token: enough to know it again, too little to make one."""
    return hashlib.sha256(token.encode()).hexdigest()


def address(token: str) -> str:
    """The link. A browser keeps what follows `#` to itself: it stands in no access log and in no Referer."""
    return f"{config.origin}{PATH}#{token}"
