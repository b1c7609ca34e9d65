"""Keeps one camera connected: resolve, connect, handshake, play, and again after every failure.

All methods belong to the engine's thread.
"""

from __future__ import annotations

import selectors
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field

from evidence.recorder.camera import Camera, CameraSpec
from evidence.recorder.capture import Capture, Clocks
from evidence.recorder.client import AllowAddress, GoElsewhere
from evidence.recorder.link import Link, ReadBuffer, connection_error
from evidence.recorder.reconnect import Backoff
from evidence.recorder.states import AddressRefused, CameraState, GapReason, ProtocolError
from rtcc.logs import log

Resolve = Callable[[CameraSpec, str], tuple[str, int]]
"""(camera, URL) -> (IP address, port). Called in a thread of its own before each connection, for redirects
and for control URLs on another host. Raises AddressRefused where the address is not allowed, OSError where
there is none."""

CONNECT_S = 5.0
RESOLVE_S = 10.0
MAX_REDIRECTS = 3
COUNT_S = 5.0
HEAVY_BITS_PER_SECOND = 4_000_000
"""Above this a socket's buffer may fill up between two turns: the camera is read at once."""

_log = log("recorder")


@dataclass(slots=True)
class Loop:
    """What all cameras of an engine share."""

    resolve: Resolve
    resolvers: Executor
    tell: Callable[[Callable[[], None]], None]
    drain_s: float
    clocks: Clocks = field(default_factory=Clocks)
    shared: ReadBuffer = field(default_factory=ReadBuffer)
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)


