"""Make an API token in one's own name. It is shown once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from policy import publish
from policy.actors import whereabouts
from policy.guard import guard
from policy.models import Person
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.api import tokens
from rtcc.api.models import Token
from rtcc.errors import BadInput
from rtcc.ids import uuid7

MOST_TOKENS = 20


def issue_token(*, by: Person, name: str, scopes: Collection[Action], lasts: timedelta) -> tuple[Token, str]:
    """The token's row, and the token itself, seen this once. Raises BadInput naming the field, Denied."""
    if not name.strip():
        raise BadInput("Give the token a name that says what it is for.", field="name")
    if not scopes or not set(scopes) <= set(tokens.SCOPES):
        raise BadInput("Choose at least one act of the list.", field="scopes")
    with guard(Action.ISSUE_TOKEN, by=by, on=Ref(Kind.PERSON, by.id)) as permit:
        now = clock.now()
        longest = publish.active().parameters.duration("token_longest", now)
        if not timedelta(0) < lasts <= longest:
            raise BadInput(f"A token lasts between 1 and {longest.days} days.", field="days")
        if Token.objects.of_person(by.id).standing_at(now).count() >= MOST_TOKENS:
            raise BadInput(f"You have {MOST_TOKENS} tokens. Revoke one that is not used.", field="name")
        secret = tokens.make()
        token = Token.objects.create(
            id=uuid7(),
            person=by,
            name=name.strip(),
            token_sha256=tokens.sha256_of(secret),
            scopes=sorted(scopes),
            mfa=whereabouts.get().mfa,
            issued_at=now,
            expires_at=now + lasts,
            entry=permit.entry_id,
        )
        said = {"token": str(token.id), "name": token.name, "scopes": token.scopes}
        permit.enter(
            object_kind="token",
            object_id=str(token.id),
            detail=said | {"expires_at": token.expires_at.isoformat()},
        )
    return token, secret
