"""The key store: period keys and keep keys as small files outside the database, on every replica folder.

    <replica>/STORE                       the store's id: an empty mount point is not an empty replica
    <first replica>/REPLICAS              the replica folders and the mount point of each
    <replica>/generations/<n>             a random generation key, wrapped by the root (KeyProvider)
    <replica>/keys/<period>/<source>      a period key, wrapped by a generation key
    <replica>/keys/keeps/<keep>           a keep's own key, the same way
    <replica>/gone/<folder>/<name>        "destroyed": wins over any copy, so nothing half destroyed heals

A key exists once it is on disk on every replica; it is destroyed once it is unlinked and that is on disk on
every replica, and each was looked at. `rewrap_all` runs daily: all live keys move under a new generation
and the old one is destroyed, so a stale copy of the store (a backup, a forgotten disk) dies within a day
although the root stays.

Key file: `version(1) || generation(uint32 BE) || nonce(12) || AES-256-GCM`, with the generation and the
name as AAD. Changes hold a lock file on the first replica, and need every replica; reading needs one.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from evidence.vault import replica_list
from evidence.vault.errors import KeyDestroyed, KeyMissing, NotInStore, ReplicaAway, Tampered
from evidence.vault.folder import Folder
from evidence.vault.names import KeyName
from rtcc.keys import KeyProvider

KEY_BYTES = 32
_VERSION = 1
_HEAD = struct.Struct(">BI")
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What a daily run did. `stale` are files no living generation opens: old copies that came back, left
    untouched.
    """

    generation: int
    keys: int
    stale: tuple[KeyName, ...] = field(default=())


class _GenerationMissing(Exception):
    """The file names a generation that is not here: destroyed, or a rewrap ran between two reads."""


