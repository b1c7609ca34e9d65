"""Who asks, for REST framework: the middleware read the token; a cookie needs its CSRF token."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request


class ByToken(BaseAuthentication):
    """The person of a token that `rtcc.api.middleware.SignInByToken` has found good."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        token = getattr(request._request, "watchlight_token", None)
        return None if token is None else (request._request.user, token)

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="watchlight"'


class ByTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema says it."""

    target_class = "rtcc.api.signing_in.ByToken"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API token of a person, made on the page API tokens. It gives what its person"
            " may do, and of that its scopes alone.",
        }
