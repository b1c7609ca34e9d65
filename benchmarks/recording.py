"""Recording many cameras, watched meanwhile, beside ``ffmpeg -c copy -f segment`` (one process a camera) on
the same machine, the same cameras and in the same run, one after the other.

    python -m benchmarks.recording [--cameras 50] [--minutes 10] [--live 9] [--playback 2]

Ours seals and encrypts, keeps rows and serves the viewers; ffmpeg writes plain files and serves nobody. CPU
is user and system time of recorder and web, or of all ffmpeg processes; memory is their proportional set
size at the end. The simulated cameras, the protocol clients and the database are in neither.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import imageio_ffmpeg

from benchmarks.words import machine, table
from cameras.simulated.scenes import default_scenes, make_scene
from rtcc.onebox.options import ROOT
from tests import cluster, live_site

KINDS = 4
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measured:
    """One way of recording."""

    name: str
    cpu_s: float
    memory_mb: float
    gaps: str
    notes: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--live", type=int, default=9)
    parser.add_argument("--playback", type=int, default=2)
    options = parser.parse_args()
    print(machine(), flush=True)
    with live_site.standalone():
        from rtcc.onebox.seed import simulator_password

        clips, password = scenes(), simulator_password()
        with simulator(clips, options.cameras, password) as port:
            rows = [*ours(port, options), peer(port, options, password)]
    minutes = options.cameras * options.minutes
    head = ("way", "CPU-s", "CPU-s per camera-minute", "memory MB", "gaps", "notes")
    print(
        table(
            head,
            [
                (r.name, f"{r.cpu_s:.1f}", f"{r.cpu_s / minutes:.3f}", f"{r.memory_mb:.0f}", r.gaps, r.notes)
                for r in rows
            ],
        )
    )
    recorder, _, ffmpeg = rows
    ratio = f"CPU {recorder.cpu_s / ffmpeg.cpu_s:.2f}, memory {recorder.memory_mb / ffmpeg.memory_mb:.2f}"
    print(f"\nrecorder / ffmpeg: {ratio}")


def scenes() -> Path:
    """A folder with clips of several sizes and rates; drawn once."""
    folder = live_site.SCENES / "benchmark"
    folder.mkdir(parents=True, exist_ok=True)
    for spec in default_scenes([(f"cam{i + 1:02d}", f"Camera {i + 1}") for i in range(KINDS)]):
        make_scene(spec, folder)
    return folder


@contextmanager
def simulator(clips: Path, cameras: int, password: str) -> Iterator[int]:
    """The simulated cameras in a process of their own; the port."""
    with tempfile.TemporaryDirectory() as folder:
        secret = Path(folder, "password")
        secret.touch(0o600)
        secret.write_text(password)
        words = ("--cameras", str(cameras), "--cache", folder, "--video", str(clips), "--user", "demo")
        process = subprocess.Popen(
            [sys.executable, "-m", "cameras.simulated", *words, "--password-file", str(secret)],
            cwd=ROOT,
            env=cluster.environment("app"),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        port = 0
        for line in process.stdout:
            event = json.loads(line)
            port = event.get("port", port)
            if event["event"] == "complete":
                break
        drain = threading.Thread(target=process.stdout.read, daemon=True)
        drain.start()
        try:
            yield port
        finally:
            process.terminate()
            process.wait(10)


def ours(port: int, options: argparse.Namespace) -> tuple[Measured, Measured]:
    """The recorder, and the web process with its viewers."""
    with live_site.surroundings(port, cameras=options.cameras) as site:
        from evidence.models import Gap, OpenFile
        from rtcc import clock

        record_all()
        site.start_recorder()
        site.start_web()
        live_site.until(
            lambda: OpenFile.objects.count() >= options.cameras, 120, "the recording of all cameras"
        )
        viewers = Viewers(site, options.live, options.playback)
        viewers.start()
        time.sleep(5)
        pids = [site.pid("recorder"), site.pid("web")]
        began, before = clock.now(), [cpu_of([pid]) for pid in pids]
        time.sleep(options.minutes * 60)
        used = [cpu_of([pid]) - was for pid, was in zip(pids, before, strict=True)]
        memory = [memory_of(pid) for pid in pids]
        ended = clock.now()
        live, recorded = viewers.stop()
        gaps = [
            (max(gap.starts_at, began), min(gap.ends_at or ended, ended), gap.reason)
            for gap in Gap.objects.filter(starts_at__lt=ended).order_by("starts_at")
            if gap.ends_at is None or gap.ends_at > began
        ]
        site.stop_all()
    seconds = sum((b - a for a, b, _ in gaps), timedelta()).total_seconds()
    reasons = ", ".join(sorted({reason for _, _, reason in gaps}))
    said = f"{len(gaps)} ({seconds:.1f} s{' ' + reasons if reasons else ''})"
    viewed = (
        f"{live / 1e6:.0f} MB live to {options.live}, {recorded / 1e6:.0f} MB recorded to {options.playback}"
    )
    return (
        Measured(
            "recorder", used[0], memory[0], said, "sealed, encrypted, with rows; feeds the live viewers"
        ),
        Measured("web", used[1], memory[1], "", viewed),
    )


def record_all() -> None:
    """Some of the demo's cameras are recorded only at their hours; here all are, always."""
    from django.db import transaction

    from audit.record import record
    from audit.vocabulary import Event
    from cameras.models import Camera

    with transaction.atomic():
        record(Event.CAMERA_CHANGED, actor="system:benchmark")
        Camera.objects.update(recording="always")


