"""From where a request comes, as entries say it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from policy.actors import Whereabouts
from policy.models import Session

# Where the middleware leaves the row of the session for those after it.
_ATTRIBUTE = "watchlight_session"


def session_of(request: HttpRequest) -> Session | None:
    """The session that this request belongs to, or None before anybody has signed in."""
    found: Session | None = getattr(request, _ATTRIBUTE, None)
    return found


def keep(request: HttpRequest, session: Session | None) -> None:
    """Remember the session of this request."""
    setattr(request, _ATTRIBUTE, session)


def read(request: HttpRequest) -> Whereabouts:
    session = session_of(request)
    return Whereabouts(
        session=str(session.id) if session else None,
        mfa=bool(session and session.mfa),
        device=request.headers.get("User-Agent", "")[:200] or None,
        address=request.META.get("REMOTE_ADDR"),
    )


def of_request(request: HttpRequest) -> dict[str, Any]:
    """Fields of an entry: session, second factor, device, address."""
    where = read(request)
    return {"session": where.session, "mfa": where.mfa, "device": where.device, "address": where.address}
