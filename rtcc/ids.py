"""Identifiers: UUID version 7 (RFC 9562, section 5.7), made here where an act must know its id early.

Python 3.11 has no `uuid7`; PostgreSQL 18 has, and makes the ids of rows that nobody needs to name
before they are stored.
"""

from __future__ import annotations

import secrets
import time
from uuid import UUID


def uuid7() -> UUID:
    """48 bits of Unix milliseconds, then version, variant and 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)
