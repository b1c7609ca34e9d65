"""The engine against simulated cameras on real sockets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cameras.simulated.city import SimulatedCity
from cameras.simulated.digest import DigestGate
from evidence.recorder.auth import Credentials
from evidence.recorder.camera import CameraSpec, CameraStatistics
from evidence.recorder.engine import DRAIN_S, Engine
from evidence.recorder.live import LiveChunk, LiveInit
from evidence.recorder.states import AddressRefused, CameraState, CloseReason, Gap, GapReason, ProtocolError
from tests.recorder_source import REAL_CLIPS, KeptSegment, MemorySink, encode, pictures, read_clip

WAIT_S = 60.0
PASSWORD = Credentials("recorder", "secret")


class Bench:
    """An engine with all that it tells, on a clock that a test may put forward."""

    def __init__(self, sink: MemorySink) -> None:
        self.sink = sink
        self.gaps: list[Gap] = []
        self.asked: list[str] = []
        self.refused: set[str] = set()
        self.ahead_s = 0.0
        self.engine = Engine(
            resolve=self.resolve, sink=sink, on_gap=self.gaps.append, now_utc=self.now_utc,
            monotonic=lambda: time.monotonic() + self.ahead_s, jitter=lambda: 0.0,
        )  # fmt: skip

    def now_utc(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead_s)

    def resolve(self, spec: CameraSpec, url: str) -> tuple[str, int]:
        self.asked.append(url)
        if url in self.refused:
            raise AddressRefused("this address is in no allowed network")
        parts = urlsplit(url)
        return parts.hostname or "", parts.port or 554

    def add(self, name: str, url: str, credentials: Credentials | None = None) -> None:
        self.engine.add_camera(CameraSpec(name, url, credentials))

    def statistics(self, name: str) -> CameraStatistics:
        return self.engine.statistics()[name]

    def kept(self, name: str) -> int:
        """Fragments kept of this camera."""
        return sum(len(segment.fragments) for segment in self.of(name))

    def is_quiet(self, name: str) -> bool:
        """Whether nothing comes for two turns of the engine."""
        before = self.statistics(name).bytes
        time.sleep(2 * DRAIN_S)
        return self.statistics(name).bytes == before

    def of(self, name: str) -> list[KeptSegment]:
        return [segment for segment in self.sink.segments if segment.camera == name]

    def has_gap(self, reason: GapReason, *, over: bool = False) -> bool:
        return any(gap.reason is reason and (gap.ends_at is not None or not over) for gap in self.gaps)


def until(holds: Callable[[], object], what: str) -> None:
    """Waits until something holds; fails naming it."""
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.01)


@contextmanager
def running(sink: MemorySink | None = None) -> Iterator[Bench]:
    bench = Bench(sink or MemorySink())
    bench.engine.start()
    try:
        yield bench
    finally:
        bench.engine.stop()
        assert not bench.engine.alive


@pytest.fixture(scope="module")
def clip_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds with B-frames, two GOPs."""
    return encode(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=40, rate=20, gop=20, b_frames=2)


def assert_runs_on(found: list[str], source: list[str]) -> None:
    """`found` is a stretch of `source` repeated without end. Where it was cut, pictures shown last may have
    come before others that were shown earlier: these few are left aside."""
    found = found[:-3]
    start = source.index(found[0])
    assert found == [source[(start + number) % len(source)] for number in range(len(found))]


def test_what_the_engine_records_are_the_pictures_of_the_camera(clip_path: Path) -> None:
    source = [digest for _, digest in read_clip(clip_path).pictures]
    with SimulatedCity() as city, running() as bench:
        city.add("corner", clip_path)
        bench.add("corner", city.url("corner"))
        until(lambda: bench.kept("corner") >= 3, "three fragments")
        bench.engine.stop()
    found = bench.sink.pictures()
    assert len(found) >= 60
    assert_runs_on(found, source)
    assert bench.sink.segments[-1].closed is CloseReason.STOPPED


