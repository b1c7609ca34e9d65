"""The RTSP/TCP server: many cameras on one port, `rtsp://<host>:<port>/<camera>`.

RTSP/1.0 (RFC 2326) with interleaved RTP only. Everything runs on one event loop; a frame is packetised once
and written once per client. A client that does not read is dropped, never buffered without bound.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from cameras.simulated.camera import Camera, LoopCamera
from cameras.simulated.connection import Connection, House
from cameras.simulated.digest import DigestGate
from cameras.simulated.pacer import Pacer

BUFFER_LIMIT = 1 << 20
"""Octets that may wait for one client beyond the kernel's own buffers: some seconds of video."""


class RtspServer:
    """Create and use it on one event loop."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        gate: DigestGate | None = None,
        buffer_limit: int = BUFFER_LIMIT,
        session_timeout_s: int = 60,
        on_event: Callable[[dict[str, Any]], None] = lambda event: None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._pacer = Pacer(self._loop)
        self._members: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self.cameras: dict[str, Camera] = {}
        self._house = House(self.cameras, gate, host, buffer_limit, session_timeout_s, on_event)

    async def listen(self, port: int = 0) -> int:
        """Answers the port taken. Raises OSError where it is not free."""
        self._server = await self._loop.create_server(
            lambda: Connection(self._house, self._members), self._house.host, port, backlog=512
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        self._pacer.close()
        if self._server is not None:
            self._server.close()
        for connection in list(self._members):
            connection.drop("server closed")
        for camera in self.cameras.values():
            await camera.close()
        # The transports report their end on the next turn of the loop.
        while self._members:
            await asyncio.sleep(0)
        if self._server is not None:
            await self._server.wait_closed()

    def add_loop_camera(self, name: str, title: str = "", *, offset_s: float = 0.0) -> LoopCamera:
        """A camera that answers 503 until it is shown a film."""
        camera = LoopCamera(name, title or name, self._pacer, start_s=self._loop.time(), offset_s=offset_s)
        self.add(camera)
        return camera

    def add(self, camera: Camera) -> None:
        if camera.name in self.cameras or not camera.name or "/" in camera.name:
            raise ValueError(f"{camera.name!r} is taken or no path")
        self.cameras[camera.name] = camera