class Keeper:
    """One camera in the engine."""

    def __init__(self, camera: Camera, backoff: Backoff, loop: Loop) -> None:
        self.camera = camera
        self.watchers = 0
        self._backoff = backoff
        self._loop = loop
        self._url = camera.spec.url
        self._redirects = 0
        self._attempt = 0  # answers to questions of an older attempt are dropped
        self._due_s = 0.0  # when the present state has lasted too long, or the next attempt begins
        self._counted_s = 0.0
        self._link: Link | None = None
        self._registered = 0  # selector events asked for now

    def start(self) -> None:
        """Footage is expected from now on."""
        self.camera.added(self._utc_s)
        self._carefully(self._seek)

    def stop(self) -> None:
        """Says goodbye and keeps what was received."""
        if self._link is not None and self._link.capture is not None:
            client = self._link.capture.client
            client.teardown()
            try:
                self._link.flush(client.outgoing)
            except OSError as error:
                _log.info("goodbye_unsent", camera=self.camera.spec.id, error=str(error))
        self._hang_up()
        self._state(CameraState.STOPPED)
        self.camera.end(GapReason.STOPPED, "recording was stopped", self._utc_s)

    def ready(self, mask: int) -> None:
        """The selector says that the socket is ready."""
        self._carefully(self._connected if mask & selectors.EVENT_WRITE else self._read)

    def turn(self) -> None:
        """This camera's turn, every `drain_s`: read what came, see what is due."""
        self._carefully(self._take_turn)

    def refresh(self) -> None:
        """Somebody came to watch, or left."""
        if self.camera.statistics.state is CameraState.PLAYING:
            self._listen()

    @property
    def _utc_s(self) -> float:
        return self._loop.clocks.monotonic_s + self._loop.clocks.utc_ahead_s

    def _state(self, state: CameraState, lasts_s: float = 0.0) -> None:
        self.camera.statistics.state = state
        self._due_s = self._loop.clocks.monotonic_s + lasts_s

    def _carefully(self, act: Callable[[], None]) -> None:
        """Runs one step; whatever goes wrong ends this camera's connection and no other's."""
        try:
            act()
        except ProtocolError as error:
            self._fail(error)
        except OSError as error:
            self._fail(connection_error(error.errno or 0))
        except Exception:  # noqa: BLE001 - logged; the line below says why
            # A fault of ours with one camera's bytes must not stop the recording of all the others.
            _log.exception("internal_error", camera=self.camera.spec.id)
            self._fail(ProtocolError("the recorder failed on this camera", GapReason.INTERNAL_ERROR))

    def _fail(self, error: ProtocolError) -> None:
        capture = self._link.capture if self._link else None
        since_s = capture.playing_since_s if capture else None
        played_s = self._loop.clocks.monotonic_s - since_s if since_s is not None else 0.0
        self._hang_up()
        self.camera.end(error.reason, error.detail, self._utc_s)
        self._url, self._redirects = self.camera.spec.url, 0
        self._state(CameraState.WAITING, self._backoff.delay_s(played_s))

    def _hang_up(self) -> None:
        self._attempt += 1
        link, self._link = self._link, None
        if link is not None:
            self._register(link, 0)
            link.close()

    def _take_turn(self) -> None:
        state = self.camera.statistics.state
        late = self._loop.clocks.monotonic_s >= self._due_s
        if state is CameraState.WAITING:
            if late:
                self._seek()
        elif state in (CameraState.RESOLVING, CameraState.CONNECTING):
            if late:
                raise ProtocolError("the camera's address did not answer in time", GapReason.TIMEOUT)
        elif self._link is not None and self._link.capture is not None:
            if not self._registered:
                self._read()
            self._check(self._link.capture)

    def _check(self, capture: Capture) -> None:
        capture.check()
        if self._link is not None:
            self._link.flush(capture.client.outgoing)
        now = self._loop.clocks.monotonic_s
        if now - self._counted_s >= COUNT_S:
            self._counted_s = now
            self.camera.count(self._utc_s)
            self._listen()

    def _seek(self) -> None:
        """Asks for the address; the answer comes as a command."""
        self._state(CameraState.RESOLVING, RESOLVE_S)
        self._ask(self._url, self._connect)

    def _ask(self, url: str, then: Callable[[tuple[str, int]], None]) -> None:
        attempt = self._attempt
        future = self._loop.resolvers.submit(self._loop.resolve, self.camera.spec, url)

        def answered(future: Future[tuple[str, int]]) -> None:
            if not future.cancelled():
                self._loop.tell(lambda: self._carefully(lambda: self._resolved(attempt, future, then)))

        future.add_done_callback(answered)

    def _resolved(
        self, attempt: int, future: Future[tuple[str, int]], then: Callable[[tuple[str, int]], None]
    ) -> None:
        if attempt != self._attempt:
            return
        try:
            address = future.result()
        except AddressRefused as error:
            detail = str(error) or "the address is not allowed"
            raise ProtocolError(detail, GapReason.ADDRESS_REFUSED) from error
        except OSError as error:
            raise ProtocolError("the camera's name has no address", GapReason.UNREACHABLE) from error
        then(address)

    def _connect(self, address: tuple[str, int]) -> None:
        self._link = Link(address)
        self.camera.statistics.connections += 1
        self._state(CameraState.CONNECTING, CONNECT_S)
        self._register(self._link, selectors.EVENT_WRITE)

    def _connected(self) -> None:
        link = self._link
        if link is None:
            return
        link.connected()
        capture = Capture(self.camera, self._url, self._loop.clocks, self._reading_s)
        link.capture = capture
        self._state(CameraState.HANDSHAKE)
        self._register(link, selectors.EVENT_READ)
        link.flush(capture.client.outgoing)

    def _read(self) -> None:
        link = self._link
        if link is None or link.capture is None:
            return
        capture = link.capture
        self.camera.statistics.bytes += link.read(capture, self._loop.shared)
        if self.camera.statistics.state is CameraState.PLAYING:
            return
        self._grant(capture)
        if self._link is link:
            link.flush(capture.client.outgoing)
        if capture.playing_since_s is not None:
            self._state(CameraState.PLAYING)
            self._listen()

    def _grant(self, capture: Capture) -> None:
        wish, capture.client.wish = capture.client.wish, None
        if isinstance(wish, AllowAddress):
            self._ask(wish.url, lambda _: self._go_on(capture))
        elif isinstance(wish, GoElsewhere):
            self._redirects += 1
            if self._redirects > MAX_REDIRECTS:
                raise ProtocolError("the camera redirects without end", GapReason.REFUSED)
            self._url = wish.url
            self._hang_up()
            self._seek()

    def _go_on(self, capture: Capture) -> None:
        capture.client.address_allowed()
        if self._link is not None:
            self._link.flush(capture.client.outgoing)

    def _reads_at_once(self) -> bool:
        camera = self.camera
        return bool(
            self.watchers or camera.live.watched or camera.statistics.bits_per_second > HEAVY_BITS_PER_SECOND
        )

    def _reading_s(self) -> float:
        """How long bytes may have waited in the socket."""
        return 0.0 if self._registered else self._loop.drain_s

    def _listen(self) -> None:
        if self._link is not None:
            self._register(self._link, selectors.EVENT_READ if self._reads_at_once() else 0)

    def _register(self, link: Link, events: int) -> None:
        if events == self._registered:
            return
        if not events:
            self._loop.selector.unregister(link.socket)
        elif self._registered:
            self._loop.selector.modify(link.socket, events, self)
        else:
            self._loop.selector.register(link.socket, events, self)
        self._registered = events
