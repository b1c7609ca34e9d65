"""What may go wrong with a camera goes wrong on demand, and the program around it starts and ends cleanly."""

from __future__ import annotations

import json
import signal
import struct
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import av
import pytest

from cameras.simulated.city import SimulatedCity
from cameras.simulated.loop import read_loop
from cameras.simulated.rtp import NTP_EPOCH_S
from tests.formats.simulated_city import city, scenes, units
from tests.formats.simulated_client import RtspClient

__all__ = ["city", "scenes"]

ROOT = Path(__file__).parents[2]


def test_a_stalled_camera_answers_requests_and_sends_nothing_until_it_resumes(city: SimulatedCity) -> None:
    with RtspClient(city.url("cam01")) as client:
        client.play()
        units(client, 2)
        city.stall("cam01")
        client.ask("GET_PARAMETER")  # what was under way before the stall comes before this answer
        client.socket.settimeout(0.6)
        with pytest.raises(TimeoutError):
            next(client.packets())
        client.socket.settimeout(30)
        assert client.ask("GET_PARAMETER").status == 200
        city.resume("cam01")
        assert units(client, 1)[0][1][-1][0] & 31 == 5


def test_a_mute_camera_does_not_even_answer(city: SimulatedCity) -> None:
    city.mute("cam01")
    with RtspClient(city.url("cam01")) as client:
        client.socket.settimeout(0.4)
        with pytest.raises(TimeoutError):
            client.ask("DESCRIBE")
        client.socket.settimeout(30)
        city.resume("cam01")
        assert client.ask("DESCRIBE").status == 200


def test_a_dropped_connection_ends_and_the_next_one_works(city: SimulatedCity) -> None:
    with RtspClient(city.url("cam01")) as client:
        client.play()
        city.drop("cam01")
        assert client.closed()
    with RtspClient(city.url("cam01")) as client:
        client.play()
        assert units(client, 1)


def test_a_camera_that_is_off_cuts_its_watchers_and_answers_503(city: SimulatedCity) -> None:
    with RtspClient(city.url("cam01")) as client:
        client.play()
        city.stop("cam01")
        assert client.closed()
    with RtspClient(city.url("cam01")) as client:
        assert client.ask("DESCRIBE").status == 503
        city.start("cam01")
        assert client.ask("DESCRIBE").status == 200


def test_a_camera_that_refuses_answers_401_and_one_that_moved_302(city: SimulatedCity) -> None:
    with RtspClient(city.url("cam01")) as client:
        city.refuse_auth("cam01")
        assert client.ask("DESCRIBE").status == 401
        city.refuse_auth("cam01", False)
        city.redirect("cam01", "rtsp://192.0.2.9/elsewhere")
        reply = client.ask("DESCRIBE")
        assert (reply.status, reply.all("Location")) == (302, ["rtsp://192.0.2.9/elsewhere"])
        city.redirect("cam01", None)
        assert client.ask("DESCRIBE").status == 200


def test_the_size_changes_in_mid_stream_at_a_key_picture_and_time_runs_on(
    city: SimulatedCity, scenes: dict[str, Path]
) -> None:
    larger = read_loop(scenes["larger"])
    with RtspClient(city.url("cam01")) as client:
        client.play()
        before = units(client, 5)
        city.show("cam01", scenes["larger"])
        after = units(client, 20)
        assert f"a=framerate:{float(larger.frame_rate):g}\r\n".encode() in client.ask("DESCRIBE").body
    received = before + after
    first = next(i for i, (_, nals, _) in enumerate(received) if larger.sps in nals)
    assert received[first][1] == list(larger.units[0].nals)
    steps = [(b[0] - a[0]) % (1 << 32) for a, b in pairwise(received)]
    assert all(0 < step < 45_000 for step in steps)
    sequence = [packet.sequence for _, _, packets in received for packet in packets]
    assert all((b - a) % 65536 == 1 for a, b in pairwise(sequence))


