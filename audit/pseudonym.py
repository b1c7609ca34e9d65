"""Stable names within a year: HMAC-SHA-256 under a key of the year (tier: pseudonymous).

Repeat-target analysis works within the year; who holds no year key cannot turn a pseudonym into a person.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from functools import cache
from pathlib import Path

from audit.encoding import base64url
from rtcc.config import config

KEY_BYTES = 32


def key_path(year: int) -> Path:
    return config.keys_dir / f"pseudonym-{year}.key"


def make_year_key(year: int) -> bool:
    """Make the key of a year, mode 0400, durable; False if it stands already."""
    path = key_path(year)
    if path.exists():
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link does not replace: of two processes at New Year one wins and both read its key.
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    return True


@cache
def _year_key(year: int) -> bytes:
    make_year_key(year)
    key = key_path(year).read_bytes()
    if len(key) != KEY_BYTES:
        raise ValueError(f"{key_path(year).name} does not hold {KEY_BYTES} bytes")
    return key


def pseudonym(actor: str, year: int) -> str:
    """22 characters that stand for ``actor`` (person id or system:<process>) in that year."""
    return base64url(hmac.digest(_year_key(year), actor.encode(), hashlib.sha256)[:16])
