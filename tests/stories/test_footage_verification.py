"""What somebody does to recorded footage behind the system's back is found, and the place is named."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import call_command

from cameras.actions.change_camera import CameraChange, change_camera
from cameras.models import Camera
from cameras.vocabulary import Recording as Recorded
from evidence.catalogue.minute import list_path, seal_minute
from evidence.catalogue.verify import FootageVerification, Level, verify_footage
from evidence.models import Gap, Segment
from evidence.recorder.rows import end_gaps
from evidence.recorder.states import GapReason
from rtcc import clock
from rtcc.config import config
from tests.city import NOON, camera, city, person
from tests.conftest import Committed
from tests.recorder_source import Clip
from tests.recording import Recording, behind_the_back, clip, record, vault

__all__ = ["city", "clip", "vault"]

BEGINS = NOON - timedelta(minutes=10)
MINUTES = [BEGINS + timedelta(minutes=n) for n in range(6)]


@dataclass
class Scene:
    """Two minutes of footage of the one camera of a city, then a camera that cannot be reached."""

    city: Committed
    camera: Camera

    def segments(self) -> list[Segment]:
        return list(Segment.objects.order_by("starts_at"))

    def path(self, row: Segment) -> Path:
        return config.store_dir / "sealed" / str(row.location)

    def as_superuser(self, sql: str, *values: object) -> None:
        """What no role of the system may do."""
        behind_the_back(self.city, sql, *values)

    def verify(self, level: Level = Level.HASH) -> FootageVerification:
        return verify_footage(level)


@pytest.fixture
def scene(city: Committed, vault: Path, clip: Clip) -> Scene:
    with clock.set_to(NOON - timedelta(minutes=50)):
        for other in Camera.objects.exclude(code="cam01"):
            change_camera(by=person("nadia.brandt"), camera=other.id, change=CameraChange(retire=True))
    recording = Recording(camera("cam01"), clip, BEGINS)
    recording.play(clip.units)
    recording.end(GapReason.UNREACHABLE)
    seal(camera("cam01").id)
    return Scene(city, camera("cam01"))


def seal(*expected: UUID, minutes: list[datetime] | None = None) -> None:
    for minute in minutes or MINUTES:
        with clock.set_to(minute + timedelta(seconds=72)):
            seal_minute(minute, list(expected))


def says(result: FootageVerification) -> str:
    return "\n".join(str(fault) for fault in result.faults)


@pytest.mark.parametrize("level", list(Level))
def test_untouched_footage_verifies_at_every_level(scene: Scene, level: Level) -> None:
    result = scene.verify(level)

    assert says(result) == ""
    assert result.segments == 2
    assert result.minutes == len(MINUTES)
    assert len(result.proved) == 4


def test_one_changed_byte_is_found_by_its_hash_alone(scene: Scene) -> None:
    row = scene.segments()[1]
    raw = bytearray(scene.path(row).read_bytes())
    raw[len(raw) // 2] ^= 1
    scene.path(row).write_bytes(raw)

    assert scene.verify(Level.SIZE).ok
    result = scene.verify(Level.HASH)
    assert len(result.faults) == 1
    assert str(row.id) in says(result)
    assert scene.camera.name in says(result)
    assert "was changed" in says(result)


def test_a_shorter_file_is_found_by_its_size(scene: Scene) -> None:
    row = scene.segments()[0]
    scene.path(row).write_bytes(scene.path(row).read_bytes()[:-1])

    assert scene.verify(Level.PRESENCE).ok
    assert str(row.id) in says(scene.verify(Level.SIZE))


def test_a_file_that_is_gone_is_named(scene: Scene) -> None:
    row = scene.segments()[0]
    scene.path(row).unlink()

    assert "its file is gone from the store" in says(scene.verify(Level.PRESENCE))


@pytest.mark.parametrize("which", [0, 1], ids=["the first", "the last"])
def test_a_segment_and_its_row_removed_are_missed_by_camera_and_time(scene: Scene, which: int) -> None:
    row = scene.segments()[which]
    scene.path(row).unlink()
    scene.as_superuser("DELETE FROM evidence_segment WHERE id = %s", row.id)

    found = says(scene.verify(Level.PRESENCE))

    assert f"segment {row.id}" in found
    assert "its row is gone" in found
    assert "no footage, and no gap says why" in found
    assert f"{row.starts_at:%Y-%m-%d %H:%M}" in found
    assert scene.camera.name in found


def test_a_segment_row_and_list_removed_together_break_the_entry(scene: Scene) -> None:
    row = scene.segments()[0]
    scene.path(row).unlink()
    scene.as_superuser("DELETE FROM evidence_segment WHERE id = %s", row.id)
    path = list_path(row.minute)  # type: ignore[arg-type]
    path.write_bytes(b"".join(line for line in path.open("rb") if str(row.id).encode() not in line))

    found = says(scene.verify(Level.PRESENCE))

    assert "is not the one that the entry roots" in found
    assert "the segment that was sealed before it is gone" in found


def test_a_camera_that_is_dark_without_a_gap_is_named(scene: Scene) -> None:
    dark = Gap.objects.get(reason=GapReason.UNREACHABLE)
    scene.as_superuser("DELETE FROM evidence_gap WHERE id = %s", dark.id)

    result = scene.verify(Level.PRESENCE)

    assert len(result.faults) == 1
    assert scene.camera.name in says(result)
    assert "it was expected, there is no footage, and no gap says why" in says(result)
    assert f"{MINUTES[2]:%H:%M:%S} to {MINUTES[-1] + timedelta(minutes=1):%H:%M:%S}" in says(result)


def test_a_gap_that_was_made_shorter_is_named(scene: Scene) -> None:
    dark = Gap.objects.get(reason=GapReason.UNREACHABLE)
    Gap.objects.filter(id=dark.id).update(ends_at=dark.starts_at + timedelta(seconds=30))

    assert "no gap says why" in says(scene.verify(Level.PRESENCE))


def test_a_row_that_was_changed_does_not_hash_to_its_seal(scene: Scene) -> None:
    row = scene.segments()[0]
    scene.as_superuser(
        "UPDATE evidence_segment SET ends_at = ends_at - interval '1 second' WHERE id = %s", row.id
    )

    found = says(scene.verify(Level.PRESENCE))

    assert str(row.id) in found
    assert "the row was changed" in found


def test_a_row_sealed_anew_is_not_the_one_that_was_entered(scene: Scene) -> None:
    row = scene.segments()[1]
    scene.as_superuser(
        "UPDATE evidence_segment SET ends_at = ends_at - interval '1 second' WHERE id = %s", row.id
    )
    row.refresh_from_db()
    scene.as_superuser(
        "UPDATE evidence_segment SET seal_sha256 = %s WHERE id = %s", row.sealed.seal.hash(), row.id
    )

    assert "its row has another seal than minute" in says(scene.verify(Level.PRESENCE))


def test_footage_moved_to_another_day_of_another_camera_is_named(scene: Scene) -> None:
    row = scene.segments()[0]
    stranger = scene.path(row).with_name("01900000-0000-7000-8000-000000000001")
    stranger.write_bytes(b"not ours")

    assert f"file {row.day}/{scene.camera.id}/{stranger.name}: no row names it" in says(scene.verify())


def test_a_work_file_that_nothing_names_is_told(scene: Scene) -> None:
    (config.store_dir / "work" / "01900000-0000-7000-8000-000000000002").write_bytes(b"x")

    assert "work file 01900000-0000-7000-8000-000000000002" in says(scene.verify())


def test_a_minute_without_its_row_or_list_is_named(scene: Scene) -> None:
    first, second = MINUTES[0], MINUTES[1]
    scene.as_superuser("DELETE FROM evidence_minuteseal WHERE minute = %s", first)
    list_path(second).unlink()

    found = says(scene.verify(Level.PRESENCE))

    assert "its row is gone from the database" in found
    assert "its list of segments is gone" in found


def test_a_minute_row_without_an_entry_is_named(scene: Scene) -> None:
    scene.as_superuser(
        "INSERT INTO evidence_minuteseal (minute, id, root, segments, expected, recorded, in_gap, entry)"
        " VALUES (%s, uuidv7(), %s, 0, 0, 0, 0, uuidv7())",
        NOON,
        bytes(32),
    )

    assert "no entry of the log stands behind its row" in says(scene.verify(Level.PRESENCE))


def test_a_camera_that_the_recorder_left_out_is_named_by_the_register(
    city: Committed, vault: Path, clip: Clip
) -> None:
    record(camera("cam01"), clip, BEGINS)
    seal(camera("cam01").id, minutes=MINUTES[:2])

    found = says(verify_footage(Level.PRESENCE))

    assert camera("cam02").name in found
    assert "it was expected, there is no footage, and no gap says why" in found


def test_nothing_is_expected_of_a_camera_while_it_is_not_to_be_recorded(scene: Scene) -> None:
    operator, at = person("nadia.brandt"), MINUTES[-1] + timedelta(minutes=1)
    with clock.set_to(at):
        change_camera(by=operator, camera=scene.camera.id, change=CameraChange(recording=Recorded.NEVER))
        end_gaps(scene.camera.id, clock.now())
    seal(minutes=[at, at + timedelta(minutes=1)])
    assert says(scene.verify(Level.PRESENCE)) == ""

    with clock.set_to(at + timedelta(minutes=1)):
        change_camera(by=operator, camera=scene.camera.id, change=CameraChange(recording=Recorded.ALWAYS))

    assert "17:55:15 to 17:56:00" not in says(scene.verify(Level.PRESENCE))
    assert "17:57:15 to 17:58:00" in says(scene.verify(Level.PRESENCE))


def test_the_command_prints_the_place_and_answers_with_one(scene: Scene) -> None:
    scene.path(scene.segments()[0]).unlink()
    out, err = StringIO(), StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("verify_footage", level="presence", stdout=out, stderr=err)

    assert ended.value.code == 1
    assert "FAULT" in out.getvalue()
    assert "DOES NOT VERIFY" in out.getvalue()
    assert "2 of 2 segments" in err.getvalue()


def test_the_command_says_it_in_json_for_one_camera_and_time(scene: Scene) -> None:
    out = StringIO()

    call_command(
        "verify_footage", level="hash", camera="cam01", starts_at=MINUTES[0], ends_at=MINUTES[1],
        as_json=True, stdout=out,
    )  # fmt: skip

    said = json.loads(out.getvalue())
    assert said["ok"] is True
    assert said["segments"] == 1
    assert any("asked for" in sentence for sentence in said["not_proved"])
