"""Signed notes, verifier keys, checkpoints and cosignatures (C2SP signed-note v1.0.0, tlog-checkpoint v1.0.0,
tlog-cosignature v1.0.1). Ed25519 only. No Django: the witness imports this.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = 0x01
COSIGNATURE = 0x04
MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100
_MAX_TIME = 2**63 - 1
_DASH = "\N{EM DASH} "
_NAME = re.compile(r"[^\s+]+")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_PRIVATE = "PRIVATE+KEY+"


class BadNote(Exception):
    """The bytes are not a note, or no trusted key signed them; the message says why."""


class BadSignature(BadNote):
    """A trusted key's signature does not verify, or no trusted key signed."""


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unb64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadNote(f"not base64: {error}") from error


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """First 4 bytes of SHA-256(name || 0x0A || type || public key)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


@dataclass(frozen=True)
class VerifierKey:
    """A name and an Ed25519 public key (32 bytes), for plain signatures or for cosignatures."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        return key_id(self.name, self.kind, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_b64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read ``name+hex(id)+base64(type || key)``; raise BadNote where a part does not fit."""
        name, _, rest = text.strip().partition("+")
        hexed, _, encoded = rest.partition("+")
        material = _unb64(encoded)
        if not _NAME.fullmatch(name) or len(material) != 33 or material[0] not in (ED25519, COSIGNATURE):
            raise BadNote("not an Ed25519 verifier key")
        key = cls(name, material[0], material[1:])
        if key.id.hex() != hexed:
            raise BadNote("the verifier key's id does not match its name and key")
        return key

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether ``signature`` (without key id) is this key's on the note text."""
        if self.kind == COSIGNATURE:
            if len(signature) != 72:
                return False
            time_s = int.from_bytes(signature[:8], "big")
            if time_s > _MAX_TIME:
                return False
            signed, signature = cosigned_message(text, time_s), signature[8:]
        else:
            signed = text.encode()
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, signed)
        except InvalidSignature:
            return False
        return True


def cosigned_message(text: str, time_s: int) -> bytes:
    """What a cosigner signs: header, POSIX seconds, and the whole note text."""
    return f"cosignature/v1\ntime {time_s}\n{text}".encode()


@dataclass(frozen=True)
class SigningKey:
    """A named Ed25519 private key; its text is that of Go's ``sumdb/note``, with type 4 for cosigners."""

    name: str
    kind: int
    seed: bytes

    @classmethod
    def generate(cls, name: str, kind: int) -> SigningKey:
        if not _NAME.fullmatch(name):
            raise ValueError(f"a key name holds neither spaces nor '+': {name!r}")
        return cls(name, kind, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> SigningKey:
        """Read ``PRIVATE+KEY+name+hex(id)+base64(type || seed)``; raise BadNote if it is not that."""
        text = text.strip()
        if not text.startswith(_PRIVATE):
            raise BadNote("not a private note key")
        name, _, rest = text.removeprefix(_PRIVATE).partition("+")
        hexed, _, encoded = rest.partition("+")
        material = _unb64(encoded)
        if len(material) != 33 or material[0] not in (ED25519, COSIGNATURE):
            raise BadNote("not an Ed25519 note key")
        key = cls(name, material[0], material[1:])
        if key.verifier.id.hex() != hexed:
            raise BadNote("the private key's id does not match its name and key")
        return key

    def secret_text(self) -> str:
        return f"{_PRIVATE}{self.name}+{self.verifier.id.hex()}+{_b64(bytes([self.kind]) + self.seed)}"

    def __repr__(self) -> str:
        return f"SigningKey({self.name})"

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, self.kind, self._private.public_key().public_bytes_raw())

    def sign(self, text: str) -> Signature:
        """A plain signature (type 1) on the note text."""
        if self.kind != ED25519:
            raise ValueError("a cosigner's key signs only cosignatures")
        return Signature(self.name, self.verifier.id, self._private.sign(text.encode()))

    def cosign(self, text: str, time_s: int) -> Signature:
        """A cosignature (type 4) at POSIX ``time_s`` seconds."""
        if self.kind != COSIGNATURE:
            raise ValueError("only a cosigner's key cosigns")
        signature = self._private.sign(cosigned_message(text, time_s))
        return Signature(self.name, self.verifier.id, time_s.to_bytes(8, "big") + signature)


