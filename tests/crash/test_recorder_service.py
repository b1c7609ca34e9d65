"""The recorder is killed at every durable step; the next start mends it, and nothing sealed is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connections

from cameras.actions.change_camera import CameraChange, change_camera
from cameras.models import Camera
from evidence.catalogue.minute import MINUTE, seal_minute
from evidence.catalogue.verify import Level, verify_footage
from evidence.models import Gap, Segment
from evidence.recorder.roster import take_lease
from evidence.recorder.rows import explain_downtime, write_segment
from evidence.recorder.service import Recorder
from evidence.recorder.states import Gap as GapTold
from evidence.recorder.states import GapReason
from evidence.recorder.vault_sink import Finished
from evidence.vault.names import KeyName
from evidence.vault.spool import Spool
from rtcc import clock
from rtcc.config import config
from tests.city import NOON, camera, city, person
from tests.conftest import Committed
from tests.killing import finishes
from tests.recorder_source import Clip
from tests.recording import Recording, clip, record, vault

__all__ = ["city", "clip", "vault"]

# A life of a recorder: ten seconds of one segment, and the minute after it, of which eighteen are lived.
STARTS = NOON - timedelta(minutes=50) + timedelta(seconds=50)
LIVES = timedelta(minutes=1)
UNITS = 140


@pytest.fixture
def corner(city: Committed, vault: Path) -> Camera:
    """The only camera of the city."""
    with clock.set_to(NOON - timedelta(minutes=55)):
        for other in Camera.objects.exclude(code="cam01"):
            change_camera(by=person("nadia.brandt"), camera=other.id, change=CameraChange(retire=True))
    return camera("cam01")


def live(corner: Camera, clip: Clip, at: datetime) -> Callable[[], None]:
    """One life, in a process of its own: its database connection is its own too."""

    def work() -> None:
        connections.close_all()
        with clock.set_to(at):
            recording = Recording(corner, clip, at)
            recording.play(clip.units[:UNITS])
            recording.end()
        connections.close_all()

    return work


def start_again() -> None:
    """What a recorder does first when it starts."""
    recorder = Recorder()
    try:
        recorder.finish_what_was_left()
    finally:
        recorder.journal.close()
        recorder.spool.close()
        recorder.engine.stop()


def test_killed_at_every_step_it_loses_nothing_sealed_and_explains_the_rest(
    corner: Camera, clip: Clip
) -> None:
    connections.close_all()
    at, step, whole = STARTS, 0, False
    kept: set[str] = set()
    while not whole:
        step += 1
        whole = finishes(live(corner, clip, at), kill_at=step)
        connections.close_all()
        at += LIVES
        with clock.set_to(at):
            start_again()
        rows = {str(key) for key in Segment.objects.values_list("id", flat=True)}
        assert kept <= rows, f"killed at step {step}: a sealed segment is gone"
        kept = rows
        with Spool(config.spool_dir) as spool:
            assert spool.entries() == [], f"killed at step {step}: something is neither sealed nor given up"
    assert step > 30, "the kills missed the work"

    with clock.set_to(at):
        taken = take_lease(str(corner.id))
        assert taken is not None
        assert taken.left_at is not None
        explain_downtime(corner.id, taken.left_at, at)
    # The first kills came before it had taken the camera at all: from then on it is expected.
    held = Gap.objects.order_by("starts_at")[0].starts_at
    assert held < STARTS + 10 * LIVES
    minute = held.replace(second=0) + MINUTE
    with clock.set_to(at + MINUTE):
        while minute + MINUTE <= at:
            seal_minute(minute, [corner.id])
            minute += MINUTE
    result = verify_footage(Level.HASH)
    assert [str(fault) for fault in result.faults] == []
    assert result.segments == len(kept)
    assert Segment.objects.filter(recovered=True).exists()


@pytest.mark.dies
def test_the_next_start_ends_where_the_footage_ends(corner: Camera, clip: Clip) -> None:
    recording = Recording(corner, clip, STARTS)
    recording.play(clip.units[:UNITS])
    recording.leave()
    back = STARTS + timedelta(minutes=2)

    with clock.set_to(back):
        start_again()
        record(corner, clip, back)

    footage = Segment.objects.filter(starts_at__lt=back).order_by("-starts_at")[0]
    assert footage.recovered
    gap = Gap.objects.get(reason=GapReason.NOT_RUNNING)
    assert (gap.starts_at, gap.ends_at) == (footage.ends_at, back)
    assert gap.detail == "the recorder was not running"


@pytest.mark.dies
def test_gaps_that_were_told_while_the_database_was_away_survive_the_kill(corner: Camera) -> None:
    """The camera goes and comes back while no row can be written; then the recorder is killed."""
    went, came = STARTS, STARTS + timedelta(seconds=20)
    recorder = Recorder()
    with clock.set_to(went):
        recorder.roster.read(recorder.engine)
        # Its rows are never written: the thread that writes them waits for a database that is away.
        told = GapTold(str(corner.id), went, None, GapReason.TIMEOUT, "the camera fell silent")
        recorder.rows.put(told)
        recorder.rows.put(replace(told, ends_at=came))
    recorder.spool.close()
    recorder.engine.stop()
    assert not Gap.objects.filter(reason=GapReason.TIMEOUT).exists()
    with (config.spool_dir / "gaps.jsonl").open("a") as journal:
        journal.write('{"camera": "torn by a power')

    for _ in range(2):
        start_again()
        gap = Gap.objects.get(reason=GapReason.TIMEOUT)
        assert (gap.starts_at, gap.ends_at) == (went, came)
    assert (config.spool_dir / "gaps.jsonl").read_bytes() == b""


def test_a_camera_has_one_open_gap_at_most(corner: Camera, clip: Clip) -> None:
    recording = Recording(corner, clip, STARTS)
    recording.play(clip.units[:50])
    recording.end(GapReason.UNREACHABLE)
    with clock.set_to(STARTS + timedelta(minutes=1)):
        record(corner, clip, clock.now())

    assert [gap.reason for gap in Gap.objects.open()] == [GapReason.STOPPED]
    unreachable = Gap.objects.get(reason=GapReason.UNREACHABLE)
    assert unreachable.ends_at is not None
    assert unreachable.ends_at <= STARTS + timedelta(minutes=1)


def test_a_sealed_file_that_somebody_removed_is_a_gap_of_its_own_kind(
    corner: Camera, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away while a segment is sealed, and its file is gone before the next start."""
    sealed: list[Finished] = []
    monkeypatch.setattr(Recording, "_put", lambda self, item: sealed.append(item))
    recording = Recording(corner, clip, STARTS)
    recording.play(clip.units[:UNITS])
    recording.end()
    finished = [item for item in sealed if isinstance(item, Finished)]
    lost = finished[0].sealed
    (config.store_dir / "sealed" / str(lost.location)).unlink()

    start_again()

    gap = Gap.objects.get(reason=GapReason.FILE_MISSING)
    assert gap.starts_at == lost.asset.starts_at
    assert "gone from the store" in gap.detail
    assert Segment.objects.count() == len(finished) - 1


def test_a_key_that_was_destroyed_meanwhile_stops_no_start(
    corner: Camera, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row of a sealed segment was due, and its key period was destroyed before it was written."""
    monkeypatch.setattr(Recording, "_put", lambda self, item: None)
    recording = Recording(corner, clip, STARTS)
    recording.play(clip.units[:UNITS])
    recording.end()
    with Spool(config.spool_dir) as spool:
        asset = spool.entries()[0].asset
    recording.keys.destroy(KeyName.of(asset.source, asset.period))

    start_again()

    row = Segment.objects.get(id=asset.id)
    assert row.wrapped_key is None
    assert row.codec == "unknown"
    assert verify_footage(Level.HASH).segments == Segment.objects.count()


def test_a_row_that_is_written_twice_is_one_row(corner: Camera, clip: Clip) -> None:
    found: list[Finished] = []
    recording = Recording(corner, clip, STARTS)
    before = recording.vault._put

    def put(item: object) -> None:
        if isinstance(item, Finished):
            found.append(item)
        before(item)  # type: ignore[arg-type]

    recording.vault._put = put
    recording.play(clip.units[:UNITS])
    recording.end()

    write_segment(found[0], corner.retention_class)

    assert Segment.objects.count() == len(found)
