"""A folder held open by descriptor: every name inside is resolved against it, never through a path or a
symlink.

All durable writing of the vault goes through here: a file appears under its name whole or not at all, and
the call returns only when file and folder are on disk.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import Self

from evidence.vault.errors import NotInStore, StillThere, UnsafePath

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_UNSAFE = (errno.ELOOP, errno.ENOTDIR)


def check_part(name: str) -> str:
    """Return `name` if it may be one part of a path in the vault; raises UnsafePath."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise UnsafePath(f"{name!r} is not a name of the vault")
    return name


def draft_of(name: str) -> str:
    """The name a file has while it is being written. Names in use never begin with a point."""
    return f".{check_part(name)}"


class Folder:
    """Use as a context manager; children are opened the same way."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a top folder. Links above it are the operator's business; from here on there are none."""
        return cls(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)

    def child(self, *names: str, create: bool = False) -> Folder:
        """The folder below by these parts. Raises NotInStore or UnsafePath."""
        here = Folder(os.dup(self.descriptor))
        try:
            for name in names:
                below = here._step(check_part(name), create)
                os.close(here.descriptor)
                here = below
        except BaseException:
            os.close(here.descriptor)
            raise
        return here

    def open_file(self, name: str, flags: int = os.O_RDONLY, mode: int = 0o600) -> int:
        """A descriptor of a plain file with one name. Raises NotInStore, UnsafePath, FileExistsError."""
        flags |= os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            descriptor = os.open(name, flags, mode, dir_fd=self.descriptor)
        except FileNotFoundError as error:
            raise NotInStore(name) from error
        except OSError as error:
            if error.errno in _UNSAFE:
                raise UnsafePath(f"{name} is a symlink") from error
            raise
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
            os.close(descriptor)
            raise UnsafePath(f"{name} is not a plain file with one name")
        return descriptor

    def read(self, name: str) -> bytes:
        """The whole of a small file."""
        with os.fdopen(self.open_file(check_part(name)), "rb") as file:
            return file.read()

    def write(self, name: str, data: bytes, *, sync: bool = True) -> None:
        """Put `data` under `name`, replacing what was there at once. With sync=False call `sync` before
        relying on it.
        """
        draft = draft_of(name)
        descriptor = self.open_file(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            write_at(descriptor, data, 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(draft, name, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)
        if sync:
            self.sync()

    def sync(self) -> None:
        os.fsync(self.descriptor)

    def has(self, name: str) -> bool:
        """True when anything at all stands under this name, a dangling symlink too."""
        try:
            os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def names(self) -> list[str]:
        """Names in use, sorted; drafts left by a killed process are not among them."""
        return sorted(name for name in os.listdir(self.descriptor) if not name.startswith("."))

    def drafts(self) -> list[str]:
        return sorted(name for name in os.listdir(self.descriptor) if name.startswith("."))

    def remove(self, name: str) -> None:
        """Unlink `name` and its draft, bring that to disk, prove that neither is left. Repeating it is
        harmless.

        Raises StillThere when the file has a second name somewhere: then its bytes would outlive this one.
        """
        for each in (name, draft_of(name)):
            if self._has_only_name(each):
                os.unlink(each, dir_fd=self.descriptor)
        self.sync()
        if self.has(name) or self.has(draft_of(name)):
            raise StillThere(name)

    def shred(self, name: str) -> None:
        """Overwrite a small file in place, then `remove` it. In-place is a courtesy of the file system, not
        a promise.
        """
        for each in (name, draft_of(name)):
            if self._has_only_name(each):
                descriptor = self.open_file(each, os.O_WRONLY)
                try:
                    write_at(descriptor, bytes(os.fstat(descriptor).st_size), 0)
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        self.remove(name)

    def _has_only_name(self, name: str) -> bool:
        """Whether something stands here; raises StillThere for a file that has another name too."""
        try:
            facts = os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return False
        if stat.S_ISREG(facts.st_mode) and facts.st_nlink != 1:
            raise StillThere(f"{name} has another name, which must be found first")
        return True

    def _step(self, name: str, create: bool) -> Folder:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            return Folder(os.open(name, flags, dir_fd=self.descriptor))
        except FileNotFoundError as error:
            if not create:
                raise NotInStore(name) from error
        except OSError as error:
            if error.errno in _UNSAFE:
                raise UnsafePath(f"{name} is not a folder of the vault") from error
            raise
        with suppress(FileExistsError):  # Another process made it in between, which is as good.
            os.mkdir(name, 0o700, dir_fd=self.descriptor)
        self.sync()
        return self._step(name, create=False)


def write_at(descriptor: int, data: bytes, offset: int) -> None:
    """Write all of `data` at `offset`; raises OSError (a full disk) after a part may have been written."""
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written
