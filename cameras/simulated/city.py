"""The simulated cameras for use inside a test or a benchmark: a server on a thread of its own, with faults.

with SimulatedCity(gate=DigestGate("user", "password")) as city:
    city.add("cam01", clip_path)
    city.url("cam01")          # rtsp://127.0.0.1:<port>/cam01
    city.stall("cam01")        # connected, but sends nothing
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

from cameras.simulated.camera import Camera, LoopCamera
from cameras.simulated.clock import ClockCamera
from cameras.simulated.digest import DigestGate
from cameras.simulated.film import Film, make_film
from cameras.simulated.loop import Loop, read_loop
from cameras.simulated.server import BUFFER_LIMIT, RtspServer

T = TypeVar("T")
Event = dict[str, Any]
ANSWER_S = 30.0


class SimulatedCity:
    """Every method may be called from any thread; each has taken effect when it returns."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        gate: DigestGate | None = None,
        buffer_limit: int = BUFFER_LIMIT,
        session_timeout_s: int = 60,
    ) -> None:
        self.host, self.port, self.gate = host, port, gate
        self._limits = {"buffer_limit": buffer_limit, "session_timeout_s": session_timeout_s}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulated-city", daemon=True)
        self._server: RtspServer
        self._films: dict[Path, Film] = {}
        self._heard = threading.Condition()
        self.events: list[Event] = []

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(ANSWER_S)
        return self

    def __exit__(self, *exc: object) -> None:
        asyncio.run_coroutine_threadsafe(self._server.close(), self._loop).result(ANSWER_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(ANSWER_S)
        self._loop.close()

    async def _open(self) -> None:
        self._server = RtspServer(host=self.host, gate=self.gate, on_event=self._note, **self._limits)
        self.port = await self._server.listen(self.port)

    # What there is.

    def add(
        self, name: str, source: Path | Loop | None = None, *, title: str = "", offset_s: float = 0.0
    ) -> None:
        """A camera that plays `source`; without one it answers 503 until `show`."""
        film = None if source is None else self._film(source)

        def make() -> None:
            camera = self._server.add_loop_camera(name, title, offset_s=offset_s)
            if film is not None:
                camera.show(film, self._loop.time())

        self._run(make)

    def add_clock(
        self, name: str = "clock", *, width: int = 640, height: int = 360, frame_rate: int = 20
    ) -> None:
        self._run(
            lambda: self._server.add(ClockCamera(name, width=width, height=height, frame_rate=frame_rate))
        )

    def url(self, name: str) -> str:
        return f"rtsp://{self.host}:{self.port}/{name}"

    def watchers(self, name: str) -> int:
        return self._run(lambda: len(self._camera(name).watchers))

    # What may go wrong.

    def show(self, name: str, source: Path | Loop) -> None:
        """Another clip from now on: another size in mid-stream, with timestamps that run on."""
        film = self._film(source)
        self._run(lambda: self._player(name).show(film, self._loop.time()))

    def stop(self, name: str) -> None:
        """Off: connections are cut, requests answered 503."""

        def off() -> None:
            camera = self._camera(name)
            camera.on = False
            camera.drop_all("camera off")

        self._run(off)

    def start(self, name: str) -> None:
        self._run(lambda: setattr(self._camera(name), "on", True))

    def stall(self, name: str) -> None:
        """Connected and answering requests, but no media; ends with `resume`."""
        self._fault(name, stalled=True)

    def mute(self, name: str) -> None:
        """Connected, but neither media nor answers; ends with `resume`."""
        self._fault(name, mute=True)

    def resume(self, name: str) -> None:
        self._run(lambda: self._camera(name).resume())

    def drop(self, name: str) -> None:
        """Cut the connections of all who watch, as a pulled plug would."""
        self._run(lambda: self._camera(name).drop_all("dropped"))

    def refuse_auth(self, name: str, refuse: bool = True) -> None:
        self._fault(name, refuses_auth=refuse)

    def redirect(self, name: str, url: str | None) -> None:
        """Answer 302 to `url`; None ends it."""
        self._fault(name, redirect_to=url)

    def shift_clock(self, name: str, seconds: float) -> None:
        """The camera's own clock (NTP in its sender reports) is ahead by `seconds`."""
        self._fault(name, clock_offset_s=seconds)

    def lose_frames(self, name: str, count: int) -> None:
        """The next video frames never go out, though their sequence numbers are used."""
        self._fault(name, lose_frames=count)

    def jump(self, name: str, seconds: float) -> None:
        """RTP timestamps leap by `seconds` (back, where negative)."""
        self._run(lambda: self._player(name).jump(seconds))

    # What happened.

    def wait_for(self, event: str, *, timeout_s: float = 60.0, since: int = 0, **fields: object) -> Event:
        """The first event of that name and with those fields, from the `since`th on. Raises TimeoutError."""

        def found() -> Event | None:
            wanted = {"event": event, **fields}
            return next((e for e in self.events[since:] if wanted.items() <= e.items()), None)

        with self._heard:
            if not self._heard.wait_for(lambda: found() is not None, timeout_s):
                raise TimeoutError(f"no {event} {fields} within {timeout_s} s")
            result = found()
        assert result is not None
        return result

    def _note(self, event: Event) -> None:
        with self._heard:
            self.events.append(event)
            self._heard.notify_all()

    def _film(self, source: Path | Loop) -> Film:
        if isinstance(source, Loop):
            return make_film(source)
        if source not in self._films:
            self._films[source] = make_film(read_loop(source))
        return self._films[source]

    def _camera(self, name: str) -> Camera:
        return self._server.cameras[name]

    def _player(self, name: str) -> LoopCamera:
        camera = self._camera(name)
        if not isinstance(camera, LoopCamera):
            raise TypeError(f"{name} plays no clip")
        return camera

    def _fault(self, name: str, **changes: object) -> None:
        def change() -> None:
            for key, value in changes.items():
                setattr(self._camera(name).faults, key, value)

        self._run(change)

    def _run(self, act: Callable[[], T]) -> T:
        async def on_loop() -> T:
            return act()

        return asyncio.run_coroutine_threadsafe(on_loop(), self._loop).result(ANSWER_S)
