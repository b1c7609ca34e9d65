"""Marks and keeps, keys that die with their last footage, and who wins when keeping and destroying meet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from audit.status import FILE, State, Status
from evidence.actions.destroy_footage import destroy_footage
from evidence.models import Custody, Disposition, Keep, KeepWrap, Segment
from evidence.retention import destruction, dispositions, due, keeping, shredding
from evidence.retention.states import DispositionState, FootageState
from evidence.vault.errors import KeyDestroyed, KeyMissing
from evidence.vault.footage_keys import key_store, segment_key
from evidence.vault.names import KeyName
from policy.denied import Denied
from policy.models import Person
from rtcc import clock
from rtcc.config import config
from rtcc.errors import Unavailable
from tests.city import NOON, camera, city, said
from tests.keeping import hold, key_lives, period_of, release
from tests.minutes import MINUTE, PICTURE, fresh, keys, plaintext, record_minutes, states, store
from tests.recording import vault

__all__ = ["city", "vault"]

# cam07 and cam08 keep ten minutes, with keys of an hour.
SHORT = "cam07"
BEGINS = NOON - timedelta(minutes=30)
pytestmark = pytest.mark.usefixtures("city", "vault")


def test_the_key_of_a_period_dies_with_its_last_footage_and_then_nothing_opens_a_copy() -> None:
    segments = record_minutes(camera(SHORT), BEGINS - timedelta(hours=1), 3)
    wrapped = [bytes(segment.wrapped_key or b"") for segment in segments]
    name = period_of(segments[0])
    destruction.run()
    assert key_lives(name)

    assert shredding.run()["periods"] == 1

    assert not key_lives(name)
    row = Disposition.objects.get()
    assert row.beyond_recovery_at == NOON
    assert said()[-1]["detail"]["key"] == str(name)
    assert row.keys_entry == said()[-1]["id"]
    for segment, key in zip(segments, wrapped, strict=True):
        segment.wrapped_key = key  # as a backup of the database would give it back
        with pytest.raises(KeyDestroyed):
            segment_key(segment, keys())
    assert shredding.run()["periods"] == 0


def test_with_a_second_folder_of_keys_destroying_unlinks_in_both(
    tmp_path: Path,
) -> None:
    second = tmp_path / "second"
    object.__setattr__(config, "more_period_keys", (second,))
    try:
        # What the recorder does when it starts: an empty folder is filled.
        key_store()
        segments = record_minutes(camera(SHORT), BEGINS - timedelta(hours=1), 1)
        name = period_of(segments[0])
        folders = config.period_keys_dirs
        assert len(folders) == 2
        assert all((folder / "keys" / name.folder / name.file).exists() for folder in folders)
        destruction.run()
        assert shredding.run()["periods"] == 1
        assert not any((folder / "keys" / name.folder / name.file).exists() for folder in folders)
        assert Disposition.objects.get().replicas == 2
    finally:
        object.__setattr__(config, "more_period_keys", ())


def test_the_key_of_a_period_lives_while_its_hour_lasts_or_footage_in_it_has_time_left() -> None:
    segments = record_minutes(camera(SHORT), NOON - timedelta(minutes=15), 2)
    destruction.run()
    assert states(segments) == [FootageState.GONE] * 2

    assert shredding.run()["periods"] == 1, "the hour was over at noon, and nothing else was recorded in it"

    later = record_minutes(camera("cam08"), NOON, 3)
    with clock.set_to(NOON + timedelta(minutes=11, seconds=30)):
        destruction.run()
        assert shredding.run()["periods"] == 0
    assert key_lives(period_of(later[0]))


def test_a_keeps_key_opens_kept_footage_after_its_periods_key_is_gone() -> None:
    segments = record_minutes(camera(SHORT), BEGINS - timedelta(hours=1), 3)
    keep = hold(starts_at=segments[1].starts_at, ends_at=segments[1].ends_at)
    destruction.run()
    shredding.run()

    gone, kept = FootageState.GONE, FootageState.KEPT
    assert states(segments) == [gone, kept, gone]
    assert not key_lives(period_of(segments[0]))
    middle = fresh(segments)[1]
    assert PICTURE in plaintext(middle, segment_key(middle, keys()))
    assert Disposition.objects.get().beyond_recovery_at is not None

    release(keep)
    assert not shredding.run()["keeps"], "the footage goes first"
    destruction.run()
    assert states(segments) == [gone] * 3
    assert shredding.run() == {"keeps": 1}, "the period's key is gone, and is not destroyed twice"
    assert not key_lives(KeyName.keep(keep.id))
    assert all(row.beyond_recovery_at for row in Disposition.objects.all())
    with pytest.raises((KeyDestroyed, KeyMissing)):
        keys().read(KeyName.keep(keep.id))


def test_a_released_hold_hands_its_footage_to_the_one_that_still_stands() -> None:
    segments = record_minutes(camera(SHORT), BEGINS - timedelta(hours=1), 1)
    first, second = (hold(starts_at=segments[0].starts_at, ends_at=segments[0].ends_at) for _ in range(2))
    other = record_minutes(camera(SHORT), BEGINS - timedelta(minutes=58), 1)
    destruction.run()
    shredding.run()
    assert KeepWrap.objects.count() == 2
    third = hold(starts_at=segments[0].starts_at, ends_at=segments[0].ends_at)

    release(first)
    release(second)
    shredding.run()

    assert not key_lives(KeyName.keep(first.id))
    assert not key_lives(KeyName.keep(second.id))
    assert list(KeepWrap.objects.values_list("keep_id", flat=True)) == [third.id]
    row = fresh(segments)[0]
    assert PICTURE in plaintext(row, segment_key(row, keys()))
    assert states(other) == [FootageState.GONE]


def test_a_file_that_waits_for_its_row_keeps_its_periods_key() -> None:
    from evidence.vault.spool import Spool, SpoolEntry
    from rtcc.config import config

    segments = record_minutes(camera(SHORT), BEGINS - timedelta(hours=1), 2)
    with Spool(config.spool_dir) as spool:
        spool.announce(SpoolEntry(segments[0].asset, b"wrapped"))
        destruction.run()
        assert shredding.run()["periods"] == 0
        assert key_lives(period_of(segments[0]))
        spool.forget(segments[0].id)
    assert shredding.run()["periods"] == 1


def test_keys_that_were_made_ahead_for_nothing_are_destroyed_after_a_day() -> None:
    segments = record_minutes(camera("cam01"), NOON - timedelta(days=3), 1)
    empty = KeyName.of(str(camera("cam02").id), segments[0].asset.period)
    keys().create(empty)

    assert shredding.shred_empty_periods() == 1

    assert not key_lives(empty)
    assert key_lives(period_of(segments[0]))


def test_nothing_is_destroyed_while_the_log_is_behind() -> None:
    segments = record_minutes(camera(SHORT), BEGINS, 1)
    old = record_minutes(camera("cam01"), NOON - timedelta(days=3), 1)
    empty = KeyName.of(str(camera("cam02").id), old[0].asset.period)
    keys().create(empty)
    _age_the_queue(90)

    assert destruction.run() == {"waiting": 1}
    assert shredding.run() == {"waiting": 1}
    assert shredding.shred_empty_periods() == 0
    assert key_lives(empty)
    assert states(segments) == [FootageState.RECORDED]


def test_nothing_is_destroyed_while_the_sequencer_alarms(vault: Path) -> None:
    segments = record_minutes(camera(SHORT), BEGINS, 1)
    alarm = "The witness has seen another log."
    Status(State.RUNNING, NOON.timestamp(), alarms=[alarm]).write(config.run_dir)
    try:
        with pytest.raises(Unavailable, match="has seen another log"):
            destruction.check_can_destroy()
        assert destruction.run() == {"waiting": 1}
    finally:
        (config.run_dir / FILE).unlink()
    assert states(segments) == [FootageState.RECORDED]


def _age_the_queue(seconds: int) -> None:
    """An entry was received that long ago and has no leaf: as a database superuser's clock would have it."""
    import psycopg

    from tests import cluster

    name = str(connection.settings_dict["NAME"])
    with psycopg.connect(cluster.CLUSTER.url("postgres", name)) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(
            "UPDATE audit_entry SET received_at = received_at - make_interval(secs => %s)", [seconds]
        )


