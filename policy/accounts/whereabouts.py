"""From where a request comes, as entries say it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from policy.actors import Whereabouts, whereabouts

MFA_SESSION_KEY = "watchlight_mfa"


def _session(request: HttpRequest) -> str | None:
    """A name for the session that does not open it."""
    key = request.session.session_key
    return hashlib.sha256(key.encode()).hexdigest()[:16] if key else None


def of_request(request: HttpRequest) -> dict[str, Any]:
    """Fields of an entry: session, second factor, device, address."""
    where = read(request)
    return {"session": where.session, "mfa": where.mfa, "device": where.device, "address": where.address}


def read(request: HttpRequest) -> Whereabouts:
    return Whereabouts(
        session=_session(request),
        mfa=bool(request.session.get(MFA_SESSION_KEY)),
        device=request.headers.get("User-Agent", "")[:200] or None,
        address=request.META.get("REMOTE_ADDR"),
    )


class EnterWhereabouts:
    """Middleware: the acts of this request know from where they come."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = whereabouts.set(read(request))
        try:
            return self.get_response(request)
        finally:
            whereabouts.reset(token)
