"""What stands around requests of programs: signing in by a token, and POSTs that are sent twice."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from policy.accounts import whereabouts as place
from policy.actors import Whereabouts, whereabouts
from rtcc.api import tokens

ROOT = "/api/v1/"
# Where a token is looked at: what programs read, and no page.
_PLACES = (ROOT, "/metrics")
BEARER = "bearer "


def refuse(status: int, title: str, kind: str) -> JsonResponse:
    """A problem document (RFC 9457)."""
    return JsonResponse(
        {"type": f"about:blank#{kind}", "title": title, "status": status},
        status=status,
        content_type="application/problem+json",
    )


class SignInByToken:
    """`Authorization: Bearer wl_...` (RFC 6750) under `/api/v1/` and for the metrics: the request is its
    person's, within scopes.

    A cookie beside it is not looked at. The token is read from this header alone: never from an address.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("Authorization", "")
        if not request.path.startswith(_PLACES) or not given.lower().startswith(BEARER):
            return self.get_response(request)
        device, address = request.headers.get("User-Agent", "")[:200] or None, request.META.get("REMOTE_ADDR")
        try:
            found = tokens.use(given[len(BEARER) :].strip(), device=device, address=address)
        except tokens.BadToken as error:
            answer = refuse(401, str(error), "bad_token")
            answer["WWW-Authenticate"] = 'Bearer realm="watchlight", error="invalid_token"'
            return answer
        request.user = found.token.person
        request.session = tokens.Memory(found.token.id, found.token.memory)  # type: ignore[assignment]
        request.watchlight_token = found.token  # type: ignore[attr-defined]
        place.keep(request, found.session)
        here = Whereabouts(str(found.session.id), found.session.mfa, device, address, found.scopes)
        reset = whereabouts.set(here)
        try:
            response = self.get_response(request)
        finally:
            whereabouts.reset(reset)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        return response
