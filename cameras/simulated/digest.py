"""Digest authentication as cameras do it (RFC 2617, RFC 7616): MD5 and SHA-256, qop=auth or none.

Nonces carry their own time under a secret, so nothing is remembered between requests.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from enum import Enum

_PARAMETER = re.compile(r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_HASHES = {"MD5": "md5", "SHA-256": "sha256"}


class Verdict(Enum):
    ACCEPTED = "accepted"
    MISSING = "missing"
    STALE = "stale"
    WRONG = "wrong"


@dataclass(frozen=True)
class DigestGate:
    """Who may pass. `algorithms` in the order in which they are offered; some clients take the last."""

    user: str
    password: str = field(repr=False)
    realm: str = "Simulated camera"
    algorithms: tuple[str, ...] = ("SHA-256", "MD5")
    qop: bool = True
    nonce_lifetime_s: float = 300.0
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)

    def challenges(self, now_s: float, *, stale: bool = False) -> list[str]:
        """The values of the `WWW-Authenticate` headers, one per algorithm (RFC 7616, 3.7)."""
        tail = (', qop="auth"' if self.qop else "") + (", stale=true" if stale else "")
        return [
            f'Digest realm="{self.realm}", nonce="{self._nonce(now_s)}", algorithm={algorithm}{tail}'
            for algorithm in self.algorithms
        ]

    def check(self, authorization: str | None, *, method: str, url: str, now_s: float) -> Verdict:
        """`now_s` is any steady clock, the same one that `challenges` was given."""
        scheme, _, rest = (authorization or "").partition(" ")
        if scheme.lower() != "digest":
            return Verdict.MISSING
        given = {m[1].lower(): m[2] if m[2] is not None else m[3] for m in _PARAMETER.finditer(rest)}
        algorithm = given.get("algorithm", "MD5").upper()
        nonce = given.get("nonce", "")
        if algorithm not in self.algorithms or given.get("uri") != url or not self._is_ours(nonce):
            return Verdict.WRONG
        expected = self._response(algorithm, method, url, given)
        # Stale is said only to who knows the password (RFC 7616, 3.3).
        if not hmac.compare_digest(expected.encode(), given.get("response", "").lower().encode()):
            return Verdict.WRONG
        if given.get("username") != self.user or given.get("realm") != self.realm:
            return Verdict.WRONG
        fresh = 0 <= now_s - _time_of(nonce) <= self.nonce_lifetime_s
        return Verdict.ACCEPTED if fresh else Verdict.STALE

    def _response(self, algorithm: str, method: str, url: str, given: dict[str, str]) -> str:
        def h(text: str) -> str:
            return hashlib.new(_HASHES[algorithm], text.encode(), usedforsecurity=False).hexdigest()

        ha1 = h(f"{self.user}:{self.realm}:{self.password}")
        ha2 = h(f"{method}:{url}")
        if given.get("qop") == "auth":
            return h(f"{ha1}:{given['nonce']}:{given.get('nc', '')}:{given.get('cnonce', '')}:auth:{ha2}")
        return h(f"{ha1}:{given['nonce']}:{ha2}")

    def _nonce(self, now_s: float) -> str:
        stamp = f"{int(now_s * 1000):x}"
        return f"{stamp}-{self._mac(stamp)}"

    def _is_ours(self, nonce: str) -> bool:
        stamp, _, mac = nonce.partition("-")
        return hmac.compare_digest(self._mac(stamp).encode(), mac.encode())

    def _mac(self, stamp: str) -> str:
        return hmac.new(self.secret, stamp.encode(), hashlib.sha256).hexdigest()[:24]


def _time_of(nonce: str) -> float:
    return int(nonce.partition("-")[0], 16) / 1000
