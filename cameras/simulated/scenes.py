"""Generated street scenes: a spec becomes a short H.264 clip that loops without a seam.

Deterministic by seed. A scene takes a few seconds of CPU: the still town is drawn once, only what moves is
drawn per frame. Camera name and frame number are burned in as text, the frame number also as a bar code.
Command: `python -m cameras.simulated.scenes FOLDER SPEC [NICENESS]` makes one scene of a spec in
JSON and prints its path.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import ffmpeg
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from cameras.simulated.barcode import draw_barcode, read_barcode
from cameras.simulated.scenery import Scenery

__all__ = ["SceneSpec", "default_scenes", "make_scene", "pictures", "read_barcode", "scene_path"]

DRAWING = 2
"""Raise when the drawing changes, so that cached scenes are made again."""


class SceneFailed(RuntimeError):
    """The encoder gave up; says what it wrote."""


@dataclass(frozen=True)
class SceneSpec:
    name: str
    """What is burned in beside the title, as `CAM01`."""
    title: str
    seed: int
    width: int = 640
    height: int = 360
    frame_rate: float = 15.0
    seconds: float = 10.0
    light: str = "day"
    """A key of `light.LIGHTS`."""
    view: int = 0
    """Where the camera hangs: an index of `scenery.VIEWS`, modulo their number."""
    profile: str = "main"
    """baseline, main or high."""
    gop_s: float = 1.0
    b_frames: int = 0
    kbit_per_s: int = 900

    @property
    def frames(self) -> int:
        return round(self.seconds * self.frame_rate)


def scene_path(spec: SceneSpec, folder: Path) -> Path:
    digest = hashlib.sha256(json.dumps([DRAWING, asdict(spec)], sort_keys=True).encode()).hexdigest()
    return folder / f"scene-{digest[:16]}.mp4"


def make_scene(spec: SceneSpec, folder: Path) -> Path:
    """Draw and encode, unless the folder has it; what appears under the final name is whole and synced.

    Raises `SceneFailed`.
    """
    path = scene_path(spec, folder)
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        _encode(spec, part)
        _sync(part)
        part.rename(path)
        _sync(folder)
    finally:
        part.unlink(missing_ok=True)
    return path


def pictures(spec: SceneSpec) -> Iterator[NDArray[np.uint8]]:
    """The frames of one loop, height x width x 3, RGB."""
    scenery = Scenery(
        width=spec.width, height=spec.height, light=spec.light, view=spec.view, seed=spec.seed,
        label=f"{spec.name}  {spec.title}",
    )  # fmt: skip
    for number in range(spec.frames):
        picture = scenery.picture(number / spec.frames, number)
        draw_barcode(picture, number)
        yield picture


def _encode(spec: SceneSpec, part: Path) -> None:
    source = ffmpeg.input(
        "pipe:",
        format="rawvideo",
        pix_fmt="rgb24",
        s=f"{spec.width}x{spec.height}",
        framerate=spec.frame_rate,
    )
    gop = round(spec.gop_s * spec.frame_rate)
    settings = {
        "vcodec": "libx264", "pix_fmt": "yuv420p", "preset": "veryfast",
        "profile:v": spec.profile, "bf": spec.b_frames,
        "g": gop, "keyint_min": gop, "sc_threshold": 0, "threads": 1, "b:v": f"{spec.kbit_per_s}k",
        "maxrate": f"{spec.kbit_per_s * 3 // 2}k", "bufsize": f"{spec.kbit_per_s * 2}k", "f": "mp4",
    }  # fmt: skip
    if not spec.b_frames:
        settings["tune"] = "zerolatency"
    process = (
        ffmpeg.output(source, str(part), **settings)
        .global_args("-loglevel", "error", "-nostats")
        .overwrite_output()
        .run_async(cmd=imageio_ffmpeg.get_ffmpeg_exe(), pipe_stdin=True, pipe_stderr=True)
    )
    try:
        for picture in pictures(spec):
            process.stdin.write(picture.tobytes())
    except BrokenPipeError:
        pass  # the encoder's own words, read below, say why it ended
    finally:
        process.stdin.close()
        said = process.stderr.read().decode(errors="replace")
        process.stderr.close()
        status = process.wait()
    if status:
        raise SceneFailed(f"{spec.name}: {said.strip() or f'status {status}'}")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_KINDS: tuple[dict[str, object], ...] = (
    {"light": "day", "view": 0, "width": 960, "height": 540},
    {
        "light": "dusk",
        "view": 1,
        "frame_rate": 12.5,
        "seconds": 8.0,
        "profile": "baseline",
        "kbit_per_s": 700,
    },
    {"light": "night", "view": 2, "kbit_per_s": 700},
    {"light": "overcast", "view": 3, "width": 1280, "height": 720, "frame_rate": 20.0, "profile": "high"},
    {
        "light": "golden",
        "view": 4,
        "width": 960,
        "height": 540,
        "profile": "high",
        "b_frames": 2,
        "gop_s": 2.0,
    },
    {"light": "night rain", "view": 0, "frame_rate": 12.5, "seconds": 8.0, "profile": "baseline"},
    {"light": "noon", "view": 5, "seconds": 12.0, "gop_s": 2.0},
    {"light": "rain", "view": 1, "width": 960, "height": 540},
    {"light": "fog", "view": 2, "frame_rate": 12.5, "seconds": 12.0, "gop_s": 2.0, "kbit_per_s": 500},
    {"light": "snow", "view": 3, "profile": "baseline"},
    {
        "light": "night",
        "view": 5,
        "width": 1280,
        "height": 720,
        "frame_rate": 20.0,
        "seconds": 8.0,
        "profile": "high",
    },
    {"light": "day", "view": 4, "width": 960, "height": 540, "seconds": 12.0, "gop_s": 2.0},
)
_RATES = {640: 800, 960: 1400, 1280: 2200}


def default_scenes(cameras: list[tuple[str, str]]) -> list[SceneSpec]:
    """One scene for each (name, title), up to twelve; sizes, rates, hours and weathers differ."""
    specs = []
    for i, ((name, title), kind) in enumerate(zip(cameras, _KINDS, strict=False)):
        rate = _RATES[int(str(kind.get("width", 640)))]
        specs.append(SceneSpec(**{"kbit_per_s": rate, **kind}, name=name.upper(), title=title, seed=i + 1))  # type: ignore[arg-type]
    return specs


def main(arguments: list[str]) -> int:
    folder, spec, *niceness = arguments
    # Ending as an exception lets the encoder be waited for and the half-made file be removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    os.nice(int(niceness[0]) if niceness else 0)
    print(make_scene(SceneSpec(**json.loads(spec)), Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
