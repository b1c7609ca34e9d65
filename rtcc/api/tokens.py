"""What stands behind a token that a program shows: its person, its scopes, and the session of its use."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from policy.accounts import lock, sessions
from policy.models import Invitation, Session
from policy.vocabulary import Action
from rtcc import clock
from rtcc.api.models import Token

# What a token may be made for: each act that the API offers, in the words of the page.
SCOPES: Mapping[Action, str] = {
    Action.VIEW_REGISTRY: "read cameras, placements, coverage, bases, grants, keeps, dispositions, exports,"
    " pictures sent, what owners are asked, and what waits for a yes",
    Action.REGISTER_CAMERA: "register cameras",
    Action.PAUSE_CAMERA: "pause cameras of one's own",
    Action.RESUME_CAMERA: "let cameras of one's own go on",
    Action.ASK_FOOTAGE: "ask owners for a file, or to let their cameras be watched",
    Action.CONSENT: "say no where an owner is asked to let the agency watch, and take a yes back",
    Action.UPLOAD_FOOTAGE: "hand in a file that an owner is asked for, or say no",
    Action.OPEN_INCIDENT: "open incidents",
    Action.ASSIGN_UNIT: "put units on incidents, and take them off",
    Action.VIEW_LIVE: "open grants",
    Action.RENEW_GRANT: "renew grants",
    Action.END_GRANT: "end grants",
    Action.PLAYBACK: "play back recorded footage under a grant",
    Action.PLACE_KEEP: "keep footage for an incident or case",
    Action.HOLD: "place holds, and confirm those of requests",
    Action.VIEW_REQUEST: "read requests for footage",
    Action.OPEN_REQUEST: "take requests in, and write down what requesters say",
    Action.WORK_REQUEST: "work on requests",
    Action.EXPORT: "ask for exports, and stop one's own",
    Action.OPEN_ASSET: "download packages",
    Action.SEND_PICTURE: "send pictures to officers",
    Action.REVOKE_PICTURE: "take pictures back",
    Action.VIEW_REPORT: "read entries of the log",
    Action.ADMINISTER: "read the metrics of the machine",
}
PREFIX = "wl_"
USED_EVERY = timedelta(seconds=15)
_SHAPE = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")


class BadToken(Exception):
    """The token opens nothing; the sentence says no more than whoever shows it may know."""


@dataclass(frozen=True)
class Use:
    """A token in use."""

    token: Token
    session: Session

    @property
    def scopes(self) -> frozenset[Action]:
        return frozenset(Action(scope) for scope in self.token.scopes)


def make() -> str:
    """A new token: 256 random bits, after a prefix by which scanners of leaked secrets know it."""
    return PREFIX + secrets.token_urlsafe(32)


def sha256_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def use(secret: str, *, device: str | None, address: str | None) -> Use:
    """The token that is shown, and the open session of its use, begun where none stands. Raises BadToken."""
    where = {"device": device, "address": address}
    found = None
    if _SHAPE.fullmatch(secret):
        found = Token.objects.select_related("person").filter(token_sha256=sha256_of(secret)).first()
    if found is None:
        lock.note_unknown(address, why=lock.NO_TOKEN, device=device)
        raise BadToken("This token is not known here.")
    token: Token = found
    if why := _over(token):
        lock.note_refused_token(token.person, why, **where)
        raise BadToken(f"This token opens nothing: {why}.")
    session = _session(token, where)
    now = clock.now()
    if token.used_at is None or now - token.used_at >= USED_EVERY:
        Token.objects.filter(id=token.id).update(used_at=now)
    return Use(token, session)


def _over(token: Token) -> str:
    if token.revoked_at is not None:
        return "it was revoked"
    if token.expires_at <= clock.now():
        return "its time is over"
    person = token.person
    if not person.is_active:
        return lock.NOT_ACTIVE
    # A lock stops guessing of passwords and ends nothing that stands: else five wrong guesses of a stranger
    # would stop every program of a person. But who opens an account anew may be another than who had it.
    opened_since = Invitation.objects.filter(person=person, used_at__gte=token.issued_at)
    return "its account was opened anew since" if opened_since.exists() else ""


def _session(token: Token, where: Mapping[str, Any]) -> Session:
    row = sessions.still_open(token.session_id, token.person_id) if token.session_id else None
    if row is not None:
        sessions.seen(row)
        return row
    with transaction.atomic(durable=True):
        locked: Token = Token.objects.select_for_update(of=("self",)).get(id=token.id)
        if locked.revoked_at is not None:
            raise BadToken("This token opens nothing: it was revoked.")
        begun: Session | None = Session.objects.open().filter(id=locked.session_id).first()
        if begun is not None:
            return begun  # Another request of the same program was faster.
        fresh = sessions.open_row(
            token.person,
            mfa=token.mfa,
            how=f"API token {token.name}",
            detail={"token": str(token.id), "scopes": token.scopes},
            **where,
        )
        Token.objects.filter(id=token.id).update(session=fresh, memory={})
    return fresh


class Memory(dict[str, Any]):
    """What pages keep in the session of a browser, kept beside the token: the permits that its questions go
    on under. It looks to Django's session middleware like one that nobody touched, so no cookie is set.
    """

    accessed = modified = False

    def __init__(self, token: UUID, said: Mapping[str, Any]) -> None:
        super().__init__(said)
        self._token = token

    def is_empty(self) -> bool:
        return False

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        Token.objects.filter(id=self._token).update(memory=dict(self))
