"""The content store on disk: nothing outside it is touched, and what was removed is proved to be gone."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from evidence.vault.disk import DiskStore
from evidence.vault.errors import NotInStore, StillThere, UnsafePath
from evidence.vault.folder import Folder
from evidence.vault.names import Location

ID = UUID(int=1)
LOCATION = Location(date(2026, 11, 22), "camera-12", ID)


@pytest.fixture
def store(tmp_path: Path) -> DiskStore:
    return DiskStore(tmp_path / "footage")


def put(store: DiskStore, location: Location = LOCATION, content: bytes = b"ciphertext") -> None:
    with store.create(location.id) as file:
        file.write(content, 0)
        file.sync()
    store.seal(location.id, location)


def sealed_path(tmp_path: Path) -> Path:
    return tmp_path / "footage" / "sealed" / str(LOCATION)


def test_what_is_sealed_is_read_measured_and_listed(store: DiskStore) -> None:
    put(store)
    with store.open_read(LOCATION) as file:
        assert (file.pread(100, 0), file.pread(4, 6), file.size()) == (b"ciphertext", b"text", 10)
    assert store.has(LOCATION)
    assert store.size(LOCATION) == 10
    assert list(store.sealed()) == [LOCATION]
    assert list(store.work()) == []
    assert store.free_bytes() > 0


def test_sealing_twice_changes_nothing_and_never_overwrites(store: DiskStore) -> None:
    put(store)
    store.seal(ID, LOCATION)
    store.create(ID).close()
    with pytest.raises(FileExistsError):
        store.seal(ID, LOCATION)
    assert store.size(LOCATION) == 10


def test_what_is_not_there_says_so(store: DiskStore) -> None:
    assert not store.has(LOCATION)
    asks = (store.size, store.open_read)
    for ask in asks:
        with pytest.raises(NotInStore):
            ask(LOCATION)
    with pytest.raises(NotInStore):
        store.seal(ID, LOCATION)
    for ask_work in (store.open_work, store.open_growing):
        with pytest.raises(NotInStore):
            ask_work(ID)


def test_deleted_is_gone_with_its_folders_and_its_work_file(store: DiskStore, tmp_path: Path) -> None:
    put(store)
    store.create(ID).close()
    store.delete(LOCATION)
    store.delete(LOCATION)
    assert not store.has(LOCATION)
    assert list(store.sealed()) == list(store.work()) == []
    assert list((tmp_path / "footage" / "sealed").iterdir()) == []


def test_a_neighbour_of_the_deleted_stays(store: DiskStore) -> None:
    other = Location(LOCATION.day, LOCATION.source, UUID(int=2))
    put(store)
    put(store, other)
    store.delete(LOCATION)
    assert list(store.sealed()) == [other]


def test_content_with_a_second_name_cannot_be_called_deleted(store: DiskStore, tmp_path: Path) -> None:
    put(store)
    os.link(sealed_path(tmp_path), tmp_path / "copy")
    with pytest.raises(StillThere):
        store.delete(LOCATION)
    with pytest.raises(UnsafePath):
        store.open_read(LOCATION)


def test_a_symlink_in_place_of_content_is_refused(store: DiskStore, tmp_path: Path) -> None:
    put(store)
    secret = tmp_path / "secret"
    secret.write_bytes(b"keys")
    sealed_path(tmp_path).unlink()
    sealed_path(tmp_path).symlink_to(secret)
    for ask in (store.open_read, store.size):
        with pytest.raises(UnsafePath):
            ask(LOCATION)
    with pytest.raises(UnsafePath):
        list(store.sealed())
    store.delete(LOCATION)  # The link goes, what it points to stays.
    assert secret.read_bytes() == b"keys"
    assert not store.has(LOCATION)


@pytest.mark.parametrize("depth", [0, 1])
def test_a_symlink_in_place_of_a_folder_is_refused(store: DiskStore, tmp_path: Path, depth: int) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "camera-12").mkdir(parents=True)
    (elsewhere / str(ID)).write_bytes(b"x")
    (elsewhere / "camera-12" / str(ID)).write_bytes(b"x")
    folder = sealed_path(tmp_path).parents[1 - depth]
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(elsewhere)
    for ask in (store.open_read, store.size, store.delete, store.has):
        with pytest.raises(UnsafePath):
            ask(LOCATION)
    store.create(ID).close()
    with pytest.raises(UnsafePath):
        store.seal(ID, LOCATION)
    assert (elsewhere / str(ID)).exists()
    assert (elsewhere / "camera-12" / str(ID)).exists()


def test_a_work_file_that_is_a_symlink_or_a_pipe_is_refused(store: DiskStore, tmp_path: Path) -> None:
    work = tmp_path / "footage" / "work" / str(ID)
    work.symlink_to(tmp_path / "target")
    for ask in (store.open_work, store.open_growing):
        with pytest.raises(UnsafePath):
            ask(ID)
    with pytest.raises(FileExistsError):
        store.create(ID)
    assert not (tmp_path / "target").exists()
    work.unlink()
    os.mkfifo(work)
    with pytest.raises((UnsafePath, OSError)):
        store.open_growing(ID)


@pytest.mark.parametrize(
    "text",
    [
        "../../etc/passwd",
        "2026-11-22/camera-12",
        "2026-11-22/../00000000-0000-0000-0000-000000000001",
        "2026-11-22/camera-12/../x",
        "/2026-11-22/camera-12/00000000-0000-0000-0000-000000000001",
        "20261122/camera-12/00000000-0000-0000-0000-000000000001",
        "2026-11-22/camera-12/00000000000000000000000000000001",
        "2026-11-22/camera-12/{00000000-0000-0000-0000-000000000001}",
        "2026-11-22/Camera/00000000-0000-0000-0000-000000000001",
        "2026-11-22/camera-12/00000000-0000-0000-0000-00000000000A",
        "",
    ],
)
def test_only_the_one_way_of_writing_a_place_is_a_place(text: str) -> None:
    assert Location.parse(str(LOCATION)) == LOCATION
    with pytest.raises(UnsafePath):
        Location.parse(text)


@pytest.mark.parametrize("name", ["..", ".", "a/b", "", ".hidden", "a..b", "x" * 129, "a\x00", "a\n"])
def test_a_folder_takes_no_name_that_leads_elsewhere(tmp_path: Path, name: str) -> None:
    with Folder.open(tmp_path) as folder:
        for use in (folder.read, folder.child, folder.remove, lambda each: folder.write(each, b"x")):
            with pytest.raises(UnsafePath):
                use(name)


def test_a_file_left_half_written_is_not_seen(tmp_path: Path) -> None:
    with Folder.open(tmp_path) as folder:
        folder.write("note", b"old")
        (tmp_path / ".note").write_bytes(b"ha")
        assert folder.read("note") == b"old"
        assert folder.names() == ["note"]
        folder.write("note", b"new")
        assert folder.read("note") == b"new"
        assert folder.drafts() == []


def test_files_and_folders_are_for_the_owner_only(store: DiskStore, tmp_path: Path) -> None:
    put(store)
    place = sealed_path(tmp_path)
    for path in (place, place.parent, place.parents[1]):
        assert path.stat().st_mode & 0o077 == 0