@pytest.mark.parametrize("name", ["car-detection.mp4", "one-by-one-person-detection.mp4"])
def test_real_cameras_of_real_clips_come_back_as_the_same_pictures(name: str) -> None:
    path = REAL_CLIPS / name
    if not path.exists():
        pytest.skip("the real clips are not beside this checkout")
    source = [digest for _, digest in pictures(path.read_bytes())]
    with SimulatedCity() as city, running() as bench:
        city.add("corner", path)
        bench.add("corner", city.url("corner"))
        until(lambda: bench.kept("corner"), "a fragment")
        bench.engine.stop()
    assert_runs_on(bench.sink.pictures(), source)


def test_a_viewer_of_a_running_camera_sees_every_frame_from_the_last_key_frame(clip_path: Path) -> None:
    source = [digest for _, digest in read_clip(clip_path).pictures]
    with SimulatedCity() as city, running() as bench:
        city.add("corner", clip_path)
        bench.add("corner", city.url("corner"))
        until(lambda: bench.statistics("corner").frames > 25, "frames")
        subscription = bench.engine.subscribe("corner", lambda: None)
        items = subscription.drain()
        assert isinstance(items[1], LiveInit)
        assert isinstance(items[2], LiveChunk)
        while len(items) <= 60:
            until(lambda: subscription.waiting, "live frames")
            items += subscription.drain()
        subscription.close()
    shown = pictures(b"".join(item.data for item in items if isinstance(item, LiveInit | LiveChunk)))
    assert_runs_on([digest for _, digest in shown], source)


def test_a_watched_camera_is_read_frame_by_frame_and_others_in_turns(clip_path: Path) -> None:
    """Arrivals of frames tell: one at a time, or four or more together every 250 ms."""
    with SimulatedCity() as city, running() as bench:
        city.add("corner", clip_path)
        bench.add("corner", city.url("corner"))
        until(lambda: bench.statistics("corner").frames > 10, "frames")

        def seen() -> list[int]:
            """How many frames came at a time, five times."""
            counts = [bench.statistics("corner").frames]
            while len(counts) < 7:
                until(lambda: bench.statistics("corner").frames > counts[-1], "more frames")
                counts.append(bench.statistics("corner").frames)
            return [b - a for a, b in pairwise(counts[1:])]

        assert min(seen()) >= 3
        bench.engine.watch("corner")
        until(lambda: max(seen()) <= 2, "frames one by one")
        bench.engine.unwatch("corner")
        until(lambda: min(seen()) >= 3, "frames in turns again")


@pytest.mark.parametrize("algorithms", [("MD5",), ("SHA-256", "MD5")])
def test_digest_opens_a_camera(clip_path: Path, algorithms: tuple[str, ...]) -> None:
    gate = DigestGate("recorder", "secret", algorithms=algorithms)
    with SimulatedCity(gate=gate) as city, running() as bench:
        city.add("corner", clip_path)
        bench.add("corner", city.url("corner"), PASSWORD)
        until(lambda: bench.kept("corner"), "a fragment")


def test_a_wrong_password_is_a_gap_that_ends_when_it_is_right_again(clip_path: Path) -> None:
    with SimulatedCity(gate=DigestGate("recorder", "secret")) as city, running() as bench:
        city.add("corner", clip_path)
        city.refuse_auth("corner")
        bench.add("corner", city.url("corner"), PASSWORD)
        until(lambda: bench.has_gap(GapReason.AUTH_FAILED), "a gap for the password")
        city.refuse_auth("corner", False)
        until(lambda: bench.has_gap(GapReason.AUTH_FAILED, over=True), "the end of the gap")
        until(lambda: bench.kept("corner"), "a fragment")


def test_a_redirect_is_followed_after_its_address_was_allowed(clip_path: Path) -> None:
    with SimulatedCity() as city, running() as bench:
        city.add("corner", clip_path)
        city.add("old", clip_path)
        city.redirect("old", city.url("corner"))
        bench.add("corner", city.url("old"))
        until(lambda: bench.kept("corner"), "a fragment")
        assert bench.asked[:2] == [city.url("old"), city.url("corner")]


