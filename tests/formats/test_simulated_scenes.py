"""Drawn scenes: seamless, deterministic, readable by people and machines."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from cameras.simulated.barcode import UnreadableBarcode, draw_barcode
from cameras.simulated.light import LIGHTS
from cameras.simulated.loop import read_loop
from cameras.simulated.scenes import (
    SceneFailed,
    SceneSpec,
    default_scenes,
    make_scene,
    pictures,
    read_barcode,
)

SMALL = SceneSpec("CAM01", "4th & Market", 7, 320, 184, frame_rate=12.5, seconds=2.0, kbit_per_s=400)


def decoded(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]


def test_every_frame_of_an_encoded_scene_tells_its_number(tmp_path: Path) -> None:
    frames = decoded(make_scene(SMALL, tmp_path))
    assert [read_barcode(frame) for frame in frames] == list(range(25))


@pytest.mark.parametrize("light", LIGHTS)
def test_a_scene_of_every_light_has_streets_in_it_and_moves(light: str) -> None:
    first, *_, later = islice(pictures(replace(SMALL, light=light)), 6)
    body = first[30:-12].astype(int)
    # A test card or a black picture has few shades; a street has many.
    assert len(np.unique(body.reshape(-1, 3), axis=0)) > 500
    assert (np.abs(body - later[30:-12]) > 24).any(axis=2).mean() > 0.002


def test_the_same_seed_draws_the_same_pictures_and_another_seed_others() -> None:
    one, same = (next(pictures(SMALL)) for _ in range(2))
    other = next(pictures(replace(SMALL, seed=8)))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_step_over_the_loop_end_is_no_larger_than_within_the_loop() -> None:
    frames = [p[30:-12].astype(int) for p in pictures(replace(SMALL, light="overcast", seconds=4.0))]
    steps = [float(np.abs(b - a).mean()) for a, b in zip(frames, [*frames[1:], frames[0]], strict=True)]
    assert steps[-1] <= max(steps[:-1]) * 1.2


def test_profile_group_of_pictures_and_b_frames_are_as_the_spec_says(tmp_path: Path) -> None:
    plain = read_loop(make_scene(replace(SMALL, profile="baseline"), tmp_path))
    assert plain.sps[1] == 66
    assert [i for i, unit in enumerate(plain.units) if unit.key] == [0, 12, 24]
    assert all(unit.pts == unit.send for unit in plain.units)

    reordered = read_loop(make_scene(replace(SMALL, profile="high", b_frames=2, gop_s=2.0), tmp_path))
    assert reordered.sps[1] == 100
    order = [unit.pts for unit in reordered.units]
    assert order != sorted(order)
    assert all(unit.send >= unit.pts for unit in reordered.units)


def test_a_scene_is_made_once_and_nothing_half_made_stays_behind(tmp_path: Path) -> None:
    path = make_scene(SMALL, tmp_path)
    born = path.stat().st_mtime_ns
    assert make_scene(SMALL, tmp_path) == path
    assert path.stat().st_mtime_ns == born
    with pytest.raises(SceneFailed):
        make_scene(replace(SMALL, profile="no such profile"), tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_the_twelve_scenes_of_the_demo_differ_in_light_size_rate_and_name() -> None:
    specs = default_scenes([(f"cam{i:02d}", f"Corner {i}") for i in range(1, 13)])
    assert len(specs) == 12
    assert {spec.light for spec in specs} >= {"day", "night", "rain", "snow", "fog"}
    assert {(spec.width, spec.frame_rate) for spec in specs} >= {
        (640, 12.5),
        (640, 15.0),
        (960, 15.0),
        (1280, 20.0),
    }
    assert {spec.profile for spec in specs} == {"baseline", "main", "high"}
    assert [spec.name for spec in specs if spec.b_frames] == ["CAM05"]
    assert all(8 <= spec.seconds <= 12 and spec.frames % (spec.gop_s * spec.frame_rate) < 1 for spec in specs)


@pytest.mark.parametrize("value", [0, 1, 299, 1_790_000_000_123, (1 << 48) - 1])
@pytest.mark.parametrize("shape", [(180, 320), (360, 640, 3), (720, 1280)])
def test_a_bar_code_reads_back_through_noise(value: int, shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(1).integers(0, 255, shape, dtype=np.uint8)
    draw_barcode(picture, value)
    noise = np.random.default_rng(2).normal(0, 20, shape)
    assert read_barcode(np.clip(picture + noise, 0, 255).astype(np.uint8)) == value


def test_a_picture_without_a_bar_code_or_with_a_damaged_one_is_refused() -> None:
    picture = np.full((360, 640), 90, np.uint8)
    with pytest.raises(UnreadableBarcode):
        read_barcode(picture)
    draw_barcode(picture, 1234)
    picture[-8:, 8 * 30 : 8 * 31] = 235
    with pytest.raises(UnreadableBarcode):
        read_barcode(picture)
