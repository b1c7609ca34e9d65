"""Small secrets under the root key: one-time-password seeds, stream credentials, generations of the key
store.

A wrapped secret is `version(1) || key id(8) || nonce(12) || AES-256-GCM ciphertext and tag`. The context
says what the secret is for; it is authenticated with it, so that a wrapped value copied to another row does
not open there.

The root is 32 random bytes in a file of mode 0400, outside the database and its backups. It is escrowed at
set-up, so it stays the same for years: `rotate` is a rare act that needs a new escrow. What dies daily is
one level below, in `evidence.vault.keystore`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import stat
from functools import cache
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_VERSION = b"\x01"
_ID_BYTES = 8
_NONCE_BYTES = 12
_TAG_BYTES = 16
_HEAD_BYTES = 1 + _ID_BYTES
_DOMAIN = b"watchlight wrap v1\x00"


class KeyFailure(Exception):
    """Base of what can go wrong with the root key."""


class UnsafeKeyFile(KeyFailure):
    """The key file is a symlink, has a second name, belongs to someone else, or others may read it."""


class UnwrapFailed(KeyFailure):
    """The bytes were not wrapped by this root, for this context, in this form; or they were changed."""


class GenerationGone(KeyFailure):
    """The root generation that wrapped this secret is destroyed or was never here."""


class KeyProvider(Protocol):
    """Wraps secrets of up to a few kilobytes. The root itself never leaves the provider."""

    def wrap(self, secret: bytes, *, context: bytes) -> bytes:
        """Return the secret encrypted; `context` must not be empty."""

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        """Return the secret. Raises UnwrapFailed, or GenerationGone."""

    def fingerprint(self) -> str:
        """SHA-256 of the root in hex: what a custodian reads back to confirm the escrowed copy."""


def make_root(path: Path) -> None:
    """Create a new root at `path`. Raises FileExistsError: an existing root is never replaced.

    The name appears only with all 32 bytes behind it, so a killed set-up leaves no half a root.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}")
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        if os.path.lexists(path):
            raise FileExistsError(f"there is a root at {path} already")
        draft.unlink(missing_ok=True)  # Left by a killed set-up; nothing was ever wrapped by it.
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o400)
        try:
            os.write(descriptor, secrets.token_bytes(KEY_BYTES))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(draft, path)
        os.fsync(folder)
    finally:
        os.close(folder)


class FileKeyProvider:
    """The embedded provider. Generation 1 is `path`; later ones stand beside it as `path.2`, `path.3`, ...

    Wrapping uses the newest generation, unwrapping whichever the key id names. Raises UnsafeKeyFile and
    FileNotFoundError at construction, so that a process with a bad root does not start.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._roots: dict[int, bytes] = {}
        self._load()

    @property
    def generation(self) -> int:
        """The newest root generation, which wraps."""
        return max(self._roots)

    @property
    def generations(self) -> tuple[int, ...]:
        """The root generations that still exist, oldest first."""
        return tuple(sorted(self._roots))

    def wrap(self, secret: bytes, *, context: bytes) -> bytes:
        root = self._roots[self.generation]
        head = _VERSION + _key_id(root)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return head + nonce + AESGCM(root).encrypt(nonce, secret, _associated(head, context))

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        if len(wrapped) < _HEAD_BYTES + _NONCE_BYTES + _TAG_BYTES or wrapped[:1] != _VERSION:
            raise UnwrapFailed("not a wrapped secret of version 1")
        head, rest = wrapped[:_HEAD_BYTES], wrapped[_HEAD_BYTES:]
        root = self._find(head[1:])
        try:
            return AESGCM(root).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], _associated(head, context))
        except InvalidTag as error:
            raise UnwrapFailed("the secret was changed, or is asked for another purpose") from error

    def fingerprint(self) -> str:
        return hashlib.sha256(self._roots[self.generation]).hexdigest()

    def rotate(self) -> int:
        """Make a new root generation and return its number. Secrets stay under the old one until wrapped
        again.
        """
        newest = self.generation + 1
        make_root(self._file(newest))
        self._load()
        return newest

    def destroy(self, generation: int) -> None:
        """Destroy an old root generation for good; what is still wrapped by it cannot be read again.

        Raises KeyFailure for the newest generation. Repeating it is harmless.
        """
        if generation >= self.generation:
            raise KeyFailure("the newest root generation is in use")
        self._file(generation).unlink(missing_ok=True)
        _sync_folder(self._path.parent)
        self._load()

    def _find(self, key_id: bytes) -> bytes:
        for attempt in ("as loaded", "as another process may have rotated"):
            for root in self._roots.values():
                if _key_id(root) == key_id:
                    return root
            if attempt == "as loaded":
                self._load()
        raise GenerationGone(f"no root generation has the id {key_id.hex()}")

    def _file(self, generation: int) -> Path:
        return self._path if generation == 1 else self._path.with_name(f"{self._path.name}.{generation}")

    def _load(self) -> None:
        numbered = re.compile(re.escape(self._path.name) + r"(?:\.([2-9]|[1-9][0-9]+))?")
        roots: dict[int, bytes] = {}
        for entry in self._path.parent.iterdir():
            match = numbered.fullmatch(entry.name)
            if match:
                roots[int(match[1] or 1)] = _read_root(entry)
        if not roots:
            raise FileNotFoundError(f"there is no root key at {self._path}")
        self._roots = roots


@cache
def provider() -> KeyProvider:
    """The provider this process is configured with; the root is read at the first use."""
    # Late, so that pure modules and tests may import this leaf without settings.
    from rtcc.config import config

    return FileKeyProvider(config.keys_dir / "root")


def _read_root(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise UnsafeKeyFile(f"{path} cannot be opened as a plain file: {error.strerror}") from error
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
            raise UnsafeKeyFile(f"{path} is not a plain file with one name")
        if stat.S_IMODE(facts.st_mode) & ~0o400 or facts.st_uid not in (0, os.geteuid()):
            raise UnsafeKeyFile(f"{path} must be readable by its owner only (mode 0400)")
        root = os.read(descriptor, KEY_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(root) != KEY_BYTES:
        raise UnsafeKeyFile(f"{path} does not hold {KEY_BYTES} bytes")
    return root


def _key_id(root: bytes) -> bytes:
    return hashlib.sha256(b"watchlight key id\x00" + root).digest()[:_ID_BYTES]


def _associated(head: bytes, context: bytes) -> bytes:
    if not context:
        raise ValueError("a secret is wrapped for a stated context")
    return _DOMAIN + head + context


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
