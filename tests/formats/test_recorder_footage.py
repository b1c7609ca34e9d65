"""What a camera sends comes out of the segments as the very same pictures at the very same times."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from evidence.recorder.boxes import init_length, parse_fragments
from evidence.recorder.states import CloseReason, GapReason
from evidence.recorder.timeline import Timeline
from tests.recorder_source import REAL_CLIPS, Clip, Rig, encode, pictures, read_clip


@pytest.fixture(scope="module", params=[0, 1, 3], ids=["no B-frames", "1 B-frame", "3 B-frames"])
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Clip:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return read_clip(encode(path, b_frames=request.param))


def record(clip: Clip, *, sprop: bool = True) -> Rig:
    rig = Rig(clip, sprop=sprop)
    rig.play(clip.units)
    rig.camera.end(GapReason.CLOSED_BY_CAMERA, "over", rig.now_s)
    return rig


def times_and_pictures(rig: Rig) -> list[tuple[int, str]]:
    """Across segments, times as (fragment's instant + place in it) would need the index; here the segment's
    own start does."""
    zero_s = rig.sink.segments[0].start.timestamp()
    return [
        (round((segment.start.timestamp() - zero_s) * 90_000) + at, digest)
        for segment in rig.sink.segments
        for at, digest in pictures(segment.bytes)
    ]


def test_recorded_pictures_are_the_source_pictures_at_their_times(clip: Clip) -> None:
    assert times_and_pictures(record(clip)) == list(clip.pictures)


def test_every_fragment_is_one_gop_that_decodes_alone(clip: Clip) -> None:
    rig = record(clip)
    keys = [number for number, unit in enumerate(clip.units) if unit.key]
    fragments = [(segment.init, *fragment) for segment in rig.sink.segments for fragment in segment.fragments]
    assert len(fragments) == len(keys)
    decoded = [digest for init, data, _, _, _ in fragments for _, digest in pictures(init + data)]
    assert decoded == [digest for _, digest in clip.pictures]
    assert all(key for _, _, _, _, key in fragments)


def test_decode_times_rise_and_no_picture_is_shown_before_it_is_decoded(clip: Clip) -> None:
    for segment in record(clip).sink.segments:
        samples = [sample for piece in parse_fragments(segment.bytes) for sample in piece.samples]
        times = [sample.decode_time for sample in samples]
        assert times[0] == 0
        assert times == sorted(set(times))
        assert all(sample.composition_offset >= 0 for sample in samples)
        for one, following in pairwise(samples):
            assert one.decode_time + one.duration == following.decode_time


def test_bytes_of_the_camera_are_kept_as_they_came(clip: Clip) -> None:
    rig = record(clip)
    data = b"".join(segment.bytes[init_length(segment.bytes) :] for segment in rig.sink.segments)
    kept = [
        data[sample.start : sample.start + sample.size]
        for piece in parse_fragments(data)
        for sample in piece.samples
    ]
    sent = [b"".join(len(nal).to_bytes(4, "big") + nal for nal in unit.nals) for unit in clip.units]
    assert kept == sent


def test_segments_follow_each_other_without_a_hole(tmp_path: Path) -> None:
    clip = read_clip(encode(tmp_path / "long.mp4", frames=700, rate=5, gop=20, b_frames=2, size=(64, 48)))
    rig = record(clip)
    segments = rig.sink.segments
    assert len(segments) == 3
    for one, following in pairwise(segments):
        assert one.ends_s == pytest.approx(following.start.timestamp(), abs=1e-5)
        assert one.closed is CloseReason.MINUTE
        assert following.start.second < 4, "cut at the first key frame of a minute"
    assert times_and_pictures(rig) == list(clip.pictures)


def test_parameter_sets_are_taken_from_the_stream_when_the_description_has_none(tmp_path: Path) -> None:
    path = encode(tmp_path / "inband.mp4", options={"x264-params": "repeat-headers=1:scenecut=0"})
    clip = read_clip(path)
    assert any(nal[0] & 0x1F == 7 for nal in clip.units[0].nals)
    assert times_and_pictures(record(clip, sprop=False)) == list(clip.pictures)


def test_new_parameter_sets_start_a_new_segment(tmp_path: Path) -> None:
    headers = {"x264-params": "repeat-headers=1:scenecut=0"}
    small = read_clip(encode(tmp_path / "a.mp4", frames=20, options=headers))
    large = read_clip(encode(tmp_path / "b.mp4", frames=20, size=(320, 192), options=headers))
    rig = Rig(small)
    rig.play(small.units)
    rig.clocks.monotonic_s += 0.1
    rig.play(large.units, shift=20 * 9000)
    rig.camera.end(GapReason.STOPPED, "over", rig.now_s)
    first, second = rig.sink.segments
    assert (first.facts.width, second.facts.width) == (160, 320)
    assert first.closed is CloseReason.STREAM_CHANGED
    assert first.ends_s == pytest.approx(second.start.timestamp(), abs=1e-5)
    assert rig.sink.pictures() == [digest for _, digest in (*small.pictures, *large.pictures)]


def test_decode_times_rise_even_while_the_reorder_depth_is_being_learnt(clip: Clip) -> None:
    timeline = Timeline(frame_ticks=None, reorder_frames=None)
    times = [timeline.stamp(unit.pts + 90_000, unit.dts / 90_000) for unit in clip.units]
    assert times == sorted(set(times))
    settled = list(zip(times, clip.units, strict=True))[20:]
    assert all(dts <= unit.pts + 90_000 for dts, unit in settled)


@pytest.mark.parametrize("name", ["car-detection.mp4", "one-by-one-person-detection.mp4"])
def test_real_clips_come_back_as_the_same_pictures(name: str) -> None:
    path = REAL_CLIPS / name
    if not path.exists():
        pytest.skip("the real clips are not beside this checkout")
    clip = read_clip(path)
    rig = record(clip)
    assert rig.sink.pictures() == [digest for _, digest in clip.pictures]
    assert len(rig.gaps) == 3, "connecting opened and closed, then the end"