class KeyStore:
    """Opens an initialised store. `replicas` are folders, best on different disks; the first holds the
    lock.
    """

    def __init__(self, replicas: Sequence[Path], provider: KeyProvider) -> None:
        if not replicas:
            raise ValueError("a key store needs a replica folder")
        self._paths = tuple(replicas)
        self._provider = provider
        ids = {replica_list.store_id(path) for path in self._paths} - {None}
        if len(ids) != 1:
            raise ReplicaAway("the replica folders are not those of one key store")
        self._id = str(ids.pop())

    @classmethod
    def initialise(cls, replicas: Sequence[Path], provider: KeyProvider) -> Self:
        """Make the store, or add an empty replica folder to it. Repeating it changes nothing.

        A disk that is away (`replica_list`) is left alone: no key is written into its empty mount point.
        """
        ids = [replica_list.store_id(path) for path in replicas]
        store_id = next((found for found in ids if found), secrets.token_hex(16))
        away = replica_list.away([path for path in replicas if not replica_list.store_id(path)], replicas)
        for path, found in zip(replicas, ids, strict=True):
            if path in away:
                continue
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with Folder.open(path) as folder:
                if found is None and folder.names():
                    raise ReplicaAway(f"{path} is neither empty nor a key store")
                if found is None:
                    folder.write("STORE", store_id.encode())
                for part in ("generations", "keys", "gone"):
                    with folder.child(part, create=True):
                        pass  # Made; that is all.
        replica_list.remember(replicas, away)
        store = cls(replicas, provider)
        if away:
            return store  # What changes keys waits for the disk; reading does not.
        with store._change() as folders:
            if not store._generations(folders, all_of=set.union):
                store._make_generation(folders, 1)
        store.repair()
        return store

    def create(self, name: KeyName) -> bytes:
        """The key of this name, made if there is none. Raises KeyDestroyed, ReplicaAway.

        Raises Tampered when files of this name stand there but none opens: a new key over them would lose
        footage.
        """
        with suppress(KeyMissing):
            return self.read(name)  # Without the lock: recording does not wait for the daily run.
        with self._change() as folders:
            found = self._find(folders, name)
            if found is None:
                if any(_has(folder, "keys", name) for folder in folders):
                    raise Tampered(f"{name} is there but does not open")
                found = secrets.token_bytes(KEY_BYTES)
                self._spread(folders, name, found)
            elif not all(_has(folder, "keys", name) for folder in folders):
                self._spread(folders, name, found)
            return found

    def make_ahead(self, names: Iterable[KeyName]) -> int:
        """Make keys before they are needed, so that recording does not wait for a disk; returns how many
        were looked at.
        """
        made = [self.create(name) for name in names]
        return len(made)

    def read(self, name: KeyName) -> bytes:
        """The key, from any replica. Mends a replica that lost it. Raises KeyDestroyed, KeyMissing."""
        with self._reachable() as folders:
            found = self._find(folders, name)
            complete = len(folders) == len(self._paths) and all(_has(each, "keys", name) for each in folders)
        if found is None:
            raise KeyMissing(f"no key {name} on the {len(folders)} replicas that answer")
        if not complete:
            with suppress(ReplicaAway):  # Mended when the disk is back; the footage can be read meanwhile.
                self._mend(name)
        return found

    def live(self) -> list[KeyName]:
        """All live keys, on whichever replica; sorted."""
        with self._reachable() as folders:
            return self._names(folders)

    def destroy(self, name: KeyName) -> None:
        """Destroy the key everywhere, then look everywhere that it is gone. Raises ReplicaAway, StillThere.

        1. mark it gone on every replica  2. overwrite, unlink, fsync on every replica  3. prove absence on
        each. Killed anywhere, running it again finishes; from the first mark on the key is not handed out.
        """
        with self._change() as folders:
            for folder in folders:
                with folder.child("gone", name.folder, create=True) as marks:
                    marks.write(name.file, b"")
            for folder in folders:
                _shred(folder, "keys", name)

    def rewrap_all(self) -> Rewrapped:
        """Put every live key under a new generation and destroy all older ones. Killed anywhere, the next
        run finishes.
        """
        with self._change() as folders:
            old = self._generations(folders, all_of=set.union)
            newest = max(old) + 1
            self._make_generation(folders, newest)
            stale, keys = self._rewrap(folders)
            for generation in sorted(old):
                for folder in folders:
                    with folder.child("generations") as generations:
                        generations.shred(str(generation))
            for folder in folders:
                _clear_marks(folder)
            return Rewrapped(newest, keys, tuple(stale))

    def repair(self) -> list[KeyName]:
        """Bring every replica to the full set of keys and generations; returns the keys that were missing
        somewhere.
        """
        with self._change() as folders:
            for generation in self._generations(folders, all_of=set.union):
                wrapped = self._wrapped_generation(folders, generation)
                for folder in folders:
                    with folder.child("generations") as here:
                        if not here.has(str(generation)):
                            here.write(str(generation), wrapped)
            names = self._names(folders)
            thin = [name for name in names if not all(_has(folder, "keys", name) for folder in folders)]
        return [name for name in thin if self._mend(name)]

    def _mend(self, name: KeyName) -> bool:
        """Copy a key to every replica, unless it was destroyed since it was seen to be missing on one."""
        with self._change() as folders:
            try:
                found = self._find(folders, name)
            except KeyDestroyed:
                return False
            if found is not None:
                self._spread(folders, name, found)
            return found is not None

    def _rewrap(self, folders: Sequence[Folder]) -> tuple[list[KeyName], int]:
        stale: list[KeyName] = []
        touched: set[str] = set()
        done = 0
        for name in self._names(folders, with_gone=True):
            try:
                found = self._find(folders, name)
            except KeyDestroyed:
                for folder in folders:
                    _shred(folder, "keys", name)
                continue
            if found is None:
                stale.append(name)
                continue
            self._spread(folders, name, found, sync=False)
            touched.add(name.folder)
            done += 1
        for folder in folders:
            for part in touched:
                with folder.child("keys", part) as keys:
                    keys.sync()
        return stale, done

    def _find(self, folders: Sequence[Folder], name: KeyName) -> bytes | None:
        if any(_has(folder, "gone", name) for folder in folders):
            raise KeyDestroyed(str(name))
        for _ in range(3):
            moved = False
            for folder in folders:
                try:
                    return self._open(folders, name, _read(folder, "keys", name))
                except (NotInStore, Tampered):
                    continue  # Another replica may hold it whole.
                except _GenerationMissing:
                    moved = True
            if not moved:
                return None
        return None

    def _open(self, folders: Sequence[Folder], name: KeyName, data: bytes) -> bytes:
        if len(data) < _HEAD.size + _NONCE_BYTES or data[0] != _VERSION:
            raise Tampered(f"{name} is not a key file")
        head, nonce, rest = (
            data[: _HEAD.size],
            data[_HEAD.size : _HEAD.size + _NONCE_BYTES],
            data[_HEAD.size :],
        )
        kek = self._generation(folders, _HEAD.unpack(head)[1])
        try:
            return AESGCM(kek).decrypt(nonce, rest[_NONCE_BYTES:], head + str(name).encode())
        except InvalidTag as error:
            raise Tampered(f"{name} was changed or moved") from error

    def _spread(self, folders: Sequence[Folder], name: KeyName, key: bytes, *, sync: bool = True) -> None:
        generation = max(self._generations(folders, all_of=set.intersection))
        head, nonce = _HEAD.pack(_VERSION, generation), secrets.token_bytes(_NONCE_BYTES)
        kek = self._generation(folders, generation)
        data = head + nonce + AESGCM(kek).encrypt(nonce, key, head + str(name).encode())
        for folder in folders:
            with folder.child("keys", name.folder, create=True) as keys:
                keys.write(name.file, data, sync=sync)

    def _generation(self, folders: Sequence[Folder], generation: int) -> bytes:
        wrapped = self._wrapped_generation(folders, generation)
        return self._provider.unwrap(wrapped, context=self._context(generation))

    def _wrapped_generation(self, folders: Sequence[Folder], generation: int) -> bytes:
        for folder in folders:
            with folder.child("generations") as here:
                try:
                    return here.read(str(generation))
                except NotInStore:
                    continue
        raise _GenerationMissing(generation)

    def _make_generation(self, folders: Sequence[Folder], generation: int) -> None:
        wrapped = self._provider.wrap(secrets.token_bytes(KEY_BYTES), context=self._context(generation))
        for folder in folders:
            with folder.child("generations") as here:
                here.write(str(generation), wrapped)

    def _generations(self, folders: Sequence[Folder], *, all_of: Callable[..., set[int]]) -> set[int]:
        found = []
        for folder in folders:
            with folder.child("generations") as here:
                found.append({int(name) for name in here.names()})
        return all_of(*found)

    def _context(self, generation: int) -> bytes:
        return f"key store {self._id} generation {generation}".encode()

    def _names(self, folders: Sequence[Folder], *, with_gone: bool = False) -> list[KeyName]:
        names = {name for folder in folders for name in _listed(folder, "keys")}
        gone = {name for folder in folders for name in _listed(folder, "gone")}
        return sorted(names if with_gone else names - gone)

    @contextmanager
    def _reachable(self) -> Iterator[list[Folder]]:
        with ExitStack() as stack:
            yield [
                stack.enter_context(Folder.open(path))
                for path in self._paths
                if replica_list.store_id(path) == self._id
            ]

    @contextmanager
    def _change(self) -> Iterator[list[Folder]]:
        away = [str(path) for path in self._paths if replica_list.store_id(path) != self._id]
        if away:
            raise ReplicaAway(f"a change needs every replica; away: {', '.join(away)}")
        with self._reachable() as folders:
            lock = folders[0].open_file("lock", os.O_RDWR | os.O_CREAT)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield folders
            finally:
                os.close(lock)