def test_a_redirect_to_a_forbidden_address_is_not_followed(clip_path: Path) -> None:
    with SimulatedCity() as city, running() as bench:
        city.add("corner", clip_path)
        city.add("old", clip_path)
        city.redirect("old", city.url("corner"))
        bench.refused.add(city.url("corner"))
        bench.add("corner", city.url("old"))
        until(lambda: bench.has_gap(GapReason.ADDRESS_REFUSED), "a gap for the address")
        assert city.watchers("corner") == 0


def test_a_circle_of_redirects_ends(clip_path: Path) -> None:
    with SimulatedCity() as city, running() as bench:
        city.add("old", clip_path)
        city.redirect("old", city.url("old"))
        bench.add("corner", city.url("old"))
        until(lambda: bench.has_gap(GapReason.REFUSED), "a gap")
        assert len(bench.asked) >= 4


def test_nobody_listening_is_a_refusal(clip_path: Path) -> None:
    with SimulatedCity() as city:
        url = city.url("corner")
    with running() as bench:
        bench.add("corner", url)
        until(lambda: bench.has_gap(GapReason.REFUSED), "a gap")
        assert bench.statistics("corner").state in (
            CameraState.WAITING,
            CameraState.CONNECTING,
            CameraState.RESOLVING,
        )


def test_a_pulled_plug_is_a_gap_between_two_segments(clip_path: Path) -> None:
    with SimulatedCity() as city, running() as bench:
        city.add("corner", clip_path)
        bench.add("corner", city.url("corner"))
        until(lambda: bench.kept("corner"), "a fragment")
        city.drop("corner")
        until(lambda: bench.has_gap(GapReason.CLOSED_BY_CAMERA, over=True), "the end of the gap")
    first, second = bench.sink.segments[:2]
    gap = next(g for g in bench.gaps if g.reason is GapReason.CLOSED_BY_CAMERA and g.ends_at)
    assert gap.starts_at.timestamp() == pytest.approx(first.ends_s, abs=1e-5)
    assert gap.ends_at == second.start
    assert first.closed is CloseReason.CONNECTION_ENDED


@pytest.mark.parametrize("fault", ["stall", "mute"])
def test_a_silent_camera_is_given_up_and_tried_again(clip_path: Path, fault: str) -> None:
    with SimulatedCity() as city, running() as bench:
        city.add("corner", clip_path)
        bench.add("corner", city.url("corner"))
        until(lambda: bench.kept("corner"), "a fragment")
        getattr(city, fault)("corner")
        until(lambda: bench.is_quiet("corner"), "silence")
        bench.ahead_s += 11
        until(lambda: bench.has_gap(GapReason.TIMEOUT), "a gap for the silence")
        city.resume("corner")
        bench.ahead_s += 11  # a handshake that began while it was silent is given up
        until(lambda: bench.has_gap(GapReason.TIMEOUT, over=True), "the end of the gap")


def test_a_leap_of_the_camera_clock_starts_anew(clip_path: Path) -> None:
    with SimulatedCity() as city, running() as bench:
        city.add("corner", clip_path)
        bench.add("corner", city.url("corner"))
        until(lambda: bench.kept("corner"), "a fragment")
        city.jump("corner", 120)
        until(lambda: bench.has_gap(GapReason.CAMERA_CLOCK, over=True), "the end of the gap")


def test_the_camera_clock_is_measured(clip_path: Path) -> None:
    with SimulatedCity() as city, running() as bench:
        city.add("corner", clip_path)
        city.shift_clock("corner", 42.0)
        bench.add("corner", city.url("corner"))
        until(lambda: bench.statistics("corner").clock, "a sender report")
        clock = bench.statistics("corner").clock
        assert clock is not None
        assert abs(clock.offset_s - 42.0) <= clock.error_s + 0.3


