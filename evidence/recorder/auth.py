"""Answers to a camera's WWW-Authenticate: Digest (RFC 7616, and 2617 for MD5 without qop) and Basic."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from evidence.recorder.states import GapReason, ProtocolError

MAX_CHALLENGES = 8
MAX_CHALLENGE_CHARS = 4096
MAX_REFUSALS = 4
"""401s in a row before a camera that calls every nonce stale is given up."""

_HASHES: dict[str, Callable[[bytes], str]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
}
_STRENGTH = {"SHA-256": 2, "MD5": 1}

_PART = re.compile(
    r"[\s,]*(?P<token>[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64})"
    r"(?:\s*=\s*(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<plain>[^\s,\"]*)))?"
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A stream's user name and password. Never printed."""

    username: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One offered scheme (lower case) with its parameters (names in lower case)."""

    scheme: str
    parameters: dict[str, str]


def parse_challenges(values: list[str]) -> list[Challenge]:
    """All challenges in all WWW-Authenticate headers. Raises ProtocolError."""
    challenges: list[Challenge] = []
    for value in values:
        if len(value) > MAX_CHALLENGE_CHARS:
            raise ProtocolError("the camera sent an authentication challenge that is too long")
        at = 0
        while at < len(value) and value[at:].strip(" \t,"):
            part = _PART.match(value, at)
            if part is None:
                raise ProtocolError("the camera sent an authentication challenge that can't be read")
            at = part.end()
            if part["quoted"] is None and part["plain"] is None:
                challenges.append(Challenge(part["token"].lower(), {}))
            elif challenges:
                text = part["plain"] if part["quoted"] is None else re.sub(r"\\(.)", r"\1", part["quoted"])
                challenges[-1].parameters.setdefault(part["token"].lower(), text)
            if len(challenges) > MAX_CHALLENGES:
                raise ProtocolError("the camera offered too many ways to sign in")
    return challenges


class Authenticator:
    """Answers for one connection. Sends nothing before the camera has asked.

    Basic, which shows the password to the network, is used only where the camera offers nothing else
    and `allow_basic` is set.
    """

    def __init__(
        self,
        credentials: Credentials | None,
        *,
        allow_basic: bool = True,
        cnonce: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._credentials = credentials
        self._allow_basic = allow_basic
        self._cnonce = cnonce
        self._challenge: Challenge | None = None
        self._count = 0
        self._proved = False
        self._refusals = 0

    def challenged(self, values: list[str]) -> None:
        """Takes a 401's challenges. Raises ProtocolError(AUTH_FAILED) when there is no way to answer:
        no credentials, no known scheme, or the same credentials were just refused (not stale)."""
        if self._credentials is None:
            raise ProtocolError("the camera asks for a user name and password", GapReason.AUTH_FAILED)
        challenge = self._choose(parse_challenges(values))
        stale = challenge.parameters.get("stale", "").lower() == "true"
        self._refusals += 1
        if self._challenge is not None and (self._refusals > MAX_REFUSALS or not (stale or self._proved)):
            raise ProtocolError("the camera refused the user name or password", GapReason.AUTH_FAILED)
        self._challenge = challenge
        self._count = 0
        self._proved = False

    def accepted(self) -> None:
        """A request was answered without a 401: the credentials are right, so that a later 401 only
        brings a new nonce (some cameras forget to call it stale)."""
        self._proved = self._challenge is not None
        self._refusals = 0

    def _choose(self, challenges: list[Challenge]) -> Challenge:
        digests = [c for c in challenges if c.scheme == "digest" and _hash_name(c) and _usable_qop(c)]
        if digests:
            return max(digests, key=lambda c: _STRENGTH[_hash_name(c)])
        for challenge in challenges:
            if challenge.scheme == "basic" and self._allow_basic:
                return challenge
        raise ProtocolError("the camera offers no way to sign in that is allowed here", GapReason.AUTH_FAILED)

    def authorization(self, method: str, uri: str) -> str | None:
        """The Authorization header's value for one request, or None before any challenge."""
        challenge, credentials = self._challenge, self._credentials
        if challenge is None or credentials is None:
            return None
        if challenge.scheme == "basic":
            pair = f"{credentials.username}:{credentials.password}".encode()
            return "Basic " + base64.b64encode(pair).decode("ascii")
        self._count += 1
        return _digest(challenge.parameters, credentials, method, uri, self._count, self._cnonce())


def _hash_name(challenge: Challenge) -> str:
    """MD5 or SHA-256; empty when the algorithm is not known."""
    name = challenge.parameters.get("algorithm", "MD5").upper().removesuffix("-SESS")
    return name if name in _HASHES and "nonce" in challenge.parameters else ""


def _usable_qop(challenge: Challenge) -> bool:
    """No qop at all (RFC 2069), or a list that holds auth; auth-int needs bodies and is not offered."""
    qop = challenge.parameters.get("qop")
    return qop is None or "auth" in [word.strip().lower() for word in qop.split(",")]


def _digest(
    parameters: dict[str, str], who: Credentials, method: str, uri: str, count: int, cnonce: str
) -> str:
    """RFC 7616, 3.4.1: the response and the header that carries it."""
    algorithm = parameters.get("algorithm", "MD5")
    hashed = _HASHES[algorithm.upper().removesuffix("-SESS")]
    realm, nonce = parameters.get("realm", ""), parameters["nonce"]
    secret = hashed(f"{who.username}:{realm}:{who.password}".encode())
    if algorithm.upper().endswith("-SESS"):
        secret = hashed(f"{secret}:{nonce}:{cnonce}".encode())
    request_hash = hashed(f"{method}:{uri}".encode())
    fields = [
        f'username="{_quote(who.username)}"',
        f'realm="{_quote(realm)}"',
        f'nonce="{_quote(nonce)}"',
        f'uri="{uri}"',
    ]
    if "qop" in parameters:
        response = hashed(f"{secret}:{nonce}:{count:08x}:{cnonce}:auth:{request_hash}".encode())
        fields += ["qop=auth", f"nc={count:08x}", f'cnonce="{cnonce}"']
    else:
        response = hashed(f"{secret}:{nonce}:{request_hash}".encode())
    fields.append(f'response="{response}"')
    if "algorithm" in parameters:
        fields.append(f"algorithm={algorithm}")
    if "opaque" in parameters:
        fields.append(f'opaque="{_quote(parameters["opaque"])}"')
    return "Digest " + ", ".join(fields)


def _quote(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
