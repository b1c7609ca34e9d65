"""The child process that looks into a file that was handed in.

It is run by `rtcc.partners.probe` as a script of its own: it imports nothing of ours, gets no settings, no
database, no keys and no file, and works under limits, because what it parses comes from a stranger. It asks
for bytes on standard output (u64 offset, u32 length) and gets them on standard input (u32 length, bytes).
With the offset of all ones it gives its answer, a JSON object of that length. The first line of its input is
the file's size.

FFmpeg opens nothing by itself: no protocol is allowed, and playlists are no format here.
"""

from __future__ import annotations

import json
import resource
import struct
import sys
from datetime import datetime
from typing import Any

MEMORY_BYTES = 2 << 30
CPU_SECONDS = 10
ANSWER = 2**64 - 1
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg"
MOST_FRAMES = 300


def limit() -> None:
    """Give up what looking does not need."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))


class Asked:
    """The file, as far as the parent hands it over."""

    def __init__(self, size: int) -> None:
        self._size, self._at = size, 0
        self._in, self._out = sys.stdin.buffer, sys.stdout.buffer

    def read(self, length: int) -> bytes:
        self._out.write(struct.pack(">QI", self._at, length))
        self._out.flush()
        (given,) = struct.unpack(">I", self._in.read(4))
        data = self._in.read(given)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = max(0, (0, self._at, self._size)[whence] + offset)
        return self._at

    def tell(self) -> int:
        return self._at


def probe(file: Asked) -> dict[str, Any]:
    """Open it, decode one picture, and say what was found."""
    import av

    options = {"format_whitelist": FORMATS, "protocol_whitelist": "", "analyzeduration": "5000000"}
    try:
        with av.open(file, mode="r", options=options) as container:
            return _look(container)
    except (OSError, ValueError, EOFError, av.error.FFmpegError):
        return {"failure": "unreadable"}


def _look(container: Any) -> dict[str, Any]:
    if not container.streams.video:
        return {"failure": "no_video"}
    stream = container.streams.video[0]
    frame = None
    for count, packet in enumerate(container.demux(stream)):
        frame = next(iter(packet.decode()), None)
        if frame is not None or count > MOST_FRAMES:
            break
    if frame is None:
        return {"failure": "no_picture"}
    length = container.duration / 1e6 if container.duration else None
    if length is None and stream.duration and stream.time_base:
        length = float(stream.duration * stream.time_base)
    if not length or length <= 0:
        return {"failure": "no_length"}
    return {
        "format": container.format.name,
        "codec": stream.codec_context.name,
        "width": frame.width,
        "height": frame.height,
        "duration_s": length,
        "made_at": _made_at(container.metadata, stream.metadata),
    }


def _made_at(*metadata: dict[str, str]) -> str | None:
    """What the file states as its time of recording (ISO 8601), if it states one that is a time."""
    for each in metadata:
        try:
            found = datetime.fromisoformat(each.get("creation_time", ""))
        except ValueError:
            continue
        # Recorders that know no time write the first instant of an epoch.
        if found.tzinfo is not None and found.year > 1990:
            return found.isoformat()
    return None


def main() -> None:
    """Look, and give the answer."""
    size = int(sys.stdin.buffer.readline())
    answer = json.dumps(probe(Asked(size))).encode()
    sys.stdout.buffer.write(struct.pack(">QI", ANSWER, len(answer)) + answer)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    limit()
    main()
