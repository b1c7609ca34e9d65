"""The data folder: where each thing lies, who may read it, and who uses it now."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rtcc.onebox.progress import Stop

# A unix socket's path holds at most 107 bytes (unix(7)); the longest name in the folder has 20.
_LONGEST_SOCKET_FOLDER = 107 - 20
ROLES = ("owner", "app", "sequencer", "eraser")


def private_folder(path: Path) -> Path:
    """Make ``path`` if need be and see to it that only its owner can enter it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if stat.S_IMODE(path.stat().st_mode) != 0o700:
        path.chmod(0o700)
    return path


def secret(path: Path) -> str:
    """The secret in ``path``; made at the first call, 256 random bits, readable by the owner only."""
    if not path.exists():
        made = path.with_suffix(".new")
        made.unlink(missing_ok=True)
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(file.fileno())
        made.rename(path)
    return path.read_text()


def socket_folder(beside: Path) -> Path:
    """A 0700 folder for sockets: ``beside`` itself where its path is short, else one under the temporary
    folder.

    Raises Stop where somebody else made the folder first.
    """
    if len(os.fsencode(beside)) <= _LONGEST_SOCKET_FOLDER:
        return private_folder(beside)
    name = hashlib.sha256(os.fsencode(beside)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"watchlight-{os.geteuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise Stop(
            f"{folder} belongs to another user, so no socket is made in it. Choose another --data folder."
        )
    return private_folder(folder)


@dataclass(frozen=True)
class DataFolder:
    """One system's data. Every folder is 0700; every secret is a file of 0600."""

    root: Path

    @property
    def demo(self) -> bool:
        return (self.root / "DEMO").exists()

    @property
    def born(self) -> bool:
        return self.demo or (self.root / "PRODUCTION").exists()

    @property
    def settled(self) -> bool:
        """Whether the first start got as far as keys and lasting names (`environment.Birth`)."""
        return (self.root / "birth.json").exists()

    @property
    def keys(self) -> Path:
        return private_folder(self.root / "keys")

    @property
    def logs(self) -> Path:
        return private_folder(self.root / "logs")

    @property
    def witness(self) -> Path:
        return private_folder(self.root / "witness")

    @property
    def run(self) -> Path:
        return private_folder(self.root / "run")

    @property
    def sockets(self) -> Path:
        return socket_folder(self.root / "run")

    @property
    def secrets(self) -> Path:
        return private_folder(self.root / "secrets")

    def bear(self, demo: bool) -> None:
        """Make the folder and mark it, once and for good, as demo or as production.

        Raises Stop where the folder holds other things, or was marked the other way.
        """
        mark = self.root / ("DEMO" if demo else "PRODUCTION")
        if self.born:
            if not mark.exists():
                was, flag = ("demo", "without --no-demo") if self.demo else ("production", "with --no-demo")
                raise Stop(
                    f"{self.root} was made as a {was} folder and stays one. Start it {flag}, or give --data."
                )
            private_folder(self.root)
            return
        if self.root.exists() and any(self.root.iterdir()):
            raise Stop(
                f"{self.root} is not empty and no data folder of Watchlight. Give another one by --data."
            )
        private_folder(self.root)
        mark.write_text(
            "Demo data: made-up people sign in by one click. Production refuses this folder.\n"
            if demo
            else "Production data.\n"
        )

    def claim(self, purpose: str) -> int | None:
        """Take the folder for this process; the lock's descriptor, or None where another process has it.

        The kernel drops the lock with the process, however it ends.
        """
        descriptor = os.open(self.run / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{purpose} {os.getpid()}".encode(), 0)
        return descriptor

    def claimed_by(self) -> tuple[str, str]:
        """Purpose and process id of whoever has the folder."""
        purpose, _, pid = (self.run / "lock").read_text().partition(" ")
        return purpose, pid or "unknown"