def _in_a_thread(act: Callable[[], object], at: datetime) -> tuple[threading.Thread, list[Any]]:
    """Run an act on a connection of its own, at a set time; its result or error is put into the list."""
    found: list[Any] = []

    def body() -> None:
        try:
            with clock.set_to(at):
                found.append(act())
        except Exception as error:  # noqa: BLE001  what it raised is what the test asks about
            found.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=body)
    thread.start()
    return thread, found


def _wait_for_a_lock() -> None:
    """Until some other connection of this database waits for a lock."""
    for _ in range(5000):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waits")


# A camera's first keep makes the row that others wait for; every later one finds it.
had_custody = pytest.mark.parametrize("had_custody", [False, True])


def _custody(wanted: bool) -> None:
    if wanted:
        with transaction.atomic():
            keeping.lock_custody([camera(SHORT).id])


@had_custody
def test_a_hold_that_comes_first_wins_over_the_destruction_that_waits_for_it(had_custody: bool) -> None:
    _custody(had_custody)
    segments = record_minutes(camera(SHORT), BEGINS, 2)
    planned = due.plan(NOON, segments[0].period_s)
    cam = camera(SHORT).id
    held, decided = threading.Event(), threading.Event()

    def hold_slowly() -> Keep:
        original = keeping.lock_custody

        def lock(cameras: Any) -> None:
            original(cameras)
            held.set()
            assert decided.wait(60)

        keeping.lock_custody = lock
        try:
            return hold()
        finally:
            keeping.lock_custody = original

    holding, placed = _in_a_thread(hold_slowly, NOON)
    assert held.wait(60)
    destroying, refused = _in_a_thread(
        lambda: destroy_footage(by=destruction.RETENTION, disposition=planned[0].id), NOON
    )
    _wait_for_a_lock()
    decided.set()
    holding.join()
    destroying.join()

    assert isinstance(placed[0], Keep), placed
    assert isinstance(refused[0], Denied), refused
    assert refused[0].rule == "floor-hold"
    assert states(segments) == [FootageState.RECORDED] * 2
    assert Custody.objects.filter(camera=cam).exists()
    assert destruction.run() == {"given_up": 1}


