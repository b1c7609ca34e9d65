"""What the public pages show is made once a minute, however many people read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache
from django.db import connection

SECONDS = 60
Made = TypeVar("Made")


def for_a_minute(name: str, make: Callable[[], Made]) -> Made:
    """What ``make`` gives, or gave less than a minute ago in this process and on this database."""
    key = f"public:{connection.settings_dict['NAME']}:{name}"
    found: Made | None = cache.get(key)
    if found is None:
        found = make()
        cache.set(key, found, SECONDS)
    return found
