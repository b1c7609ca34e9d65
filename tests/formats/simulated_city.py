"""What the tests of the simulated cameras share: two small scenes and a way to look into a stream."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import imageio_ffmpeg
import pytest

from cameras.simulated.city import SimulatedCity
from cameras.simulated.scenes import SceneSpec, make_scene
from tests.formats.simulated_client import Packet, RtspClient

PLAIN = SceneSpec(
    "CAM01", "4th & Market", 7, 320, 184, frame_rate=15.0, seconds=2.0, profile="baseline", kbit_per_s=400
)
REORDERED = replace(PLAIN, profile="high", b_frames=2)
LARGER = replace(PLAIN, width=480, height=272, frame_rate=12.5)


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Clips by name: plain, reordered (B-frames), larger (another size and rate), sound (with AAC)."""
    folder = tmp_path_factory.mktemp("scenes")
    made = {
        name: make_scene(spec, folder)
        for name, spec in (("plain", PLAIN), ("reordered", REORDERED), ("larger", LARGER))
    }
    made["sound"] = folder / "sound.mp4"
    tone = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-c:v", "copy", "-c:a", "aac"]
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", made["plain"]]
    subprocess.run([*ffmpeg, *tone, "-shortest", made["sound"]], check=True)
    return made


@pytest.fixture
def city(scenes: dict[str, Path]) -> Iterator[SimulatedCity]:
    with SimulatedCity() as running:
        running.add("cam01", scenes["plain"])
        yield running


def units(client: RtspClient, count: int) -> list[tuple[int, list[bytes], list[Packet]]]:
    return list(islice(client.access_units(), count))
