"""Look into a file that was handed in: is it the video that its name says, and what does it state of itself?

The work is done by a child process (`rtcc/partners/probing.py`) without our environment, which asks for the
bytes that it wants; it is given a limited number of them and a limited time.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from evidence.vault.workfile import WorkFile
from rtcc.errors import BadInput
from rtcc.partners.probing import ANSWER

SECONDS = 30.0
MOST_READ_BYTES = 512 << 20
_MOST_ANSWER = 64 * 1024
_SCRIPT = Path(__file__).with_name("probing.py")

# What a name says, and how FFmpeg calls the formats that it may be: media type, beginnings of its names.
NAMES: dict[str, tuple[str, tuple[str, ...]]] = {
    "mp4": ("video/mp4", ("mov",)),
    "m4v": ("video/mp4", ("mov",)),
    "mov": ("video/quicktime", ("mov",)),
    "mkv": ("video/x-matroska", ("matroska",)),
    "webm": ("video/webm", ("matroska",)),
    "avi": ("video/x-msvideo", ("avi",)),
    "ts": ("video/mp2t", ("mpegts",)),
    "mpg": ("video/mpeg", ("mpeg", "mpegts")),
    "mpeg": ("video/mpeg", ("mpeg", "mpegts")),
}
FAILURES = {
    "unreadable": "This is not a video that can be read, whatever its name says.",
    "no_video": "There is no picture in this file.",
    "no_picture": "This file says that it holds video, but no picture of it can be read.",
    "no_length": "This file does not say how long it is; save it again from your recorder as MP4.",
    "too_much": "This file could not be looked into within the time and size that are given for it.",
}


@dataclass(frozen=True)
class Found:
    """What was found in a file. ``made_at``: when it was recorded, as it states itself; aware."""

    media_type: str
    codec: str
    width: int
    height: int
    duration_s: float
    made_at: datetime | None


def check_name(name: str) -> str:
    """The ending of a video's name. Raises BadInput."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending not in NAMES:
        raise BadInput(
            "Hand in a video file: its name ends in .mp4, .mov, .mkv, .avi, .ts or .mpg.", field="file"
        )
    return ending


def look_into(file: WorkFile, name: str) -> Found:
    """What the file is. Raises BadInput with a sentence for whoever handed it in."""
    ending = check_name(name)
    answer = _ask_child(file)
    if "failure" in answer:
        raise BadInput(FAILURES[answer["failure"]], field="file")
    media_type, formats = NAMES[ending]
    if not str(answer["format"]).startswith(formats):
        true = str(answer["format"]).partition(",")[0]
        raise BadInput(
            f"The name says .{ending}, but the file is {true}. Give it its true name.", field="file"
        )
    return Found(
        media_type=media_type,
        codec=str(answer["codec"])[:30],
        width=int(answer["width"]),
        height=int(answer["height"]),
        duration_s=float(answer["duration_s"]),
        made_at=datetime.fromisoformat(answer["made_at"]) if answer["made_at"] else None,
    )


def _ask_child(file: WorkFile) -> dict[str, Any]:
    child = subprocess.Popen(
        [sys.executable, "-I", str(_SCRIPT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
    )
    alarm = threading.Timer(SECONDS, child.kill)
    alarm.start()
    try:
        return _serve(child, file)
    except (BrokenPipeError, EOFError):
        return {"failure": "too_much"}
    finally:
        alarm.cancel()
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                _close(pipe)


def _close(pipe: Any) -> None:
    """Close a pipe whose other end may be gone with bytes under way."""
    try:
        pipe.close()
    except BrokenPipeError:
        return


def _serve(child: subprocess.Popen[bytes], file: WorkFile) -> dict[str, Any]:
    """Hand over what the child asks for, until it answers."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(b"%d\n" % file.length)
    child.stdin.flush()
    left = MOST_READ_BYTES
    while True:
        offset, length = struct.unpack(">QI", _exactly(child.stdout, 12))
        if offset == ANSWER:
            found: dict[str, Any] = json.loads(_exactly(child.stdout, min(length, _MOST_ANSWER)))
            return found
        data = file.read(min(offset, file.length), min(length, left, 1 << 20))
        left -= len(data)
        if left <= 0:
            return {"failure": "too_much"}
        child.stdin.write(struct.pack(">I", len(data)) + data)
        child.stdin.flush()


def _exactly(pipe: Any, length: int) -> bytes:
    data: bytes = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return data
