"""How often somebody may type a code that is none. Counted in this process's memory, by nobody's name."""

from __future__ import annotations

from django.core.cache import cache
from django.db import connection

from evidence.records import tokens
from evidence.records.actions.open_request import TooMany
from policy import publish
from rtcc import clock

_HOUR_S = 3600


def _key(address: str) -> str:
    where = tokens.name_of_address(address, clock.now().year)
    return f"receipt:{connection.settings_dict['NAME']}:{where}"


def check(address: str) -> None:
    """Raises TooMany after as many wrong codes from one address in an hour as it may send requests."""
    most = publish.active().parameters.count("public_requests_an_hour", clock.now())
    if cache.get(_key(address), 0) >= most:
        raise TooMany(
            f"{most} codes that are none were typed here within the hour. Wait an hour, or call the records "
            "office and say the number of your request."
        )


def note_wrong(address: str) -> None:
    """One more."""
    cache.add(_key(address), 0, _HOUR_S)
    cache.incr(_key(address))
