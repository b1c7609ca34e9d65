"""One RTSP connection (RFC 2326): a client that may set up and play one camera."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from cameras.simulated.camera import Camera
from cameras.simulated.digest import DigestGate, Verdict
from cameras.simulated.rtsp import BadMessage, Interleaved, Reader, Request, response
from cameras.simulated.sender import RtpSender

METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"
_INTERLEAVED = re.compile(r"interleaved=(\d{1,3})-(\d{1,3})")

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class House:
    """What all connections share."""

    cameras: dict[str, Camera]
    gate: DigestGate | None
    host: str
    buffer_limit: int
    session_timeout_s: int
    on_event: Callable[[dict[str, Any]], None]


class Refusal(Exception):
    """A request that is answered with an error status."""

    def __init__(self, status: int, *headers: tuple[str, str]) -> None:
        super().__init__(status)
        self.status = status
        self.headers = list(headers)


class Connection(asyncio.Protocol):
    def __init__(self, house: House, members: set[Connection]) -> None:
        self._house = house
        self._members = members
        self._reader = Reader()
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._watchdog: asyncio.TimerHandle | None = None
        self._heard_s = self._loop.time()
        self._camera: Camera | None = None
        self._session: str | None = None
        self._playing = False
        self.senders: dict[str, RtpSender] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._members.add(self)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._members.discard(self)
        if self._watchdog is not None:
            self._watchdog.cancel()
        self._leave("connection ended")

    def drop(self, reason: str) -> None:
        """End at once, as a pulled plug would; what was not sent is lost."""
        self._leave(reason)
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._heard_s = self._loop.time()
        try:
            for message in self._reader.feed(data):
                # Receiver reports say nothing that this camera acts on; they only show that the client lives.
                if not isinstance(message, Interleaved):
                    self._answer(message)
        except BadMessage:
            self._transport.write(response(400, None, []))
            self._transport.close()

    def _watch(self) -> None:
        """Over TCP the connection is the sign of life, yet a client may die without closing it."""
        left = self._heard_s + self._house.session_timeout_s - self._loop.time()
        if left <= 0:
            self.drop("session timed out")
        else:
            self._watchdog = self._loop.call_later(left, self._watch)

    def _answer(self, request: Request) -> None:
        cseq = request.headers.get("cseq")
        try:
            camera = self._camera_of(request)
            if camera is not None and camera.faults.mute:
                return
            status, headers, body = self._handle(request, camera)
        except Refusal as refusal:
            status, headers, body = refusal.status, refusal.headers, b""
        self._transport.write(response(status, cseq, headers, body))
        if status == 200 and request.method == "PLAY":
            self._begin()
        elif status == 200 and request.method == "TEARDOWN":
            self._leave("teardown")
            self._session, self._camera, self.senders = None, None, {}

    def _handle(self, request: Request, camera: Camera | None) -> tuple[int, Headers, bytes]:
        if request.version != "RTSP/1.0":
            raise Refusal(505)
        if request.method == "OPTIONS":
            return 200, [("Public", METHODS)], b""
        if request.method not in METHODS.split(", "):
            raise Refusal(501, ("Public", METHODS))
        self._check_password(request, camera)
        if camera is None:
            raise Refusal(404)
        if camera.faults.redirect_to is not None:
            raise Refusal(302, ("Location", camera.faults.redirect_to))
        if not camera.on or not camera.ready:
            raise Refusal(503, ("Retry-After", "2"))
        if request.method == "DESCRIBE":
            return self._describe(request, camera)
        if request.method == "SETUP":
            return self._setup(request, camera)
        if request.method != "GET_PARAMETER" or "session" in request.headers:
            self._check_session(request)
        if request.method == "PLAY":
            return self._play(request, camera)
        return 200, [("Session", self._session)] if self._session else [], b""

    def _camera_of(self, request: Request) -> Camera | None:
        if request.url == "*":
            return self._camera
        return self._house.cameras.get(_path(request.url)[0])

    def _check_password(self, request: Request, camera: Camera | None) -> None:
        gate = self._house.gate
        refused = camera is not None and camera.faults.refuses_auth
        if gate is None:
            if refused:
                raise Refusal(401)
            return
        now = self._loop.time()
        verdict = gate.check(
            request.headers.get("authorization"), method=request.method, url=request.url, now_s=now
        )
        if verdict is not Verdict.ACCEPTED or refused:
            stale = verdict is Verdict.STALE and not refused
            raise Refusal(401, *(("WWW-Authenticate", c) for c in gate.challenges(now, stale=stale)))

    def _describe(self, request: Request, camera: Camera) -> tuple[int, Headers, bytes]:
        accept = request.headers.get("accept", "application/sdp")
        if "application/sdp" not in accept and "*/*" not in accept:
            raise Refusal(406)
        headers = [("Content-Base", request.url.rstrip("/") + "/"), ("Content-Type", "application/sdp")]
        return 200, headers, camera.sdp(self._house.host)

    def _setup(self, request: Request, camera: Camera) -> tuple[int, Headers, bytes]:
        track = _path(request.url)[1]
        if track not in camera.tracks:
            raise Refusal(404)
        if self._playing or self._camera not in (None, camera):
            raise Refusal(455)
        if self._session is not None and "session" in request.headers:
            self._check_session(request)
        channel = self._channel(request.headers.get("transport", ""))
        self._camera = camera
        self._session = self._session or secrets.token_hex(8)
        self.senders[track] = RtpSender(
            self._transport, channel, self._house.buffer_limit, lambda: self.drop("slow client")
        )
        timeout = self._house.session_timeout_s
        return 200, [
            ("Transport", f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"),
            ("Session", f"{self._session};timeout={timeout}"),
        ], b""  # fmt: skip

    def _channel(self, transports: str) -> int:
        for offer in transports.split(","):
            if offer.strip().upper().startswith("RTP/AVP/TCP"):
                channels = _INTERLEAVED.search(offer)
                first = int(channels[1]) if channels else 2 * len(self.senders)
                if first < 255:
                    return first
        raise Refusal(461)

    def _check_session(self, request: Request) -> None:
        if self._session is None or request.headers.get("session", "").partition(";")[0] != self._session:
            raise Refusal(454)

    def _play(self, request: Request, camera: Camera) -> tuple[int, Headers, bytes]:
        if not self.senders or camera is not self._camera:
            raise Refusal(455)
        first = camera.play(self, self._loop.time()) if not self._playing else {}
        self._playing = True
        info = ",".join(
            f"url={request.url.rstrip('/')}/{track};seq={sender.sequence};rtptime={sender.timestamp(ticks)}"
            for track, sender in self.senders.items()
            if (ticks := first.get(track)) is not None
        )
        headers = [("Session", str(self._session)), ("Range", "npt=now-")]
        return 200, headers + ([("RTP-Info", info)] if info else []), b""

    def _begin(self) -> None:
        if self._camera is not None:
            self._house.on_event(
                {"event": "playing", "camera": self._camera.name, "watchers": len(self._camera.watchers)}
            )

    def _leave(self, reason: str) -> None:
        if self._camera is not None and self._playing:
            self._playing = False
            self._camera.leave(self)
            self._house.on_event({"event": "left", "camera": self._camera.name, "reason": reason})


def _path(url: str) -> tuple[str, str]:
    """(camera, track) of a URL; the track is empty where the URL names the whole camera."""
    camera, _, track = urlsplit(url).path.strip("/").partition("/")
    return camera, track
