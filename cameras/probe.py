"""Connect to a stream once: codec, size, frame rate and a still, or one plain sentence why not.

The work is done by a child process (`cameras/probing.py`) without our environment. Nothing secret is in
its arguments: they are readable by every user of the machine.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cameras.addresses import Address
from cameras.models.devices import Credentials
from cameras.vocabulary import Codec

SECONDS = 12
_SCRIPT = Path(__file__).with_name("probing.py")
_CODECS = {"h264": Codec.H264, "hevc": Codec.H265, "mjpeg": Codec.MJPEG}
_MOST_BYTES = 4 << 20

FAILURES = {
    "unreachable": "Nothing answers at this address and port.",
    "timeout": f"The camera did not answer within {SECONDS} seconds.",
    "unauthorized": "The camera refused the user name or the password.",
    "not_found": "The camera has no stream at this path.",
    "redirected": "The camera sends us to another address; that is not followed.",
    "no_video": "The camera answered, but offers no video.",
    "no_picture": "The camera answered, but no whole picture came in time.",
    "unreadable": "The camera answered, but not with a stream that can be read.",
}


@dataclass(frozen=True)
class Found:
    """What a stream carries. ``still`` is a JPEG at most 640 pixels wide."""

    codec: Codec
    width: int
    height: int
    frame_rate: float | None
    still: bytes

    def __str__(self) -> str:
        rate = f", {self.frame_rate:g} frames/s" if self.frame_rate else ""
        return f"{self.codec.upper()}, {self.width} x {self.height}{rate}"


@dataclass(frozen=True)
class Failed:
    """Why nothing was found, as a sentence for the person who asked."""

    sentence: str


def probe(
    address: Address, path: str, credentials: Credentials | None, *, seconds: int = SECONDS
) -> Found | Failed:
    """Ask the stream at a checked address (see `cameras.addresses.resolve`). Takes up to ``seconds``."""
    asked = {
        "ip": address.ip,
        "port": address.port,
        "path": path,
        "user": credentials.user if credentials else "",
        "password": credentials.password if credentials else "",
        "seconds": seconds,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_SCRIPT)],
            input=json.dumps(asked).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            timeout=seconds + 3,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Failed(FAILURES["timeout"])
    if done.returncode or len(done.stdout) > _MOST_BYTES:
        return Failed(FAILURES["unreadable"])
    return _read(json.loads(done.stdout))


def _read(answer: dict[str, object]) -> Found | Failed:
    if "failure" in answer:
        return Failed(FAILURES[str(answer["failure"])])
    rate = answer["frame_rate"]
    return Found(
        codec=_CODECS.get(str(answer["codec"]), Codec.OTHER),
        width=int(str(answer["width"])),
        height=int(str(answer["height"])),
        frame_rate=float(str(rate)) if rate is not None else None,
        still=base64.b64decode(str(answer["still"])),
    )
