"""A viewer starts at once from memory, gets every frame, and never costs unbounded memory."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from evidence.recorder.boxes import parse_fragments
from evidence.recorder.live import MAX_QUEUED_BYTES, LiveChunk, LiveInit, LiveItem, LiveState
from evidence.recorder.states import GapReason
from tests.recorder_source import Clip, Rig, encode, pictures, read_clip


@pytest.fixture(scope="module", params=[0, 2], ids=["no B-frames", "B-frames"])
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Clip:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return read_clip(encode(path, frames=60, rate=10, gop=10, b_frames=request.param))


def joined(items: list[LiveItem]) -> bytes:
    return b"".join(item.data for item in items if isinstance(item, LiveInit | LiveChunk))


def test_a_new_viewer_gets_the_last_gop_at_once_and_every_frame_after_it(clip: Clip) -> None:
    rig = Rig(clip)
    rig.play(clip.units[:25])
    told: list[bool] = []
    subscription = rig.camera.live.subscribe(lambda: told.append(True), lambda: None)
    first = subscription.drain()
    assert [type(item) for item in first] == [LiveState, LiveInit] + [LiveChunk] * 4
    rig.clocks.monotonic_s += 0.1
    rig.play(clip.units[25:])
    assert len(told) == 2, "once when it came, once when its emptied queue held something again"
    rig.camera.live.pause("over")
    shown = [digest for _, digest in pictures(joined(first + subscription.drain()))]
    assert shown == [digest for _, digest in clip.pictures][20:]


def test_frames_are_not_packed_while_nobody_watches(clip: Clip) -> None:
    rig = Rig(clip)
    rig.play(clip.units)
    assert rig.camera.live._number == 0
    assert not rig.camera.live.watched


def test_chunks_carry_the_recorder_time_of_their_frame(clip: Clip) -> None:
    rig = Rig(clip)
    subscription = rig.camera.live.subscribe(lambda: None, lambda: None)
    rig.play(clip.units)
    rig.camera.live.pause("over")
    times = [item.recorder_s for item in subscription.drain() if isinstance(item, LiveChunk)]
    base = min(times)
    assert [at - base for at in sorted(times)] == pytest.approx(
        [at / 90_000 for at, _ in clip.pictures], abs=1e-3
    )


def test_chunks_follow_each_other_without_a_hole_even_when_the_camera_skips_frames(clip: Clip) -> None:
    """A hole of more than two frame lengths makes a browser wait for the next key frame."""
    rig = Rig(clip)
    subscription = rig.camera.live.subscribe(lambda: None, lambda: None)
    rig.play(clip.units)
    rig.clocks.monotonic_s += 1.5
    rig.play(clip.units, shift=7 * 90_000 + 45_000)
    samples = [s for piece in parse_fragments(joined(subscription.drain())) for s in piece.samples]
    assert all(one.decode_time + one.duration == after.decode_time for one, after in pairwise(samples))


def test_a_viewer_that_does_not_read_is_cut_to_the_next_key_frame(tmp_path: Path) -> None:
    clip = read_clip(
        encode(tmp_path / "big.mp4", frames=40, rate=10, gop=10, size=(640, 368), options={"qp": "1"})
    )
    rig = Rig(clip)
    subscription = rig.camera.live.subscribe(lambda: None, lambda: None)
    laps = 2 + 2 * MAX_QUEUED_BYTES // sum(len(nal) for unit in clip.units for nal in unit.nals)
    for lap in range(laps):
        rig.play(clip.units, shift=lap * 40 * 9000)
        rig.clocks.monotonic_s += 0.1
    items = subscription.drain()
    chunks = [item for item in items if isinstance(item, LiveChunk)]
    assert sum(len(chunk.data) for chunk in chunks) <= MAX_QUEUED_BYTES
    assert subscription.skipped > 0
    assert chunks[0].key
    assert pictures(joined(items))


def test_after_a_loss_live_pictures_stop_until_the_next_key_frame(clip: Clip) -> None:
    rig = Rig(clip)
    rig.play(clip.units[:14])
    rig.wire.unit(clip.units[14].nals, clip.units[14].pts)  # packed, never sent
    subscription = rig.camera.live.subscribe(lambda: None, lambda: None)
    subscription.drain()
    rig.play(clip.units[15:], shift=0)
    chunks = [item for item in subscription.drain() if isinstance(item, LiveChunk)]
    keys = [chunk.key for chunk in chunks]
    assert keys[:3] == [False, True, False], "the last whole frame, then the next key frame"
    assert len(chunks) == 40


def test_a_lost_camera_says_so_and_old_pictures_are_not_shown_as_live(clip: Clip) -> None:
    rig = Rig(clip)
    rig.play(clip.units)
    rig.camera.end(GapReason.TIMEOUT, "silent", rig.now_s)
    items = rig.camera.live.subscribe(lambda: None, lambda: None).drain()
    assert items == [LiveState(False, "timeout")]


def test_one_player_shows_both_sides_of_a_reconnect(clip: Clip) -> None:
    rig = Rig(clip)
    subscription = rig.camera.live.subscribe(lambda: None, lambda: None)
    rig.play(clip.units)
    rig.camera.end(GapReason.CLOSED_BY_CAMERA, "cut", rig.now_s)
    rig.clocks.monotonic_s += 4.0
    rig.connect()
    rig.play(clip.units)
    rig.camera.live.pause("over")
    items = subscription.drain()
    inits = [number for number, item in enumerate(items) if isinstance(item, LiveInit)]
    assert len(inits) == 2
    times = [at for at, _ in pictures(joined(items))]
    assert len(times) == 120
    pause_s = (times[60] - times[59]) / 90_000
    assert 3.9 < pause_s < 4.6


def test_leaving_ends_the_work(clip: Clip) -> None:
    rig = Rig(clip)
    left: list[bool] = []
    subscription = rig.camera.live.subscribe(lambda: None, lambda: left.append(True))
    subscription.close()
    rig.play(clip.units)
    assert left == [True]
    assert not any(isinstance(item, LiveChunk) for item in subscription.drain())
