"""Reverse proxies that may speak for whoever they connect: the peer's address is theirs, the person's is what
they say it is. Nobody else's word is taken: without a setting, none at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware


def behind(application: Any, proxies: Sequence[str]) -> Any:
    """The ASGI application as it stands behind ``proxies`` (addresses or networks): of `X-Forwarded-For` the
    last address that is no such proxy's is the client. What stands left of it anybody can have sent.
    """
    return ProxyHeadersMiddleware(application, trusted_hosts=list(proxies)) if proxies else application
