"""The root key and the key store: what opens for whom, what is refused, and what destroyed means."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from evidence.vault import wraps
from evidence.vault.descriptor import HOUR_S, Period
from evidence.vault.errors import KeyDestroyed, KeyMissing, ReplicaAway, StillThere, Tampered
from evidence.vault.keystore import KeyStore
from evidence.vault.names import KeyName
from rtcc.keys import FileKeyProvider, GenerationGone, KeyFailure, UnsafeKeyFile, UnwrapFailed, make_root
from tests.vault_footage import asset

TODAY = Period.of(datetime(2026, 11, 22, 15, 4, tzinfo=UTC))
NAME = KeyName.of("camera-12", TODAY)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_root(tmp_path / "keys" / "root")
    return tmp_path / "keys" / "root"


@pytest.fixture
def provider(root: Path) -> FileKeyProvider:
    return FileKeyProvider(root)


@pytest.fixture
def replicas(tmp_path: Path) -> list[Path]:
    return [tmp_path / "disk1", tmp_path / "disk2"]


@pytest.fixture
def store(replicas: list[Path], provider: FileKeyProvider) -> KeyStore:
    return KeyStore.initialise(replicas, provider)


def files_named(folder: Path, name: KeyName) -> list[Path]:
    return [path for path in (folder / "keys").rglob("*") if path.is_file() and name.file in path.name]


def test_a_secret_opens_for_its_own_purpose_only(provider: FileKeyProvider) -> None:
    wrapped = provider.wrap(b"seed", context=b"totp person 1")
    assert provider.unwrap(wrapped, context=b"totp person 1") == b"seed"
    with pytest.raises(UnwrapFailed):
        provider.unwrap(wrapped, context=b"totp person 2")
    with pytest.raises(ValueError, match="context"):
        provider.wrap(b"seed", context=b"")


def test_any_changed_byte_of_a_wrapped_secret_is_refused(provider: FileKeyProvider) -> None:
    wrapped = provider.wrap(b"seed", context=b"totp")
    for position in range(len(wrapped)):
        changed = bytearray(wrapped)
        changed[position] ^= 1
        with pytest.raises((UnwrapFailed, GenerationGone)):
            provider.unwrap(bytes(changed), context=b"totp")
    with pytest.raises(UnwrapFailed):
        provider.unwrap(wrapped[:20], context=b"totp")


def test_the_root_is_made_once_and_only_its_owner_reads_it(root: Path) -> None:
    before = root.read_bytes()
    assert len(before) == 32
    assert root.stat().st_mode & 0o777 == 0o400
    with pytest.raises(FileExistsError):
        make_root(root)
    assert root.read_bytes() == before
    assert [path.name for path in root.parent.iterdir()] == ["root"]


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o600, 0o500])
def test_a_root_that_others_may_read_or_anyone_may_change_is_refused(root: Path, mode: int) -> None:
    root.chmod(mode)
    with pytest.raises(UnsafeKeyFile, match="0400"):
        FileKeyProvider(root)


def test_a_root_behind_a_symlink_a_second_name_or_of_another_length_is_refused(
    root: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(root)
    with pytest.raises(UnsafeKeyFile):
        FileKeyProvider(tmp_path / "link")
    os.link(root, tmp_path / "second")
    with pytest.raises(UnsafeKeyFile):
        FileKeyProvider(root)
    (tmp_path / "short").write_bytes(b"x" * 31)
    (tmp_path / "short").chmod(0o400)
    with pytest.raises(UnsafeKeyFile, match="32 bytes"):
        FileKeyProvider(tmp_path / "short")
    with pytest.raises(FileNotFoundError):
        FileKeyProvider(tmp_path / "none")


def test_secrets_survive_a_new_root_until_the_old_one_is_destroyed(
    root: Path, provider: FileKeyProvider
) -> None:
    elsewhere = FileKeyProvider(root)
    old, first = provider.wrap(b"seed", context=b"totp"), provider.fingerprint()
    assert provider.rotate() == 2
    new = provider.wrap(b"seed", context=b"totp")
    assert provider.fingerprint() != first
    assert elsewhere.unwrap(new, context=b"totp") == provider.unwrap(old, context=b"totp") == b"seed"
    with pytest.raises(KeyFailure, match="in use"):
        provider.destroy(2)
    provider.destroy(1)
    provider.destroy(1)
    assert FileKeyProvider(root).generations == (2,)
    with pytest.raises(GenerationGone):
        provider.unwrap(old, context=b"totp")
    assert provider.unwrap(new, context=b"totp") == b"seed"


def test_a_period_key_is_made_once_and_stands_on_every_replica(store: KeyStore, replicas: list[Path]) -> None:
    key = store.create(NAME)
    assert store.create(NAME) == store.read(NAME) == key
    assert store.live() == [NAME]
    assert all(len(files_named(disk, NAME)) == 1 for disk in replicas)
    assert all(key not in path.read_bytes() for path in replicas[0].rglob("*") if path.is_file())


def test_keys_of_days_hours_and_keeps_have_their_own_names(store: KeyStore) -> None:
    hour = KeyName.of("camera-12", Period.of(TODAY.starts_at, HOUR_S))
    keep = KeyName.keep(UUID(int=5))
    assert len({store.create(name) for name in (NAME, hour, keep)}) == 3
    assert [name.period for name in (NAME, hour, keep)] == [TODAY, Period(TODAY.starts_at, HOUR_S), None]
    assert store.live() == sorted([NAME, hour, keep])


def test_a_key_file_copied_to_another_camera_does_not_open(store: KeyStore, replicas: list[Path]) -> None:
    store.create(NAME)
    other = KeyName.of("camera-13", TODAY)
    for disk in replicas:
        shutil.copy(disk / "keys" / str(NAME), disk / "keys" / str(other))
    with pytest.raises(KeyMissing):
        store.read(other)
    with pytest.raises(Tampered):
        store.create(other)  # And it is not silently replaced by a new key.


def test_a_lost_or_broken_copy_is_mended_from_the_other_disk(store: KeyStore, replicas: list[Path]) -> None:
    key = store.create(NAME)
    (replicas[0] / "keys" / str(NAME)).unlink()
    assert store.read(NAME) == key
    (replicas[1] / "keys" / str(NAME)).write_bytes(b"")
    assert store.read(NAME) == key
    (replicas[0] / "keys" / str(NAME)).unlink()
    (replicas[0] / "generations" / "1").unlink()
    assert store.repair() in ([], [NAME])  # Its only other copy was broken on purpose above.


def test_a_replaced_disk_is_filled_again(
    store: KeyStore, replicas: list[Path], provider: FileKeyProvider
) -> None:
    key = store.create(NAME)
    shutil.rmtree(replicas[0])
    KeyStore.initialise(replicas, provider)
    shutil.rmtree(replicas[1])
    assert KeyStore(replicas, provider).read(NAME) == key


def test_a_disk_that_is_away_stops_changes_but_not_reading(store: KeyStore, replicas: list[Path]) -> None:
    key = store.create(NAME)
    replicas[1].rename(replicas[1].with_name("away"))
    replicas[1].mkdir()  # The empty mount point must not be taken for an empty replica.
    assert store.read(NAME) == key
    for change in (
        lambda: store.destroy(NAME),
        lambda: store.create(KeyName.of("camera-1", TODAY)),
        store.rewrap_all,
    ):
        with pytest.raises(ReplicaAway):
            change()
    assert store.read(NAME) == key


def test_nothing_is_written_into_the_mount_point_of_a_disk_that_is_away(
    store: KeyStore, replicas: list[Path], provider: FileKeyProvider
) -> None:
    key = store.create(NAME)
    shutil.rmtree(replicas[1])
    remembered = replicas[0] / "REPLICAS"
    lines = remembered.read_text().splitlines()
    # As if the second folder had stood on a disk of its own.
    here = next(line for line in lines if line.startswith(f"{replicas[1]}\t"))
    remembered.write_text(remembered.read_text().replace(here, f"{replicas[1]}\t/mnt/second"))

    again = KeyStore.initialise(replicas, provider)

    assert again.read(NAME) == key
    with pytest.raises(ReplicaAway):
        again.destroy(NAME)
    assert not replicas[1].exists()
    assert f"{replicas[1]}\t/mnt/second" in remembered.read_text()


def test_folders_of_two_stores_are_refused(
    store: KeyStore, tmp_path: Path, provider: FileKeyProvider
) -> None:
    KeyStore.initialise([tmp_path / "other"], provider)
    with pytest.raises(ReplicaAway):
        KeyStore([tmp_path / "disk1", tmp_path / "other"], provider)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letters.txt").write_text("mine")
    with pytest.raises(ReplicaAway):
        KeyStore.initialise([tmp_path / "disk1", tmp_path / "full"], provider)


def test_a_destroyed_key_is_gone_everywhere_and_does_not_come_back(
    store: KeyStore, replicas: list[Path]
) -> None:
    store.create(NAME)
    store.destroy(NAME)
    store.destroy(NAME)
    assert [files_named(disk, NAME) for disk in replicas] == [[], []]
    assert store.live() == []
    for ask in (store.read, store.create):
        with pytest.raises(KeyDestroyed):
            ask(NAME)


def test_a_half_done_destruction_is_not_healed_from_the_other_disk(
    store: KeyStore, replicas: list[Path]
) -> None:
    store.create(NAME)
    copy = (replicas[1] / "keys" / str(NAME)).read_bytes()
    store.destroy(NAME)
    (replicas[1] / "keys" / NAME.folder).mkdir(exist_ok=True)
    (replicas[1] / "keys" / str(NAME)).write_bytes(copy)
    with pytest.raises(KeyDestroyed):
        store.read(NAME)
    store.rewrap_all()
    assert [files_named(disk, NAME) for disk in replicas] == [[], []]


def test_a_key_with_a_second_name_cannot_be_called_destroyed(
    store: KeyStore, replicas: list[Path], tmp_path: Path
) -> None:
    store.create(NAME)
    os.link(replicas[1] / "keys" / str(NAME), tmp_path / "copy")
    with pytest.raises(StillThere, match="another name"):
        store.destroy(NAME)
    (tmp_path / "copy").unlink()
    store.destroy(NAME)
    assert files_named(replicas[1], NAME) == []


def test_after_a_daily_run_a_copy_of_yesterday_opens_nothing(
    store: KeyStore, replicas: list[Path], provider: FileKeyProvider, tmp_path: Path
) -> None:
    keep = KeyName.keep(UUID(int=5))
    keys = {name: store.create(name) for name in (NAME, keep)}
    yesterday = [tmp_path / "copy1", tmp_path / "copy2"]
    for disk, copy in zip(replicas, yesterday, strict=True):
        shutil.copytree(disk, copy)
    done = store.rewrap_all()
    assert (done.generation, done.keys, done.stale) == (2, 2, ())
    assert {name: store.read(name) for name in keys} == keys
    for copy, disk in zip(yesterday, replicas, strict=True):
        shutil.copy(disk / "generations" / "2", copy / "generations" / "2")
        (
            copy / "generations" / "1"
        ).unlink()  # The stale copy, with all that is left of the generations today.
    with pytest.raises(KeyMissing):
        KeyStore(yesterday, provider).read(NAME)


def test_a_stale_file_that_comes_back_is_reported_and_left_alone(
    store: KeyStore, replicas: list[Path]
) -> None:
    store.create(NAME)
    old = (replicas[0] / "keys" / str(NAME)).read_bytes()
    store.rewrap_all()
    for disk in replicas:
        (disk / "keys" / str(NAME)).write_bytes(old)
    assert store.rewrap_all().stale == (NAME,)
    assert (replicas[0] / "keys" / str(NAME)).read_bytes() == old


def test_old_marks_and_empty_folders_go_with_the_generation(store: KeyStore, replicas: list[Path]) -> None:
    store.create(NAME)
    store.destroy(NAME)
    store.rewrap_all()
    assert [path.name for part in ("keys", "gone") for path in (replicas[0] / part).iterdir()] == []


def test_keys_are_made_before_they_are_needed(store: KeyStore) -> None:
    names = [KeyName.of(f"camera-{number}", TODAY) for number in range(3)]
    assert store.make_ahead(names) == 3
    assert store.live() == names


def test_a_key_that_is_there_is_handed_out_while_the_daily_run_holds_the_lock(
    store: KeyStore, replicas: list[Path]
) -> None:
    key = store.create(NAME)
    found: list[bytes] = []
    asking = threading.Thread(target=lambda: found.append(store.create(NAME)), daemon=True)
    with (replicas[0] / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        asking.start()
        asking.join(10)
        assert found == [key]


def test_a_segment_key_opens_for_its_own_asset_period_and_keep_only() -> None:
    period_key, keep_key, key = wraps.new_key(), wraps.new_key(), wraps.new_key()
    wrapped = wraps.wrap_key(period_key, key, asset(1))
    kept = wraps.wrap_for_keep(keep_key, key, asset(1), UUID(int=9))
    assert wraps.unwrap_key(period_key, wrapped, asset(1)) == key
    assert wraps.unwrap_for_keep(keep_key, kept, asset(1), UUID(int=9)) == key
    refused: list[Callable[[], bytes]] = [
        lambda: wraps.unwrap_key(period_key, wrapped, asset(2)),
        lambda: wraps.unwrap_key(keep_key, wrapped, asset(1)),
        lambda: wraps.unwrap_for_keep(keep_key, kept, asset(1), UUID(int=8)),
        lambda: wraps.unwrap_for_keep(keep_key, kept, asset(2), UUID(int=9)),
        lambda: wraps.unwrap_key(keep_key, kept, asset(1)),
        lambda: wraps.unwrap_key(period_key, b"", asset(1)),
    ]
    for attempt in refused:
        with pytest.raises(Tampered):
            attempt()


def test_commitment_and_salts_differ_by_key_asset_and_fragment() -> None:
    one, two = wraps.new_key(), wraps.new_key()
    assert wraps.commitment(one, asset(1)) == wraps.commitment(one, asset(1))
    made = [wraps.commitment(one, asset(1)), wraps.commitment(one, asset(2)), wraps.commitment(two, asset(1))]
    made += [wraps.salt(one, 0), wraps.salt(one, 1), wraps.salt(two, 0)]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize("length_s", [0, 60, 7 * 86_400])
def test_a_key_period_is_a_day_or_an_hour(length_s: int) -> None:
    with pytest.raises(ValueError, match="day or an hour"):
        Period(TODAY.starts_at, length_s)
    with pytest.raises(ValueError, match="boundary"):
        Period(datetime(2026, 11, 22, 15, 30, tzinfo=UTC), 3_600)