def peer(port: int, options: argparse.Namespace, password: str) -> Measured:
    """One ffmpeg a camera, into 60-second files."""
    with tempfile.TemporaryDirectory(prefix="watchlight-peer-") as folder:
        processes = [_ffmpeg(port, number + 1, password, Path(folder)) for number in range(options.cameras)]
        live_site.until(lambda: len(list(Path(folder).iterdir())) >= options.cameras, 120, "ffmpeg's files")
        pids = [process.pid for process in processes]
        before = cpu_of(pids)
        time.sleep(options.minutes * 60)
        dead = sum(process.poll() is not None for process in processes)
        alive = [process.pid for process in processes if process.poll() is None]
        used, memory = cpu_of(alive) - before, sum(memory_of(pid) for pid in alive)
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)
    return Measured("ffmpeg -c copy", used, memory, f"{dead} processes died", "plain files, no viewers")


def _ffmpeg(port: int, camera: int, password: str, folder: Path) -> subprocess.Popen[bytes]:
    url = f"rtsp://demo:{password}@127.0.0.1:{port}/cam{camera:02d}"
    words = ["-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", url, "-an", "-c", "copy"]
    segments = ["-f", "segment", "-segment_time", "60", "-reset_timestamps", "1"]
    target = str(folder / f"cam{camera:02d}-%04d.mp4")
    return subprocess.Popen(
        [imageio_ffmpeg.get_ffmpeg_exe(), *words, *segments, target],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


class Viewers:
    """One analyst's wall of live tiles, and players that go through what was just recorded."""

    def __init__(self, site: live_site.Site, live: int, recorded: int) -> None:
        from tests.city import camera, incident
        from tests.protocol_client import WallClient

        codes = [f"cam{number:02d}" for number in (*range(1, 9), *range(13, 60))]
        self._visitor = site.sign_in("ana.mercer")
        cameras = [camera(code).id for code in codes[: max(live, recorded)]]
        self._asked = self._visitor.watch(incident().basis_id, *cameras)
        self._live, self._recorded = self._asked[:live], self._asked[:recorded]
        self._client = WallClient(site.port, self._visitor.cookie, keep=False)
        self._over = threading.Event()
        self._bytes = 0
        self._threads = [threading.Thread(target=self._play, args=(one,)) for one in self._recorded]

    def start(self) -> None:
        for tile in self._client.open_all(self._live):
            self._client.wait_for_pictures(tile, 5, 60)
        for thread in self._threads:
            thread.start()

    def stop(self) -> tuple[int, int]:
        """Bytes received live and recorded."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._client.leave()
        return self._client.bytes, self._bytes

    def _play(self, asked: dict[str, Any]) -> None:
        """Ten seconds of footage every ten seconds, a little behind the present."""
        from rtcc import clock

        begins = clock.now()
        session = self._visitor.post(
            "/playback/open/", grant=asked["grant"]["id"], camera=asked["camera"], **{"from": _text(begins)}
        ).json()
        while not self._over.wait(10):
            until = clock.now() - timedelta(seconds=5)
            query = f"from={_text(max(begins, until - timedelta(seconds=10)))}&to={_text(until)}"
            self._bytes += self._visitor.size_of(
                f"/playback/{session['playback']}/{asked['camera']}/fragments/?{query}"
            )


def _text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def cpu_of(pids: list[int]) -> float:
    """User and system seconds of processes so far."""
    used = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        used += int(fields[11]) + int(fields[12])
    return used / _TICKS


def memory_of(pid: int) -> float:
    """Proportional set size, MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


if __name__ == "__main__":
    main()
