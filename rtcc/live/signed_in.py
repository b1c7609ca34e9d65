"""Who sits behind a socket: the same answer as for a page, from the session's cookie alone."""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from policy.accounts.sessions import standing
from policy.accounts.whereabouts import keep, read
from policy.actors import Whereabouts
from policy.models import Person


@dataclass(frozen=True)
class SignedIn:
    """A person, the key of the session, and from where they act."""

    person: Person
    session_key: str
    where: Whereabouts


def session_key_of(cookie: str) -> str | None:
    """The key of the session in a Cookie header."""
    try:
        morsel = SimpleCookie(cookie).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    return morsel.value if morsel else None


def signed_in(session_key: str, *, address: str = "", device: str = "") -> SignedIn | None:
    """Who is signed in with this session now; None once it has ended, for whatever reason."""
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": address, "HTTP_USER_AGENT": device}
    session = standing(SessionStore(session_key=session_key))
    if session is None:
        return None
    keep(request, session)
    return SignedIn(session.person, session_key, read(request))