def test_lost_frames_are_a_gap_within_the_footage(clip_path: Path) -> None:
    with SimulatedCity() as city, running() as bench:
        city.add("corner", clip_path)
        bench.add("corner", city.url("corner"))
        until(lambda: bench.kept("corner"), "a fragment")
        city.lose_frames("corner", 3)
        until(lambda: bench.has_gap(GapReason.LOST_PACKETS, over=True), "a gap")
        assert bench.statistics("corner").lost_packets >= 3


def test_another_picture_size_starts_another_segment(clip_path: Path, tmp_path: Path) -> None:
    large = encode(tmp_path / "large.mp4", frames=40, rate=20, gop=20, size=(320, 192))
    with SimulatedCity() as city, running() as bench:
        city.add("corner", clip_path)
        bench.add("corner", city.url("corner"))
        until(lambda: bench.kept("corner"), "a fragment")
        city.show("corner", large)
        until(
            lambda: bench.sink.segments[-1].facts.width == 320 and bench.sink.segments[-1].fragments,
            "the new size",
        )
        bench.engine.stop()
    assert [segment.facts.width for segment in bench.sink.segments] == [160, 320]
    assert len(bench.sink.pictures()) >= 20


def test_a_session_outlives_its_timeout_by_keep_alives(clip_path: Path) -> None:
    with SimulatedCity(session_timeout_s=4) as city, running() as bench:
        city.add("corner", clip_path)
        bench.add("corner", city.url("corner"))
        until(lambda: bench.kept("corner") >= 7, "seven seconds of footage")
        assert bench.statistics("corner").connections == 1


def test_removing_a_camera_says_goodbye_and_keeps_what_was_received(clip_path: Path) -> None:
    with SimulatedCity() as city, running() as bench:
        city.add("corner", clip_path)
        bench.add("corner", city.url("corner"))
        until(lambda: bench.kept("corner"), "a fragment")
        bench.engine.remove_camera("corner")
        city.wait_for("left", camera="corner", reason="teardown")
        until(lambda: bench.has_gap(GapReason.STOPPED), "the gap")
        assert bench.sink.segments[-1].closed is CloseReason.STOPPED
        assert bench.engine.statistics() == {}


class _FaultySink(MemorySink):
    """Fails in a way that nobody foresaw, for one camera."""

    def open(self, camera: str, *rest: Any) -> KeptSegment:
        if camera == "faulty":
            raise ZeroDivisionError
        return super().open(camera, *rest)


def test_a_fault_with_one_camera_does_not_stop_the_others(clip_path: Path) -> None:
    with SimulatedCity() as city, running(_FaultySink()) as bench:
        for name in ("faulty", "sound"):
            city.add(name, clip_path)
            bench.add(name, city.url(name))
        until(lambda: bench.has_gap(GapReason.INTERNAL_ERROR), "the fault")
        until(lambda: bench.kept("sound") >= 2, "footage of the other camera")


def test_forty_cameras_are_recorded_together_without_a_gap(clip_path: Path) -> None:
    names = [f"cam{number:02}" for number in range(40)]
    with SimulatedCity() as city, running() as bench:
        for name in names:
            city.add(name, clip_path)
            bench.add(name, city.url(name))
        until(lambda: all(bench.kept(name) >= 3 for name in names), "footage of all")
        bench.engine.stop()
    assert {gap.reason for gap in bench.gaps} == {GapReason.CONNECTING, GapReason.STOPPED}


def test_an_impossible_address_is_refused_at_once() -> None:
    with running() as bench, pytest.raises(ProtocolError):
        bench.add("corner", "http://127.0.0.1/")


def test_a_camera_is_added_once(clip_path: Path) -> None:
    with SimulatedCity() as city, running() as bench:
        bench.add("corner", city.url("corner"))
        with pytest.raises(ValueError, match="already"):
            bench.add("corner", city.url("corner"))