@dataclass(frozen=True)
class Signature:
    """One signature line: key name, 4-byte key id, signature bytes."""

    name: str
    id: bytes
    bytes: bytes

    def line(self) -> str:
        return f"{_DASH}{self.name} {_b64(self.id + self.bytes)}\n"

    @classmethod
    def parse(cls, line: str) -> Signature:
        if not line.startswith(_DASH):
            raise BadNote("a signature line begins with an em dash and a space")
        name, _, encoded = line.removeprefix(_DASH).rstrip("\n").partition(" ")
        blob = _unb64(encoded)
        if not _NAME.fullmatch(name) or len(blob) < 5:
            raise BadNote("a signature line holds a name and at least five bytes")
        return cls(name, blob[:4], blob[4:])

    @property
    def cosigned_s(self) -> int:
        """POSIX seconds of a cosignature."""
        return int.from_bytes(self.bytes[:8], "big")

    def is_by(self, key: VerifierKey) -> bool:
        return (self.name, self.id) == (key.name, key.id)


@dataclass(frozen=True)
class Note:
    """A text ending in a newline, and its signatures, none of them verified yet."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(signature.line() for signature in self.signatures)

    @classmethod
    def parse(cls, data: bytes) -> Note:
        """Split at the last empty line; raise BadNote if the bytes are not a signed note."""
        if len(data) > MAX_NOTE_BYTES:
            raise BadNote("the note is too long")
        try:
            whole = data.decode()
        except UnicodeDecodeError as error:
            raise BadNote("a note is UTF-8") from error
        if any(ord(character) < 0x20 and character != "\n" for character in whole):
            raise BadNote("a note holds no control characters")
        body, gap, tail = whole.rpartition("\n\n")
        if not gap or not body or not tail.endswith("\n"):
            raise BadNote("a note is a text, an empty line and signature lines")
        lines = tail[:-1].split("\n")
        if len(lines) > MAX_SIGNATURES:
            raise BadNote("the note has too many signatures")
        return cls(body + "\n", tuple(Signature.parse(line) for line in lines))

    def verified(self, keys: Iterable[VerifierKey]) -> tuple[Signature, ...]:
        """The signatures by trusted keys; raise BadSignature if one fails or there is none.

        Signatures by unknown keys are ignored, as the specification demands.
        """
        trusted = list(keys)
        good = []
        for signature in self.signatures:
            for key in trusted:
                if signature.is_by(key):
                    if not key.verifies(self.text, signature.bytes):
                        raise BadSignature(f"the signature by {key.name} does not verify")
                    good.append(signature)
        if not good:
            raise BadSignature("no trusted key signed this note")
        return tuple(good)

    def with_signatures(self, more: Iterable[Signature]) -> Note:
        """The same note with further signatures; of two by one key the newer stays."""
        merged = {(s.name, s.id): s for s in (*self.signatures, *more)}
        return Note(self.text, tuple(merged.values()))


@dataclass(frozen=True)
class Checkpoint:
    """A tree head: origin, number of leaves, root hash (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{_b64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the first three lines of a note's text; raise BadNote if they are not a checkpoint."""
        lines = text.split("\n")
        if len(lines) < 4 or not all(lines[:-1]) or lines[-1] or not _DECIMAL.fullmatch(lines[1]):
            raise BadNote("a checkpoint is an origin, a size and a root hash, each on its own line")
        root = _unb64(lines[2])
        if len(root) != 32:
            raise BadNote("a root hash is 32 bytes")
        return cls(lines[0], int(lines[1]), root)


def open_checkpoint(data: bytes, log: VerifierKey) -> tuple[Checkpoint, Note]:
    """Verify that ``log`` signed the note and that it is a checkpoint of that log; raise BadNote."""
    note = Note.parse(data)
    note.verified([log])
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != log.name:
        raise BadNote(f"the checkpoint is of {checkpoint.origin}, not of {log.name}")
    return checkpoint, note
