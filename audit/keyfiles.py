"""The log's keys in the folder of keys: ``log.key`` is read by the sequencer alone, ``witness.key``
by the witness alone; the public ones stand beside them in ``.vkey`` files.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from audit.note import COSIGNATURE, ED25519, SigningKey, VerifierKey
from audit.tiles import sync_folder
from rtcc.config import ConfigError, config

LOG = "log"
WITNESS = "witness"


def make_key(folder: Path, stem: str, name: str, kind: int) -> VerifierKey | None:
    """Make ``<stem>.key`` (mode 0400) and ``<stem>.vkey``; None if the key stands already."""
    path, public = folder / f"{stem}.key", folder / f"{stem}.vkey"
    if path.exists():
        # A crash between the two files leaves the public one out; it is made from the private one.
        if not public.exists():
            _write_once(public, f"{SigningKey.parse(path.read_text()).verifier}\n", 0o444)
        return None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = SigningKey.generate(name, kind)
    _write_once(path, f"{key.secret_text()}\n", 0o400)
    _write_once(public, f"{key.verifier}\n", 0o444)
    return key.verifier


def _write_once(path: Path, text: str, mode: int) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    # A link, unlike a rename, never takes the place of a key that somebody made in the meantime.
    os.link(temporary, path)
    temporary.unlink()
    sync_folder(path.parent)


def make_log_keys() -> list[VerifierKey]:
    """Make what is missing of the log's key and of the key of the witness beside it; returns the new ones."""
    host = config.log_name.partition("/")[0]
    made = [
        make_key(config.keys_dir, LOG, config.log_name, ED25519),
        make_key(config.keys_dir, WITNESS, f"{host}/witness", COSIGNATURE),
    ]
    return [key for key in made if key is not None]


def log_signer() -> SigningKey:
    """The private key of the log. For the sequencer only."""
    return SigningKey.parse((config.keys_dir / f"{LOG}.key").read_text())


def log_vkey() -> VerifierKey:
    """The public key of the log."""
    return VerifierKey.parse((config.keys_dir / f"{LOG}.vkey").read_text())


@dataclass(frozen=True)
class WitnessAddress:
    """A witness: its cosignature key, and ``unix:/path`` or ``http://host:port/prefix``."""

    key: VerifierKey
    url: str


def witnesses() -> tuple[WitnessAddress, ...]:
    """The witnesses of the settings (``vkey@url``); ConfigError where one cannot be read."""
    found = []
    for text in config.witnesses:
        vkey, _, url = text.partition("@")
        key = VerifierKey.parse(vkey)
        if key.kind != COSIGNATURE or not url.startswith(("unix:", "http://", "https://")):
            raise ConfigError(
                f"WATCHLIGHT_WITNESSES: {text!r} is not <cosignature vkey>@<unix: or http: address>"
            )
        found.append(WitnessAddress(key, url))
    return tuple(found)


def verifiers() -> tuple[VerifierKey, ...]:
    """The log's public key, then the witnesses'."""
    return (log_vkey(), *(witness.key for witness in witnesses()))
