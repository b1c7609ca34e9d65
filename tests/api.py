"""Programs as stories have them: tokens, and clients that send them."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client

from policy.vocabulary import Action
from rtcc.api.actions.issue_token import issue_token
from rtcc.api.models import Token
from tests.city import person


def token_of(username: str, *scopes: Action, days: int = 7) -> tuple[Token, str]:
    return issue_token(by=person(username), name="a program", scopes=scopes, lasts=timedelta(days=days))


def program(secret: str) -> Client:
    """A client without cookies that sends the token."""
    return Client(
        HTTP_HOST="localhost",
        REMOTE_ADDR="127.0.0.1",
        HTTP_AUTHORIZATION=f"Bearer {secret}",
        HTTP_USER_AGENT="bridge/1.0",
    )
