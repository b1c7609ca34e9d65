"""What stands around each request of somebody who is signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from policy.accounts import sessions
from policy.accounts import whereabouts as place
from policy.actors import whereabouts
from rtcc.config import config

# Where somebody without a second factor may go: to set it up, and out.
_FIRST_STEPS = frozenset({"authenticator", "sign-out"})


def is_by_hand(request: HttpRequest) -> bool:
    """Whether a request is a sign of the person. What a page's script fetches is none (`Sec-Fetch-Dest`, W3C
    Fetch Metadata), nor is the wall's socket: pictures that run before an empty chair must not keep its
    session open. A page reports keys and pointer by itself, at `sessions.SEEN_PATH`.
    """
    aim = request.headers.get("Sec-Fetch-Dest", "document")
    return aim == "document" or request.path == sessions.SEEN_PATH


class KeepSession:
    """Nobody is signed in whose session has ended; acts know from where they come; pages are not stored."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        signed_in = request.user.is_authenticated
        if signed_in:
            self._keep(request)
        token = whereabouts.set(place.read(request))
        try:
            response = self.get_response(request)
        finally:
            whereabouts.reset(token)
        if signed_in and (_is_page(response) or not response.has_header("Cache-Control")):
            response["Cache-Control"] = "no-store"
        return response

    def _keep(self, request: HttpRequest) -> None:
        row = sessions.standing(request.session)
        if row is None:
            why = sessions.why_ended(request.session)
            request.session.flush()
            request.user = AnonymousUser()
            if why:
                request.session[sessions.WHY_KEY] = why
            return
        place.keep(request, row)
        if is_by_hand(request):
            sessions.seen(row)

    def process_view(
        self, request: HttpRequest, view: Any, arguments: Any, words: Any
    ) -> HttpResponse | None:
        """A session without a second factor leads only to setting one up; the demonstration has none."""
        session = place.session_of(request)
        if session is None or session.mfa or config.demo:
            return None
        if request.resolver_match and request.resolver_match.view_name in _FIRST_STEPS:
            return None
        return redirect("authenticator")


def _is_page(response: HttpResponse) -> bool:
    return response.get("Content-Type", "").startswith("text/html")
