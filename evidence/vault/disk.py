"""The content store on a disk, one file system: `work/<asset>` and `sealed/<day>/<source>/<asset>` below
its root.

Names are checked, folders are held by descriptor and no symlink is followed, so nothing outside the root is
ever read, written or removed, whatever stands in the database.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Self
from uuid import UUID

from evidence.vault.errors import NotInStore, UnsafePath
from evidence.vault.folder import Folder, write_at
from evidence.vault.names import Location

_TRIES = 5


class DiskFile:
    """A descriptor with positions; both ContentFile and WorkFile."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def pread(self, length: int, offset: int) -> bytes:
        data = os.pread(self._descriptor, length, offset)
        while (
            data
            and len(data) < length
            and (more := os.pread(self._descriptor, length - len(data), offset + len(data)))
        ):
            data += more
        return data

    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def write(self, data: bytes, offset: int) -> None:
        write_at(self._descriptor, data, offset)

    def truncate(self, length: int) -> None:
        os.ftruncate(self._descriptor, length)

    def sync(self) -> None:
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class DiskStore:
    """A ContentStore in one folder, which is made if there is none."""

    def __init__(self, root: Path) -> None:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._root = root.resolve()
        with Folder.open(self._root) as top:
            for part in ("work", "sealed"):
                with top.child(part, create=True):
                    pass  # Made; that is all.

    def create(self, asset: UUID) -> DiskFile:
        with self._folder("work") as work:
            descriptor = work.open_file(str(asset), os.O_RDWR | os.O_CREAT | os.O_EXCL)
            work.sync()
        return DiskFile(descriptor)

    def open_work(self, asset: UUID) -> DiskFile:
        with self._folder("work") as work:
            return DiskFile(work.open_file(str(asset), os.O_RDWR))

    def open_growing(self, asset: UUID) -> DiskFile:
        with self._folder("work") as work:
            return DiskFile(work.open_file(str(asset)))

    def discard(self, asset: UUID) -> None:
        with self._folder("work") as work:
            work.remove(str(asset))

    def seal(self, asset: UUID, location: Location) -> None:
        day, source, name = location.parts
        for attempt in range(_TRIES):
            with (
                self._folder("work") as work,
                self._folder("sealed", day, source, create=True) as place,
            ):
                if not work.has(str(asset)) and place.has(name):
                    return
                if place.has(name):
                    raise FileExistsError(
                        f"{location} is sealed already and a work file of that name is there"
                    )
                os.close(work.open_file(str(asset)))
                try:
                    os.rename(str(asset), name, src_dir_fd=work.descriptor, dst_dir_fd=place.descriptor)
                except FileNotFoundError:
                    if attempt == _TRIES - 1:
                        raise
                    continue  # `delete` of the last neighbour removed the empty folder in between.
                place.sync()
                work.sync()
                return

    def open_read(self, location: Location) -> DiskFile:
        day, source, name = location.parts
        with self._folder("sealed", day, source) as place:
            return DiskFile(place.open_file(name))

    def has(self, location: Location) -> bool:
        day, source, name = location.parts
        try:
            with self._folder("sealed", day, source) as place:
                return place.has(name)
        except NotInStore:
            return False

    def size(self, location: Location) -> int:
        with self.open_read(location) as file:
            return file.size()

    def delete(self, location: Location) -> None:
        """1. unlink, fsync the folder  2. look that neither the file nor its work file is left  3. drop
        empty folders.
        """
        day, source, name = location.parts
        self.discard(location.id)
        try:
            with self._folder("sealed", day, source) as place:
                place.remove(name)
        except NotInStore:
            return
        with self._folder("sealed") as sealed:
            try:
                with sealed.child(day) as below:
                    os.rmdir(source, dir_fd=below.descriptor)
                os.rmdir(day, dir_fd=sealed.descriptor)
            except (OSError, NotInStore):
                return  # Others still stand in the folder, or somebody dropped it first.

    def sealed(self) -> Iterator[Location]:
        with self._folder("sealed") as top:
            for day in top.names():
                with top.child(day) as cameras:
                    for source in cameras.names():
                        with cameras.child(source) as place:
                            yield from [
                                _plain(place, name, f"{day}/{source}/{name}") for name in place.names()
                            ]

    def work(self) -> Iterator[UUID]:
        with self._folder("work") as work:
            for name in work.names():
                try:
                    yield UUID(name)
                except ValueError as error:
                    raise UnsafePath(f"work/{name} is not a name of the vault") from error

    def free_bytes(self) -> int:
        facts = os.statvfs(self._root)
        return facts.f_bavail * facts.f_frsize

    def _folder(self, *parts: str, create: bool = False) -> Folder:
        with Folder.open(self._root) as top:
            return top.child(*parts, create=create)


def _plain(place: Folder, name: str, text: str) -> Location:
    facts = os.stat(name, dir_fd=place.descriptor, follow_symlinks=False)
    if not stat.S_ISREG(facts.st_mode):
        raise UnsafePath(f"{text} is not a plain file")
    return Location.parse(text)
