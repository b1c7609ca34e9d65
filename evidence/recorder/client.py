"""The client's side of one RTSP session: OPTIONS, DESCRIBE, SETUP of the video, PLAY, keep-alive, TEARDOWN.

Sans-io. `received` takes messages; what to send stands in `outgoing`; what the caller must do stands in
`wish`. Every failure is a ProtocolError whose reason becomes the gap's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from evidence.recorder import rtsp, sdp
from evidence.recorder.auth import Authenticator
from evidence.recorder.rtsp import Message, check_url, join_control
from evidence.recorder.states import GapReason, ProtocolError

DEFAULT_SESSION_S = 60
MAX_UNANSWERED = 16
MAX_OUTGOING = 64 * 1024

_TRANSPORT = re.compile(r"interleaved=([0-9]{1,3})(?:-([0-9]{1,3}))?", re.IGNORECASE)
_SESSION = re.compile(r"([!-:<-~]{1,256})(?:\s*;\s*timeout\s*=\s*([0-9]{1,6}))?.*")
_REDIRECTS = frozenset({301, 302, 303, 305, 307, 308})
_REASONS = {
    401: GapReason.AUTH_FAILED,
    403: GapReason.AUTH_FAILED,
    404: GapReason.NOT_FOUND,
    410: GapReason.NOT_FOUND,
    415: GapReason.CODEC_NOT_SUPPORTED,
    453: GapReason.REFUSED,
    454: GapReason.CLOSED_BY_CAMERA,
    461: GapReason.REFUSED,
    503: GapReason.REFUSED,
}


@dataclass(frozen=True, slots=True)
class AllowAddress:
    """Ask whether a control URL on another host may be used, then call `address_allowed`."""

    url: str


@dataclass(frozen=True, slots=True)
class GoElsewhere:
    """The camera redirects: close, ask whether this address may be used, connect there."""

    url: str


@dataclass(frozen=True, slots=True)
class TakeVideo:
    """PLAY was accepted: RTP comes on `channel`, RTCP on the one after it."""

    media: sdp.Media
    channel: int
    rtcp_channel: int


Wish = AllowAddress | GoElsewhere | TakeVideo


class Client:
    """One session over one connection to `url`."""

    def __init__(self, url: str, authenticator: Authenticator, supported: frozenset[str]) -> None:
        check_url(url)
        self._url = url
        self._authenticator = authenticator
        self._supported = supported
        self._sequence = 0
        self._waiting: dict[int, tuple[str, str, dict[str, str]]] = {}
        self._session = ""
        self._keep_alive_method = "OPTIONS"
        self._media = sdp.Media("video", 0)
        self._media_url = url
        self._aggregate_url = url
        self._channels = (0, 1)
        self.outgoing = bytearray()
        self.wish: Wish | None = None
        self.keep_alive_every_s = DEFAULT_SESSION_S / 2
        self.playing = False

    def start(self) -> None:
        """The first request."""
        self._send("OPTIONS", self._url)

    def keep_alive(self) -> None:
        """To be called every `keep_alive_every_s` while playing (RFC 2326, 10.8 and 12.37)."""
        if len(self.outgoing) < MAX_OUTGOING:
            self._send(self._keep_alive_method, self._aggregate_url)

    def teardown(self) -> None:
        """Says goodbye where there is a session; the answer is not awaited."""
        if self._session:
            self._send("TEARDOWN", self._aggregate_url)
            self._session = ""

    def address_allowed(self) -> None:
        """The address asked for by `AllowAddress` may be used."""
        self.wish = None
        self._setup()

    def received(self, message: Message) -> None:
        """A message of the camera. Raises ProtocolError."""
        if message.method:
            self._asked(message)
            return
        waiting = self._waiting.pop(_sequence_of(message), None)
        if waiting is None:
            return
        method, url, headers = waiting
        if message.status == 401:
            self._authenticator.challenged(message.headers.get("www-authenticate", []))
            self._send(method, url, headers)
            return
        self._authenticator.accepted()
        if message.status in _REDIRECTS:
            self._redirected(message)
        elif method == "OPTIONS" and not self.playing:
            self._options_answered(message)
        elif self.playing:
            self._keep_alive_answered(message)
        elif message.status != 200:
            reason = _REASONS.get(message.status, GapReason.PROTOCOL_ERROR)
            raise ProtocolError(f"the camera answered {message.status} to {method}", reason)
        elif method == "DESCRIBE":
            self._described(message, url)
        elif method == "SETUP":
            self._set_up(message)
        elif method == "PLAY":
            self.playing = True
            self.wish = TakeVideo(self._media, *self._channels)

    def _asked(self, message: Message) -> None:
        """A request of the camera: only REDIRECT and TEARDOWN mean something to us."""
        if message.method == "REDIRECT":
            self._redirected(message)
        elif message.method == "TEARDOWN":
            raise ProtocolError("the camera ended the session", GapReason.CLOSED_BY_CAMERA)
        elif len(self.outgoing) < MAX_OUTGOING:
            self.outgoing += f"RTSP/1.0 501 Not Implemented\r\nCSeq: {_sequence_of(message)}\r\n\r\n".encode()

    def _redirected(self, message: Message) -> None:
        location = message.get("location") or ""
        check_url(location)
        self.wish = GoElsewhere(location)

    def _options_answered(self, message: Message) -> None:
        public = (message.get("public") or "").upper()
        if "GET_PARAMETER" in public:
            self._keep_alive_method = "GET_PARAMETER"
        self._send("DESCRIBE", self._url, {"Accept": "application/sdp"})

    def _keep_alive_answered(self, message: Message) -> None:
        if message.status == 454:
            raise ProtocolError("the camera has forgotten the session", GapReason.CLOSED_BY_CAMERA)
        if message.status in (405, 501, 551):
            self._keep_alive_method = "OPTIONS"

    def _described(self, message: Message, url: str) -> None:
        base = message.get("content-base") or message.get("content-location") or url
        description = sdp.parse(message.body)
        self._media = sdp.choose_video(description, self._supported)
        self._aggregate_url = join_control(base, description.control)
        self._media_url = join_control(self._aggregate_url, self._media.control)
        here = check_url(self._url)
        for named in (self._media_url, self._aggregate_url):
            if check_url(named) != here:
                self.wish = AllowAddress(named)
                return
        self._setup()

    def _setup(self) -> None:
        self._send("SETUP", self._media_url, {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"})

    def _set_up(self, message: Message) -> None:
        session = _SESSION.fullmatch(message.get("session") or "")
        if session is None:
            raise ProtocolError("the camera set up the video without a session")
        self._session = session[1]
        timeout_s = min(max(int(session[2] or DEFAULT_SESSION_S), 2), 3600)
        self.keep_alive_every_s = timeout_s / 2
        transport = message.get("transport") or ""
        channels = _TRANSPORT.search(transport)
        if channels is None or "TCP" not in transport.upper():
            raise ProtocolError("the camera does not send video over this connection", GapReason.REFUSED)
        first = int(channels[1])
        second = int(channels[2] or first + 1)
        if max(first, second) > 255 or first == second:
            raise ProtocolError("the camera named channels that can't be")
        self._channels = (first, second)
        self._send("PLAY", self._aggregate_url, {"Range": "npt=0.000-"})

    def _send(self, method: str, url: str, headers: dict[str, str] | None = None) -> None:
        self._sequence += 1
        self._waiting[self._sequence] = (method, url, headers or {})
        if len(self._waiting) > MAX_UNANSWERED:
            del self._waiting[min(self._waiting)]
        lines = {"CSeq": str(self._sequence), "User-Agent": "Watchlight", **(headers or {})}
        if self._session:
            lines["Session"] = self._session
        authorization = self._authenticator.authorization(method, url)
        if authorization:
            lines["Authorization"] = authorization
        self.outgoing += rtsp.request(method, url, lines)


def _sequence_of(message: Message) -> int:
    text = (message.get("cseq") or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else -1
