"""Kill a change of the key store, or the making of a root, at every step: the next run finishes it, nothing
comes back.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from evidence.vault.descriptor import Period
from evidence.vault.errors import KeyDestroyed, KeyMissing
from evidence.vault.keystore import KeyStore
from evidence.vault.names import KeyName
from rtcc.keys import FileKeyProvider, make_root
from tests.killing import every_kill

TODAY = Period.of(datetime(2026, 11, 22, tzinfo=UTC))
NAMES = [KeyName.of("camera-1", TODAY), KeyName.of("camera-2", TODAY), KeyName.keep(UUID(int=3))]
NEW = KeyName.of("camera-3", TODAY)


class Stores:
    """Copies of one store of two replicas with three keys, one for each kill."""

    def __init__(self, root: Path) -> None:
        self.root = root
        make_root(root / "root")
        self.provider = FileKeyProvider(root / "root")
        model = KeyStore.initialise(self.replicas(0), self.provider)
        self.keys = {name: model.create(name) for name in NAMES}

    def replicas(self, number: int) -> list[Path]:
        return [self.root / f"store{number}" / disk for disk in ("a", "b")]

    def copy(self, number: int) -> KeyStore:
        if not (self.root / f"store{number}").exists():
            shutil.copytree(self.root / "store0", self.root / f"store{number}")
        return KeyStore(self.replicas(number), self.provider)

    def files(self, number: int, name: KeyName) -> list[Path]:
        """Every file, drafts too, that could hold a copy of this key."""
        both = [disk / "keys" / name.folder for disk in self.replicas(number)]
        return [
            path for folder in both if folder.exists() for path in folder.iterdir() if name.file in path.name
        ]

    def killed(self, change: Callable[[KeyStore], object]) -> Iterator[int]:
        """Kill the change at each step, each time on its own copy of the store."""

        def on_a_copy(number: int) -> Callable[[], object]:
            store = self.copy(number)
            return lambda: change(store)

        return every_kill(on_a_copy)


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return Stores(tmp_path)


def test_making_a_key_can_be_killed_anywhere(stores: Stores) -> None:
    for number in stores.killed(lambda store: store.create(NEW)):
        store = stores.copy(number)
        key = store.create(NEW)
        assert store.create(NEW) == store.read(NEW) == key
        assert {name: store.read(name) for name in NAMES} == stores.keys
        for gone in stores.replicas(number):
            shutil.move(gone, gone.with_name("away"))
            assert KeyStore(stores.replicas(number), stores.provider).read(NEW) == key
            shutil.move(gone.with_name("away"), gone)


def test_destroying_a_key_can_be_killed_anywhere_and_it_never_comes_back(stores: Stores) -> None:
    name = NAMES[0]
    for number in stores.killed(lambda store: store.destroy(name)):
        store = stores.copy(number)
        try:
            assert store.read(name) == stores.keys[name]
        except KeyDestroyed:
            store.repair()  # Healing must not bring back what was being destroyed.
            with pytest.raises(KeyDestroyed):
                store.read(name)
        store.destroy(name)
        assert stores.files(number, name) == []
        with pytest.raises(KeyDestroyed):
            store.read(name)
        store.rewrap_all()
        with pytest.raises(KeyMissing):
            store.read(name)
        assert {other: store.read(other) for other in NAMES[1:]} == {
            other: stores.keys[other] for other in NAMES[1:]
        }


def test_an_interrupted_destruction_is_finished_by_the_daily_run(stores: Stores) -> None:
    name = NAMES[0]
    for number in stores.killed(lambda store: store.destroy(name)):
        store = stores.copy(number)
        try:
            store.read(name)
        except KeyDestroyed:
            store.rewrap_all()
            assert stores.files(number, name) == []


def test_the_daily_run_can_be_killed_anywhere_and_the_next_one_finishes(stores: Stores) -> None:
    for number in stores.killed(lambda store: store.rewrap_all()):
        store = stores.copy(number)
        assert {name: store.read(name) for name in NAMES} == stores.keys
        assert store.create(NEW) == store.read(NEW)
        done = store.rewrap_all()
        assert done.keys == len(NAMES) + 1
        assert done.stale == ()
        assert {name: store.read(name) for name in NAMES} == stores.keys
        for disk in stores.replicas(number):
            assert [path.name for path in (disk / "generations").iterdir()] == [str(done.generation)]


def test_setting_up_a_store_can_be_killed_anywhere(stores: Stores) -> None:
    def set_up(number: int) -> KeyStore:
        return KeyStore.initialise([stores.root / f"new{number}" / disk for disk in "ab"], stores.provider)

    for number in every_kill(lambda number: lambda: set_up(number)):
        store = set_up(number)
        key = store.create(NEW)
        assert set_up(number).read(NEW) == key


def test_making_a_root_can_be_killed_anywhere_and_never_leaves_half_a_root(tmp_path: Path) -> None:
    for number in every_kill(lambda number: lambda: make_root(tmp_path / str(number) / "root")):
        path = tmp_path / str(number) / "root"
        if not path.exists():
            make_root(path)
        FileKeyProvider(path)
