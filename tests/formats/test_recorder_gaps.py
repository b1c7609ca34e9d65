"""Missing footage is told: from when, until when, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from evidence.recorder.boxes import parse_fragments
from evidence.recorder.segment import instant
from evidence.recorder.states import CloseReason, GapReason, ProtocolError, SinkFailed
from evidence.recorder.timeline import Timeline
from tests.recorder_source import EPOCH_S, Clip, Rig, encode, read_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return read_clip(encode(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=60, rate=10, gop=10))


def gaps(rig: Rig) -> list[tuple[GapReason, float, float | None]]:
    """(reason, seconds from the start, until) of each gap as last told."""
    last = {(gap.starts_at, gap.reason): gap for gap in rig.gaps}
    return [
        (
            gap.reason,
            round(gap.starts_at.timestamp() - EPOCH_S, 3),
            None if gap.ends_at is None else round(gap.ends_at.timestamp() - EPOCH_S, 3),
        )
        for gap in last.values()
    ]


def packet_numbers(rig: Rig, clip: Clip, unit: int) -> list[int]:
    """Which packets, counted from the first, carry this unit."""
    counts = [len(rig.wire.unit(each.nals, each.pts)) for each in clip.units]
    rig.wire.sequence -= sum(counts)
    return list(range(sum(counts[:unit]), sum(counts[: unit + 1])))


def test_a_lost_frame_is_a_gap_until_the_next_key_frame(clip: Clip) -> None:
    rig = Rig(clip)
    rig.play(clip.units, drop=set(packet_numbers(rig, clip, 14)))
    rig.camera.end(GapReason.STOPPED, "over", rig.now_s)
    assert (GapReason.LOST_PACKETS, 1.4, 2.0) in gaps(rig)
    assert rig.camera.statistics.lost_packets > 0


def test_frames_after_a_loss_are_kept_in_a_fragment_of_their_own(clip: Clip) -> None:
    rig = Rig(clip)
    rig.play(clip.units, drop=set(packet_numbers(rig, clip, 14)))
    rig.camera.end(GapReason.STOPPED, "over", rig.now_s)
    fragments = [fragment for segment in rig.sink.segments for fragment in segment.fragments]
    counts = [len(parse_fragments(data)[0].samples) for data, _, _, _ in fragments]
    assert counts == [10, 4, 5, 10, 10, 10, 10]
    assert [key for _, _, _, key in fragments] == [True, True, False, True, True, True, True]


def test_half_a_frame_is_never_kept(tmp_path: Path) -> None:
    clip = read_clip(encode(tmp_path / "large.mp4", frames=20, size=(640, 368), options={"crf": "10"}))
    rig = Rig(clip)
    hit = packet_numbers(rig, clip, 5)
    assert len(hit) > 2
    rig.play(clip.units, drop={hit[1]})
    rig.camera.end(GapReason.STOPPED, "over", rig.now_s)
    kept = sum(len(p.samples) for s in rig.sink.segments for p in parse_fragments(s.bytes))
    assert kept == 19
    assert rig.camera.statistics.dropped_frames == 1


def test_the_end_of_a_connection_opens_a_gap_where_footage_ends(clip: Clip) -> None:
    rig = Rig(clip)
    rig.play(clip.units)
    rig.clocks.monotonic_s += 3.0
    rig.camera.end(GapReason.TIMEOUT, "silent", rig.now_s)
    assert gaps(rig) == [(GapReason.CONNECTING, 0.0, 0.0), (GapReason.TIMEOUT, 6.0, None)]


def test_another_reason_takes_over_while_nothing_comes(clip: Clip) -> None:
    rig = Rig(clip)
    rig.clocks.monotonic_s += 1.0
    rig.camera.end(GapReason.REFUSED, "no", rig.now_s)
    rig.clocks.monotonic_s += 1.0
    rig.camera.end(GapReason.REFUSED, "no", rig.now_s)
    rig.camera.end(GapReason.AUTH_FAILED, "password", rig.now_s)
    assert gaps(rig) == [
        (GapReason.CONNECTING, 0.0, 1.0),
        (GapReason.REFUSED, 1.0, 2.0),
        (GapReason.AUTH_FAILED, 2.0, None),
    ]


def test_a_pause_of_the_camera_within_a_connection_is_told(clip: Clip) -> None:
    rig = Rig(clip)
    rig.play(clip.units[:20])
    rig.clocks.monotonic_s += 5.1
    rig.play(clip.units[:20], shift=round(7.0 * 90_000))
    assert (GapReason.STALLED, 2.0, 7.0) in gaps(rig)


@pytest.mark.parametrize("shift_s", [-3600, 45, 3600])
def test_a_jump_of_the_camera_clock_ends_the_connection_for_that_reason(clip: Clip, shift_s: int) -> None:
    rig = Rig(clip)
    rig.play(clip.units[:20], shift=90_000 * 7200)
    with pytest.raises(ProtocolError) as caught:
        rig.play(clip.units[20:], shift=90_000 * (7200 + shift_s))
    assert caught.value.reason is GapReason.CAMERA_CLOCK


def test_a_camera_cannot_date_its_footage_back_by_rushing_its_clock() -> None:
    timeline = Timeline(None, 0)
    with pytest.raises(ProtocolError) as caught:
        for number in range(100):
            timeline.stamp(number * 90_000, number * 0.04)
    assert caught.value.reason is GapReason.CAMERA_CLOCK
    assert timeline.arrived_s(0) > -11


def test_late_reads_do_not_move_frames(clip: Clip) -> None:
    """As when sockets are drained every 250 ms."""
    rig = Rig(clip)
    for unit in clip.units:
        rig.clocks.monotonic_s = 1000 + (unit.dts // 22_500 + 1) * 0.25
        for packet in rig.wire.unit(unit.nals, unit.pts):
            rig.feed(packet)
    rig.camera.end(GapReason.STOPPED, "over", rig.now_s)
    starts = [f[1].timestamp() for s in rig.sink.segments for f in s.fragments]
    assert [round(b - a, 3) for a, b in pairwise(starts)] == [1.0] * 5


def test_a_burst_of_older_frames_at_the_start_is_dated_back(clip: Clip) -> None:
    """Many cameras send the last seconds at once when they are asked to play."""
    rig = Rig(clip)
    for unit in clip.units:
        rig.clocks.monotonic_s = max(1000.0, 1000.0 + (unit.dts - 25 * 9000) / 90_000)
        for packet in rig.wire.unit(unit.nals, unit.pts):
            rig.feed(packet)
    rig.camera.end(GapReason.STOPPED, "over", rig.now_s)
    assert rig.sink.segments[-1].ends_s == pytest.approx(EPOCH_S + 3.5, abs=0.05)


def test_the_camera_clock_is_measured_by_sender_reports(clip: Clip) -> None:
    rig = Rig(clip)
    for number, late_s in enumerate((0.2, 0.0, 0.1)):
        rig.clocks.monotonic_s = 1000.0 + number + late_s
        rig.feed(rig.wire.report(EPOCH_S + 7.5 + number, 0))
    clock = rig.camera.statistics.clock
    assert clock is not None
    assert clock.offset_s == pytest.approx(7.5, abs=1e-3)
    assert clock.error_s == pytest.approx(0.2, abs=1e-3)
    rig.play(clip.units)
    rig.camera.end(GapReason.STOPPED, "over", rig.now_s)
    assert rig.sink.segments[0].clock == clock


def test_a_full_disk_is_a_gap_and_recording_goes_on_when_there_is_room(clip: Clip) -> None:
    rig = Rig(clip)
    rig.sink.failing = True
    rig.play(clip.units)
    assert rig.camera.statistics.frames == 60
    assert not rig.sink.segments
    rig.sink.failing = False
    rig.play(clip.units, shift=60 * 9000)
    rig.camera.end(GapReason.STOPPED, "over", rig.now_s)
    storage = [gap for gap in gaps(rig) if gap[0] is GapReason.STORAGE_FAILED]
    assert len(storage) == 1
    _, begins_s, ends_s = storage[0]
    assert begins_s == 0.0
    assert ends_s is not None
    assert rig.sink.segments[0].start.timestamp() == pytest.approx(EPOCH_S + ends_s, abs=1e-3)


def test_a_sink_that_fails_late_says_how_far_footage_was_kept(clip: Clip) -> None:
    """As one that writes in another thread: two fragments were taken and then lost."""
    rig = Rig(clip)
    rig.play(clip.units[:35])
    segment = rig.sink.segments[0]
    segment.failure = SinkFailed("the disk is gone", instant(EPOCH_S + 1.0))
    rig.play(clip.units[35:])
    assert (GapReason.STORAGE_FAILED, 1.0, None) in gaps(rig)
    assert segment.closed is CloseReason.STORAGE_FAILED


def test_instants_are_utc(clip: Clip) -> None:
    rig = Rig(clip)
    rig.play(clip.units)
    rig.camera.end(GapReason.STOPPED, "over", rig.now_s)
    assert rig.sink.segments[0].start == datetime(2026, 11, 22, 15, 0, 30, tzinfo=UTC)
