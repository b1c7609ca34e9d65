"""Who sits behind a socket: the same answer as for a page, from the session's cookie alone."""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from policy.accounts import sessions
from policy.models import Person


@dataclass(frozen=True)
class SignedIn:
    """A person and the session in which they sit there. A socket is no sign of the person: pictures that
    run before an empty chair keep no session open.
    """

    person: Person
    session: UUID


def session_key_of(cookie: str) -> str | None:
    """The key of the session in a Cookie header."""
    try:
        morsel = SimpleCookie(cookie).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    return morsel.value if morsel else None


def signed_in(session_key: str) -> SignedIn | None:
    """Who is signed in with this session now; None once it has ended, for whatever reason."""
    request = HttpRequest()
    request.session = SessionStore(session_key=session_key)
    person, row = get_user(request), sessions.standing(request.session)
    if not isinstance(person, Person) or row is None or row.person_id != person.id:
        return None
    return SignedIn(person, row.id)