def test_ffmpeg_follows_a_change_of_size(city: SimulatedCity, scenes: dict[str, Path]) -> None:
    options = {"rtsp_transport": "tcp", "analyzeduration": "200000"}
    with av.open(city.url("cam01"), options=options) as container:
        widths: list[int] = []
        for frame in container.decode(video=0):
            if not widths:
                city.show("cam01", scenes["larger"])
            widths.append(frame.width)
            if frame.width == 480:
                break
    assert (widths[0], widths[-1]) == (320, 480)


@pytest.mark.parametrize("seconds", [40.0, -40.0])
def test_timestamps_jump_and_then_run_on(city: SimulatedCity, seconds: float) -> None:
    with RtspClient(city.url("cam01")) as client:
        client.play()
        before = units(client, 3)
        city.jump("cam01", seconds)
        times = [unit[0] for unit in before + units(client, 12)]
    steps = [(b - a + (1 << 31)) % (1 << 32) - (1 << 31) for a, b in pairwise(times)]
    assert sorted(steps, key=abs)[-1] == 6000 + seconds * 90_000
    assert steps.count(6000) == len(steps) - 1


def test_lost_frames_leave_a_hole_in_the_sequence_numbers(city: SimulatedCity) -> None:
    with RtspClient(city.url("cam01")) as client:
        client.play()
        before = units(client, 2)
        city.lose_frames("cam01", 2)
        received = before + units(client, 10)
    sequence = [packet.sequence for _, _, packets in received for packet in packets]
    assert sum((b - a) % 65536 > 1 for a, b in pairwise(sequence)) == 1
    assert max((b[0] - a[0]) % (1 << 32) for a, b in pairwise(received)) == 3 * 6000


def test_a_camera_with_a_wrong_clock_says_so_in_its_sender_reports(city: SimulatedCity) -> None:
    city.shift_clock("cam01", 3600.0)
    with RtspClient(city.url("cam01")) as client:
        client.play()
        report = next(packet for packet in client.packets() if packet.channel == 1)
    (whole,) = struct.unpack_from(">I", report.data, 8)
    assert whole - NTP_EPOCH_S == pytest.approx(time.time() + 3600, abs=3)


def begin(*arguments: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cameras.simulated", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def heard(process: subprocess.Popen[str], event: str) -> dict[str, object]:
    assert process.stdout is not None
    for line in process.stdout:
        said: dict[str, object] = json.loads(line)
        if said["event"] == event:
            return said
    raise AssertionError(f"it ended without {event}")


def test_the_program_serves_a_folder_of_clips_behind_a_password_and_stops_when_told(
    scenes: dict[str, Path], tmp_path: Path
) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    (clips / "a.mp4").symlink_to(scenes["plain"])
    (clips / "b.mp4").symlink_to(scenes["larger"])
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "titles.json").write_text(json.dumps([["north", "North Broadway & Pine"]]))
    process = begin(
        "--cameras", "3", "--cache", tmp_path / "cache", "--video", clips, "--user", "recorder",
        "--password-file", tmp_path / "password", "--titles", tmp_path / "titles.json",
    )  # fmt: skip
    try:
        said = heard(process, "listening")
        assert said["cameras"] == ["north", "cam02", "cam03"]
        heard(process, "complete")
        for name, title in (("north", b"s=North Broadway & Pine\r\n"), ("cam03", b"s=Camera 3\r\n")):
            with RtspClient(f"rtsp://127.0.0.1:{said['port']}/{name}", "recorder", "secret") as client:
                assert title in client.ask("DESCRIBE").body
                client.play()
                assert units(client, 1)
        process.send_signal(signal.SIGTERM)
        heard(process, "stopped")
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def test_the_program_stops_in_the_middle_of_drawing_and_leaves_no_half_made_scene(tmp_path: Path) -> None:
    process = begin("--cameras", "2", "--cache", tmp_path)
    try:
        heard(process, "listening")
        while not list(tmp_path.glob("*.part")):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        heard(process, "stopped")
        assert process.wait(20) == 0
        assert not list(tmp_path.glob("*.part"))
    finally:
        process.kill()
        process.wait()