def _has(folder: Folder, part: str, name: KeyName) -> bool:
    try:
        with folder.child(part, name.folder) as below:
            return below.has(name.file)
    except NotInStore:
        return False


def _read(folder: Folder, part: str, name: KeyName) -> bytes:
    with folder.child(part, name.folder) as below:
        return below.read(name.file)


def _shred(folder: Folder, part: str, name: KeyName) -> None:
    try:
        with folder.child(part, name.folder) as below:
            below.shred(name.file)
    except NotInStore:
        return  # The period's folder was never made on this replica.


def _listed(folder: Folder, part: str) -> Iterator[KeyName]:
    with folder.child(part) as parts:
        for each in parts.names():
            with parts.child(each) as below:
                yield from (KeyName(each, file) for file in below.names())


def _clear_marks(folder: Folder) -> None:
    """Old marks may go once no generation is left that could open a copy of what they speak of."""
    for name in list(_listed(folder, "gone")):
        with folder.child("gone", name.folder) as marks:
            marks.remove(name.file)
    for part in ("keys", "gone"):
        with folder.child(part) as parts:
            for each in parts.names():
                with parts.child(each) as below:
                    for draft in below.drafts():
                        below.remove(draft[1:])
                    if below.names():
                        continue
                os.rmdir(each, dir_fd=parts.descriptor)
            parts.sync()
