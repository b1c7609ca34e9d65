"""Whose word on a client's address is taken."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rtcc.proxies import behind

PERSON, PROXY, FORGED = "203.0.113.7", "10.0.0.5", "198.51.100.66"


def seen(peer: str, forwarded: str, *proxies: str) -> str:
    """The client's address as the application reads it."""
    found: list[str] = []

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        found.append(scope["client"][0])

    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope = {"type": "http", "client": (peer, 4711), "headers": headers, "scheme": "https"}
    asyncio.run(behind(application, proxies)(scope, None, None))
    return found[0]


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "expected"),
    [
        (PERSON, FORGED, (), PERSON),
        (PERSON, FORGED, (PROXY,), PERSON),
        (PROXY, PERSON, (PROXY,), PERSON),
        (PROXY, PERSON, ("10.0.0.0/24",), PERSON),
        # Whatever the client itself wrote stands left of what the proxy saw.
        (PROXY, f"{FORGED}, {PERSON}", (PROXY,), PERSON),
        (PROXY, f"{FORGED}, {PERSON}, 10.0.0.6", ("10.0.0.0/24",), PERSON),
        (PROXY, "", (PROXY,), PROXY),
    ],
)
def test_only_a_named_proxy_says_who_the_client_is(
    peer: str, forwarded: str, proxies: tuple[str, ...], expected: str
) -> None:
    assert seen(peer, forwarded, *proxies) == expected
