"""The child process that connects to a stream once and says what it carries.

It is run by `cameras.probe` as a script of its own: it imports nothing of ours, gets no settings, no
database and no keys, and works under limits, because what it parses comes from a stranger. On standard
input it reads one JSON object {ip, port, path, user, password, seconds}; on standard output it writes
one: {codec, width, height, frame_rate, still} (JPEG, base64) or {failure}.

FFmpeg follows an RTSP redirect by itself, and would so leave the address that was checked. It is
therefore given a loopback address, behind which this process forwards to the checked one and cuts
the connection at a reply of the 300 class.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import resource
import socket
import sys
import threading
import time
from typing import Any
from urllib.parse import quote

MEMORY_BYTES = 2 << 30
CPU_SECONDS = 10
STILL_WIDTH = 640
RATE_SECONDS = 1.5
MOST_HEAD_BYTES = 64 * 1024


class Redirected(Exception):
    """The camera answered with a redirect."""


def limit() -> None:
    """Give up what a probe does not need."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


class Forwarder:
    """One loopback connection to one camera; its replies are read before they are handed on."""

    def __init__(self, ip: str, port: int, seconds: float) -> None:
        self.camera = socket.create_connection((ip, port), timeout=seconds)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(seconds)
        self.port: int = self.listener.getsockname()[1]
        self.redirected = False
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            local, _ = self.listener.accept()
            self.listener.close()
            threading.Thread(target=self._requests, args=(local,), daemon=True).start()
            try:
                self._replies(local)
            finally:
                local.close()
                self.camera.close()

    def _requests(self, local: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := local.recv(65536):
                self.camera.sendall(data)

    def _replies(self, local: socket.socket) -> None:
        """Hand on replies and interleaved frames (RFC 2326, section 10.12), one whole piece at a time."""
        stream = self.camera.makefile("rb")
        while first := stream.read(1):
            if first == b"$":
                head = stream.read(3)
                local.sendall(first + head + stream.read(int.from_bytes(head[1:3], "big")))
                continue
            head = first
            while not head.endswith(b"\r\n\r\n") and len(head) < MOST_HEAD_BYTES:
                line = stream.readline(MOST_HEAD_BYTES)
                if not line:
                    return
                head += line
            if head.split(b" ", 2)[1:2] and head.split(b" ", 2)[1].startswith(b"3"):
                self.redirected = True
                return
            local.sendall(head + stream.read(min(_length(head), 1 << 20)))


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return int(value)
    return 0


def probe(asked: dict[str, Any]) -> dict[str, Any]:
    """Connect, read until a picture and a frame rate are known, and say what was found."""
    import av

    seconds = float(asked["seconds"])
    try:
        forwarder = Forwarder(asked["ip"], int(asked["port"]), seconds / 2)
    except TimeoutError:
        return {"failure": "timeout"}
    except OSError:
        return {"failure": "unreachable"}
    login = (
        f"{quote(asked['user'], safe='')}:{quote(asked['password'], safe='')}@" if asked.get("user") else ""
    )
    url = f"rtsp://{login}127.0.0.1:{forwarder.port}{asked['path']}"
    options = {
        "rtsp_transport": "tcp",
        "protocol_whitelist": "rtsp,rtp,tcp",
        "allowed_media_types": "video",
        "analyzeduration": "500000",  # microseconds; what is found then is what we say
    }
    try:
        with av.open(url, options=options, timeout=(seconds / 2, seconds / 2)) as container:
            return _look(container, seconds)
    except av.error.HTTPUnauthorizedError:
        return {"failure": "unauthorized"}
    except av.error.HTTPNotFoundError:
        return {"failure": "not_found"}
    except (TimeoutError, av.error.ExitError):
        return {"failure": "timeout"}
    except (OSError, ValueError, av.error.FFmpegError):
        return {"failure": "redirected" if forwarder.redirected else "unreadable"}


def _look(container: Any, seconds: float) -> dict[str, Any]:
    """The first picture as a still, and the frame rate from the time stamps of about two seconds."""
    if not container.streams.video:
        return {"failure": "no_video"}
    stream = container.streams.video[0]
    still = None
    times: list[float] = []
    deadline = time.monotonic() + seconds / 2
    for packet in container.demux(stream):
        if packet.pts is not None and packet.time_base:
            times.append(float(packet.pts * packet.time_base))
        if still is None:
            for frame in packet.decode():
                still = frame.to_image()
                break
        seen = still is not None and max(times, default=0.0) - min(times, default=0.0) >= RATE_SECONDS
        if seen or time.monotonic() > deadline:
            break
    if still is None:
        return {"failure": "no_picture"}
    span = max(times) - min(times) if len(times) > 1 else 0.0
    width, height = still.size
    still.thumbnail((STILL_WIDTH, STILL_WIDTH))
    jpeg = io.BytesIO()
    still.save(jpeg, "JPEG", quality=80)
    return {
        "codec": stream.codec_context.name,
        "width": width,
        "height": height,
        "frame_rate": round((len(times) - 1) / span, 2) if span > 0 else None,
        "still": base64.b64encode(jpeg.getvalue()).decode(),
    }


if __name__ == "__main__":
    limit()
    json.dump(probe(json.load(sys.stdin)), sys.stdout)
