"""`python -m cameras.simulated`: the cameras of the demo and the benchmarks as one process.

Prints one JSON object per line: `listening` (port, cameras), `ready` (the first scenes can be watched),
`camera_ready` for each camera, `complete`, `playing`, `left`, `stopped`. Stops cleanly on SIGTERM and SIGINT.

Scenes are made by child processes, two at first and then one at a time, while those that are
ready are served. A camera whose scene is not made yet answers 503, so that nobody is shown another corner
under its name.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cameras.simulated.camera import LoopCamera
from cameras.simulated.clock import ClockCamera
from cameras.simulated.digest import DigestGate
from cameras.simulated.film import Film, make_film
from cameras.simulated.loop import UnusableClip, read_loop
from cameras.simulated.scenes import SceneSpec, default_scenes, scene_path
from cameras.simulated.server import RtspServer

FIRST = 2
"""Scenes made side by side before the process says it is ready."""
CLIP_SUFFIXES = (".mp4", ".mkv", ".mov", ".h264")
PASSWORD_VARIABLE = "SIMULATED_CAMERA_PASSWORD"


def say(event: dict[str, Any]) -> None:
    print(json.dumps(event, ensure_ascii=False), flush=True)


class Process:
    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._names = camera_names(options.cameras, options.titles)
        self._loop = asyncio.get_running_loop()
        self._server = RtspServer(host=options.host, gate=gate_of(options), on_event=say)
        self._cameras: list[LoopCamera] = []

    async def run(self) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, stop.set)
        # Cameras that share a loop are seconds apart in it.
        self._cameras = [
            self._server.add_loop_camera(name, title, offset_s=1.7 * i)
            for i, (name, title) in enumerate(self._names)
        ]
        self._server.add(ClockCamera())
        port = await self._server.listen(self._options.port)
        names = [name for name, _ in self._names]
        say({"event": "listening", "host": self._options.host, "port": port, "cameras": names})
        filling = asyncio.create_task(self._fill())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({filling, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if filling.done():
                filling.result()
            await stopping
        finally:
            filling.cancel()
            await asyncio.gather(filling, return_exceptions=True)
            await self._server.close()
            say({"event": "stopped"})

    async def _fill(self) -> None:
        if self._options.video is not None:
            await self._play_clips(self._options.video)
        else:
            await self._play_scenes(self._options.cache)
        say({"event": "complete"})

    async def _play_clips(self, folder: Path) -> None:
        clips = sorted(p for p in folder.iterdir() if p.suffix.lower() in CLIP_SUFFIXES)
        if not clips:
            raise UnusableClip(f"{folder} holds no clip")
        for place, clip in enumerate(clips[: len(self._cameras)]):
            await self._show(clip, self._cameras[place :: len(clips)])
        say({"event": "ready"})

    async def _play_scenes(self, folder: Path) -> None:
        for part in folder.glob("*.part"):
            part.unlink()  # left by a process that was killed
        specs = default_scenes(self._names)

        async def make(place: int, niceness: int) -> None:
            path = scene_path(specs[place], folder)
            if not path.exists():
                await make_in_child(specs[place], folder, niceness)
            await self._show(path, self._cameras[place :: len(specs)])

        # A task group ends only when all its children have, also where they are cancelled.
        async with asyncio.TaskGroup() as first:
            for place in range(min(FIRST, len(specs))):
                first.create_task(make(place, 0))
        say({"event": "ready"})
        for place in range(FIRST, len(specs)):
            # What is watched comes before what is still drawn.
            await make(place, 5)

    async def _show(self, clip: Path, cameras: list[LoopCamera]) -> None:
        film: Film = await asyncio.to_thread(lambda: make_film(read_loop(clip)))
        for camera in cameras:
            camera.show(film, self._loop.time())
            say({"event": "camera_ready", "camera": camera.name})


async def make_in_child(spec: SceneSpec, folder: Path, niceness: int) -> None:
    """Draw in a process of its own: in this one, drawing would hold up the frames of what is served."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cameras.simulated.scenes",
        str(folder), json.dumps(asdict(spec)), str(niceness), stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        status = await child.wait()
    except asyncio.CancelledError:
        child.terminate()
        await child.wait()
        raise
    if status:
        raise RuntimeError(f"scene {spec.name} was not made: status {status}")


def camera_names(count: int, titles: Path | None) -> list[tuple[str, str]]:
    """(name, title) of each camera: those of the file first, then cam01, cam02, ... by place."""
    given = [(str(path), str(title)) for path, title in json.loads(titles.read_text())] if titles else []
    names = given[:count]
    names += [(f"cam{i + 1:02d}", f"Camera {i + 1}") for i in range(len(names), count)]
    if len({name for name, _ in names}) < len(names):
        raise SystemExit("two cameras have the same name")
    return names


def gate_of(options: argparse.Namespace) -> DigestGate | None:
    if options.user is None:
        return None
    if options.password_file is not None:
        return DigestGate(options.user, options.password_file.read_text().strip())
    password = os.environ.get(PASSWORD_VARIABLE)
    if not password:
        raise SystemExit(f"--user needs --password-file or {PASSWORD_VARIABLE}")
    return DigestGate(options.user, password)


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m cameras.simulated", description="Simulated RTSP cameras."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one and prints it")
    parser.add_argument("--cameras", type=int, default=12)
    parser.add_argument("--cache", type=Path, required=True, help="where made scenes are kept")
    parser.add_argument("--video", type=Path, help="a folder of H.264 clips to play instead of drawn scenes")
    parser.add_argument("--titles", type=Path, help="JSON: [[camera name, title], ...]")
    parser.add_argument("--user")
    parser.add_argument("--password-file", type=Path)
    return parser.parse_args(arguments)


async def serve(options: argparse.Namespace) -> None:
    await Process(options).run()


if __name__ == "__main__":
    asyncio.run(serve(options_of()))