@had_custody
def test_a_destruction_that_comes_first_is_found_by_the_hold_that_waits_for_it(had_custody: bool) -> None:
    _custody(had_custody)
    segments = record_minutes(camera(SHORT), BEGINS, 2)
    planned = due.plan(NOON, segments[0].period_s)
    tombstoned, goes_on = threading.Event(), threading.Event()

    def destroy_slowly() -> Disposition:
        import evidence.actions.destroy_footage as module

        original = module._put_tombstones

        def put(*arguments: Any) -> None:
            original(*arguments)
            tombstoned.set()
            assert goes_on.wait(60)

        module._put_tombstones = put  # type: ignore[assignment]
        try:
            return destroy_footage(by=destruction.RETENTION, disposition=planned[0].id)
        finally:
            module._put_tombstones = original

    destroying, decided = _in_a_thread(destroy_slowly, NOON)
    assert tombstoned.wait(60)
    holding, placed = _in_a_thread(hold, NOON)
    _wait_for_a_lock()
    goes_on.set()
    destroying.join()
    holding.join()

    assert isinstance(decided[0], Disposition), decided
    assert isinstance(placed[0], Keep), placed
    entry = next(one for one in said() if one["event"] == "hold.placed")
    assert entry["detail"]["destroyed_before"] == 2
    assert destruction.run() == {"proved": 1}
    assert states(segments) == [FootageState.GONE] * 2


def test_the_page_of_what_is_due_says_when_why_and_what_keeps_it() -> None:
    record_minutes(camera(SHORT), BEGINS, 3)
    record_minutes(camera("cam01"), NOON - timedelta(days=29, hours=12), 2)
    record_minutes(camera("cam02"), NOON - timedelta(days=2), 1)
    keep = hold(starts_at=BEGINS + MINUTE, ends_at=BEGINS + 2 * MINUTE)

    rows = due.explain(list(due.hours_due(NOON + timedelta(days=1))), NOON)

    assert [row.camera for row in rows] == [camera(SHORT).id, camera("cam01").id]
    first = rows[0]
    assert (first.count, first.rule_id) == (3, "retention_demonstration@2020-01-01")
    assert first.rule is not None
    assert first.rule.citation
    assert [interval.keep_id for interval in first.keeps] == [keep.id]
    assert not rows[1].kept


def test_the_record_says_what_is_proved_and_what_nothing_proves() -> None:
    record_minutes(camera(SHORT), BEGINS - timedelta(hours=1), 2)
    destruction.run()
    shredding.run()

    said_of_it = dispositions.as_json(Disposition.objects.get())

    assert said_of_it["footage"]["segments"] == 2
    assert said_of_it["rule"]["citation"]
    assert all(said_of_it["times"].values())
    assert set(said_of_it["entries"]) == {"decided", "proved", "keys_destroyed"}
    proved = [each["proved"] for each in said_of_it["statements"]]
    assert proved == [False, True, True, True, False], "no sequencer ran, so the decision has no leaf yet"


def test_a_disk_that_does_not_let_go_is_named_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    segments = record_minutes(camera(SHORT), BEGINS, 1)
    second_name = Path(os.path.join(str(_path_of(segments[0])) + "-other"))
    os.link(_path_of(segments[0]), second_name)

    assert destruction.run() == {"stuck": 1}
    assert Disposition.objects.get().state == DispositionState.KEYLESS
    assert Disposition.objects.get().bytes_gone_at is None

    second_name.unlink()
    assert destruction.run() == {"proved": 1}
    assert not store().has(segments[0].location)


def _path_of(segment: Segment) -> Path:
    found: Path = config.store_dir / "sealed" / str(segment.location)
    return found


def test_each_field_of_keeping_and_destroying_has_one_privacy_class() -> None:
    from evidence.models import KeepInterval

    for model in (Custody, Keep, KeepInterval, KeepWrap, Disposition):
        classes = vars(model.Privacy)
        listed = [
            name
            for group in ("public", "closed_while_active", "personnel", "security")
            for name in classes.get(group, ())
        ]
        assert sorted(listed) == sorted(field.name for field in model._meta.local_fields), model


def test_ids_of_people_are_not_in_the_public_record() -> None:
    record_minutes(camera(SHORT), BEGINS, 1)
    destruction.run()
    text = str(dispositions.as_json(Disposition.objects.get()))
    assert not any(str(one.id) in text for one in Person.objects.all())
