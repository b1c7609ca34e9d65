"""Footage in a vault of the test, made by the recorder's own code from a clip whose pictures are known."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from cameras.models import Camera
from evidence.recorder.camera import Camera as RecordedCamera
from evidence.recorder.camera import CameraSpec
from evidence.recorder.capture import Clocks
from evidence.recorder.roster import take_lease
from evidence.recorder.rows import explain_downtime, write_gap, write_opened, write_segment
from evidence.recorder.states import Gap, GapReason
from evidence.recorder.vault_sink import Finished, Opened, Terms, VaultSink, _Handle
from evidence.vault.descriptor import DAY_S
from evidence.vault.disk import DiskStore
from evidence.vault.keystore import KeyStore
from evidence.vault.spool import Spool
from rtcc.config import config
from rtcc.keys import provider
from tests.conftest import Committed
from tests.recorder_source import URL, Clip, Rig, encode, read_clip


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Path]:
    """An empty data folder of this test alone, where the footage, its keys and its lists lie."""
    before = config.data
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    object.__setattr__(config, "data", folder)
    KeyStore.initialise(config.period_keys_dirs, provider())
    config.spool_dir.mkdir(mode=0o700)
    DiskStore(config.store_dir)
    yield folder
    object.__setattr__(config, "data", before)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """Two minutes of a small moving picture, 5 frames a second, a key frame every 2 s, with B-frames."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return read_clip(encode(path, frames=600, rate=5, gop=10, b_frames=2))


class _AtOnce(VaultSink):
    """The recorder's sink, whose sealing is done by the caller's thread: tests need no waiting."""

    def hand(self, act: Callable[[], None], handle: _Handle, size: int, kept_until: datetime) -> None:
        self._carefully(handle, act)


class Recording(Rig):
    """One camera's recorder, from the RTP packets to the rows; its clock moves with what is played."""

    def __init__(self, camera: Camera, clip: Clip, at: datetime) -> None:
        super().__init__(clip)
        self.registered = camera
        self.spool = Spool(config.spool_dir)
        self.keys = KeyStore(config.period_keys_dirs, provider())
        taken = take_lease(str(camera.id))
        assert taken is not None
        if taken.left_at is not None:
            explain_downtime(camera.id, taken.left_at, at)
        self.terms = Terms(taken.epoch, DAY_S)
        self.vault = _AtOnce(
            store=DiskStore(config.store_dir),
            spool=self.spool,
            keys=self.keys,
            terms=lambda _: self.terms,
            put=self._put,
        )
        self.clocks = Clocks(monotonic_s=1000.0, utc_ahead_s=at.timestamp() - 1000.0)
        self.camera = RecordedCamera(CameraSpec(str(camera.id), URL), self.vault, self._gap)
        self.camera.added(at.timestamp())
        self.connect()

    def _put(self, item: Opened | Finished | Gap) -> None:
        if isinstance(item, Finished):
            write_segment(item, self.registered.retention_class)
            self.spool.forget(item.sealed.asset.id)
        elif isinstance(item, Opened):
            write_opened(item.asset)
        else:
            self._gap(item)

    def _gap(self, gap: Gap) -> None:
        write_gap(gap, kept=True)

    def end(self, reason: GapReason = GapReason.STOPPED) -> None:
        """The camera is hung up: what stands is sealed."""
        self.camera.end(reason, "the test is over", self.now_s)
        self.leave()

    def leave(self) -> None:
        """As if the process were gone: nothing is closed, the spool may be opened by another one."""
        self.spool.close()


def record(camera: Camera, clip: Clip, at: datetime) -> Recording:
    """Record the whole clip from ``at`` on, and end."""
    recording = Recording(camera, clip, at)
    recording.play(clip.units)
    recording.end()
    return recording


def behind_the_back(database: Committed, sql: str, *values: object) -> None:
    """Change rows as a database superuser can, and no role of the system: without an entry, past triggers."""
    with psycopg.connect(database.url("postgres"), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        assert connection.execute(sql, values).rowcount > 0
