"""The sample pages on loopback, under the content security policy of the real room, with a live socket
and footage that speak the recorder's frames. What a page does alone is tried here; what the room does is not.
"""

from __future__ import annotations

import asyncio
import json
import mimetypes
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.dateparse import parse_datetime
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from rtcc.onebox.options import ROOT
from tests.browser import clip, samples

PAGES = ROOT / "rtcc" / "pages"


def _policy(socket: str) -> str:
    """The header as the settings have it, with the sample socket's address for the room's own."""
    rules: dict[str, list[str]] = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    words = {**rules, "connect-src": ["'self'", socket]}
    return "; ".join(f"{name} {' '.join(map(str, sources))}" for name, sources in words.items())


class LiveSocket:
    """A WebSocket that sends the clip to every tile that is opened. Tests tell it to fall silent or end."""

    def __init__(self) -> None:
        self.silent = Event()
        # The network is gone, and nobody has said so: sockets stay open, nothing comes, nothing is answered.
        self.away = Event()
        self.codec = "avc1.4d400d"
        self.opened: list[int] = []
        self._loop = asyncio.new_event_loop()
        self._started = Event()
        self._connections: set[ServerConnection] = set()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()
        self._started.wait()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._port}"

    def end(self, tile: int, sentence: str) -> None:
        message = json.dumps({"tile": tile, "event": "ended", "sentence": sentence})
        asyncio.run_coroutine_threadsafe(self._tell(message), self._loop).result(5)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._server: Server = await serve(self._talk, "127.0.0.1", 0, compression=None)
        self._port = next(iter(self._server.sockets)).getsockname()[1]
        self._started.set()
        await self._server.wait_closed()

    async def _tell(self, message: str) -> None:
        for connection in self._connections:
            await connection.send(message)

    async def _talk(self, connection: ServerConnection) -> None:
        self._connections.add(connection)
        tiles: dict[int, asyncio.Task[None]] = {}
        try:
            async for text in connection:
                message = json.loads(text)
                while self.away.is_set():
                    await asyncio.sleep(0.05)
                if message["op"] == "here":
                    await connection.send(json.dumps({"tile": -1, "event": "here", "sentence": ""}))
                    continue
                tile = int(message["tile"])
                if running := tiles.pop(tile, None):
                    running.cancel()
                if message["op"] == "open":
                    self.opened.append(tile)
                    tiles[tile] = asyncio.create_task(self._picture(connection, tile))
        finally:
            self._connections.discard(connection)
            for task in tiles.values():
                task.cancel()

    async def _picture(self, connection: ServerConnection, tile: int) -> None:
        head = bytes((tile, 1)) + clip.init_payload(self.codec)
        try:
            await connection.send(head)
            for number in range(len(clip.clip().frames)):
                # The last GOP comes at once, as the recorder sends it; the rest at its own pace.
                if number >= clip.GOP:
                    await asyncio.sleep(1 / clip.FRAME_RATE)
                while self.silent.is_set() or self.away.is_set():
                    await asyncio.sleep(0.05)
                await connection.send(bytes((tile, 2)) + clip.chunk_payload(number, time.time()))
        except ConnectionClosed:
            return


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path.startswith("/look/"):
            template, context = samples.pages(self.server.live.url)[url.path.removeprefix("/look/")]
            self._answer(render_to_string(template, dict(context)).encode(), "text/html; charset=utf-8")
        elif url.path.startswith("/static/"):
            self._file(url.path)
        elif url.path == "/play/fragments":
            self._footage(parse_qs(url.query))
        elif url.path == "/play/timeline":
            self._json(samples.timeline())
        elif url.path == "/bulletins/state/":
            self._json({"sent": samples.SENT})
        elif url.path == "/bulletins/to-whom/":
            self._json(samples.TO_WHOM)
        elif url.path == "/play/state":
            self._json(self.server.state)
        else:
            self._answer(b"", "text/plain", status=404)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        answer = self.server.answers.get(self.path, (200, {}))
        self.server.posted.append(self.path)
        self._json(answer[1], status=answer[0])

    def _file(self, path: str) -> None:
        file = (PAGES / path.lstrip("/")).resolve()
        if file.is_relative_to(PAGES / "static") and file.is_file():
            self._answer(file.read_bytes(), mimetypes.guess_type(file.name)[0] or "application/octet-stream")
        else:
            self._answer(b"no such file", "text/plain", status=404)

    def _footage(self, query: dict[str, list[str]]) -> None:
        """Seconds 0-5 and 8-12 of the sample session; the gap between is explained by the timeline."""
        start, end = (parse_datetime(query[name][0]) for name in ("from", "to"))
        assert start is not None
        assert end is not None
        self.server.asked.append((start, end))
        origin = samples.NOW
        body = b""
        if query.get("file") != ["f1"]:
            body += clip.frame(1, clip.init_payload(file="f1", zero=origin.timestamp()))
        for second in (*range(5), *range(8, 12)):
            at = origin.timestamp() + second
            if start.timestamp() < at + 1 and at < end.timestamp():
                body += clip.frame(2, clip.gop_payload(second, at))
        self._answer(body, "application/octet-stream")

    def _json(self, body: object, *, status: int = 200) -> None:
        self._answer(json.dumps(body).encode(), "application/json", status=status)

    def _answer(self, body: bytes, kind: str, *, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", _policy(self.server.live.url))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: a page's faults are read in the browser."""


class _Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.live = LiveSocket()
        self.answers: dict[str, tuple[int, object]] = {}
        self.posted: list[str] = []
        self.asked: list[tuple[Any, Any]] = []
        self.state: dict[str, str] = {"state": "open"}


class SampleRoom:
    """`with SampleRoom() as room:` serves until the block ends; `room.look(name)` is a page's address."""

    def __enter__(self) -> SampleRoom:
        self.server = _Server()
        self._thread = Thread(target=self.server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *fault: object) -> None:
        self.server.live.stop()
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    @property
    def live(self) -> LiveSocket:
        return self.server.live

    def look(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/look/{name}"
