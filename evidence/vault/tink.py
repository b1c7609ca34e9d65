"""Tink's AES-GCM-HKDF streaming encryption, exactly, with 64 KiB ciphertext segments, which we call blocks.

Wire format (Tink, "AES-GCM-HKDF Streaming AEAD"; HKDF-SHA-256, derived key 32 bytes):
    header   u8 length (40) || salt[32] || nonce prefix[7]
    key      HKDF-SHA-256(ikm, salt, info=associated data, 32)
    nonce i  nonce prefix || uint32 BE i || (1 if last else 0); no further associated data
    block 0  occupies [40, 65536), block i >= 1 [i*65536, (i+1)*65536); each ends with its 16-byte tag
The stream's length is authenticated only by its last block, so a finished file is opened by decrypting that
first.

One (index, last) pair never seals two plaintexts: a block is sealed with last=False only when a further
byte is there.
"""

from __future__ import annotations

import secrets
import struct
from typing import Protocol, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from evidence.vault.errors import NotPublished, Tampered

BLOCK_BYTES = 65_536
HEADER_BYTES = 40
TAG_BYTES = 16
KEY_BYTES = 32
PLAIN_BYTES = BLOCK_BYTES - TAG_BYTES
FIRST_PLAIN_BYTES = PLAIN_BYTES - HEADER_BYTES
_SALT_BYTES = 32
_PREFIX_BYTES = 7


class Readable(Protocol):
    """A file read by position, so that several readers share it."""

    def pread(self, length: int, offset: int) -> bytes:
        """Up to `length` bytes at `offset`; fewer only at the end."""

    def size(self) -> int:
        """The file's length in bytes at this moment."""


class BlockCipher:
    """Seals and opens single blocks of one stream. It holds no position: the caller answers for (index,
    last).
    """

    def __init__(self, ikm: bytes, associated_data: bytes, header: bytes) -> None:
        if len(header) != HEADER_BYTES or header[0] != HEADER_BYTES:
            raise Tampered("the header is not one of this format")
        if len(ikm) < KEY_BYTES:
            raise ValueError("the key is at least 32 bytes")
        salt, self._prefix = header[1 : 1 + _SALT_BYTES], header[1 + _SALT_BYTES :]
        self._aead = AESGCM(HKDF(SHA256(), KEY_BYTES, salt, associated_data).derive(ikm))
        self.header = header

    @classmethod
    def fresh(cls, ikm: bytes, associated_data: bytes) -> Self:
        """A new stream with a random salt and nonce prefix."""
        head = bytes([HEADER_BYTES]) + secrets.token_bytes(_SALT_BYTES + _PREFIX_BYTES)
        return cls(ikm, associated_data, head)

    def seal(self, index: int, plaintext: bytes | memoryview, *, last: bool) -> bytes:
        return self._aead.encrypt(self._nonce(index, last), plaintext, None)

    def open(self, index: int, ciphertext: bytes, *, last: bool) -> bytes:
        try:
            return self._aead.decrypt(self._nonce(index, last), ciphertext, None)
        except InvalidTag as error:
            raise Tampered(f"block {index} does not authenticate") from error

    def _nonce(self, index: int, last: bool) -> bytes:
        return self._prefix + struct.pack(">IB", index, last)


class BlockWriter:
    """Turns plaintext of any size into the stream. Performs no I/O: the caller writes what it is given, in
    order.
    """

    def __init__(self, ikm: bytes, associated_data: bytes) -> None:
        self._cipher = BlockCipher.fresh(ikm, associated_data)
        self._buffer = bytearray()
        self._finished = False
        self.blocks = (
            0  # Given out so far, the last one not counted: a growing file's reader must not open it.
        )

    @property
    def header(self) -> bytes:
        return self._cipher.header

    @property
    def sealed_length(self) -> int:
        """Plaintext bytes in the blocks given out so far: what a reader of the growing file may ask for."""
        return plaintext_of(self.blocks)

    def append(self, plaintext: bytes | memoryview) -> bytes:
        """Take plaintext; return the blocks that became whole, maybe none. ValueError after finish."""
        if self._finished:
            raise ValueError("the stream is finished")
        out: list[bytes] = []
        view = memoryview(plaintext)
        while len(self._buffer) + len(view) > (room := _room(self.blocks)):
            taken = room - len(self._buffer)
            if self._buffer:
                self._buffer += view[:taken]
                out.append(self._cipher.seal(self.blocks, bytes(self._buffer), last=False))
                self._buffer.clear()
            else:
                out.append(self._cipher.seal(self.blocks, view[:taken], last=False))
            view = view[taken:]
            self.blocks += 1
        self._buffer += view
        return b"".join(out)

    def finish(self) -> bytes:
        """Seal what is left as the last block. Raises ValueError when called twice."""
        if self._finished:
            raise ValueError("the stream is finished")
        self._finished = True
        block = self._cipher.seal(self.blocks, bytes(self._buffer), last=True)
        self._buffer.clear()
        return block


def seal(ikm: bytes, associated_data: bytes, plaintext: bytes) -> bytes:
    """The whole stream at once."""
    writer = BlockWriter(ikm, associated_data)
    return writer.header + writer.append(plaintext) + writer.finish()


class BlockReader:
    """Random access to a stream's plaintext; each byte handed out was authenticated.

    `BlockReader(file, ikm, ad)` opens a finished file and proves its length by its last block (raises
    Tampered). `BlockReader.growing(file, ikm, ad, published)` reads a file still written, up to `published`
    plaintext bytes.
    """

    def __init__(self, file: Readable, ikm: bytes, associated_data: bytes) -> None:
        size = file.size()
        self._start(file, ikm, associated_data, blocks=-(-size // BLOCK_BYTES), finished=True)
        tail = size - (self._blocks - 1) * BLOCK_BYTES - (HEADER_BYTES if self._blocks == 1 else 0)
        if tail < TAG_BYTES or (tail == TAG_BYTES and self._blocks > 1):
            raise Tampered("the file is cut inside its last block")
        self.length = size - HEADER_BYTES - TAG_BYTES * self._blocks
        self._block(self._blocks - 1)

    @classmethod
    def growing(cls, file: Readable, ikm: bytes, associated_data: bytes, published: int) -> Self:
        """Read whole blocks only, up to `published` bytes (the writer's `sealed_length`)."""
        reader = cls.__new__(cls)
        reader._start(file, ikm, associated_data, blocks=_blocks_within(published), finished=False)
        reader.length = plaintext_of(reader._blocks)
        return reader

    def _start(self, file: Readable, ikm: bytes, ad: bytes, *, blocks: int, finished: bool) -> None:
        self._file = file
        self._blocks = blocks
        self._finished = finished
        self._cipher = BlockCipher(ikm, ad, file.pread(HEADER_BYTES, 0))
        self._kept: tuple[int, bytes] = (-1, b"")

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes at `offset`. Raises NotPublished beyond `self.length`, Tampered."""
        if offset < 0 or length < 0 or offset + length > self.length:
            raise NotPublished(f"bytes {offset} to {offset + length} of {self.length} are not there")
        parts: list[bytes] = []
        while length:
            index, inside = divmod(offset + HEADER_BYTES, PLAIN_BYTES)
            if index == 0:
                inside -= HEADER_BYTES
            part = self._block(index)[inside : inside + length]
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return b"".join(parts)

    def _block(self, index: int) -> bytes:
        if self._kept[0] != index:
            ciphertext = read_block(self._file, index)
            last = self._finished and index == self._blocks - 1
            if not last and len(ciphertext) != _room(index) + TAG_BYTES:
                raise Tampered(f"block {index} is cut")
            self._kept = (index, self._cipher.open(index, ciphertext, last=last))
        return self._kept[1]


def read_block(file: Readable, index: int) -> bytes:
    """The ciphertext of block `index`, shorter than full only at the end of the file."""
    if index == 0:
        return file.pread(BLOCK_BYTES - HEADER_BYTES, HEADER_BYTES)
    return file.pread(BLOCK_BYTES, index * BLOCK_BYTES)


def plaintext_of(blocks: int) -> int:
    """Plaintext bytes in the first `blocks` full blocks."""
    return max(0, blocks * PLAIN_BYTES - HEADER_BYTES)


def _blocks_within(length: int) -> int:
    return (length + HEADER_BYTES) // PLAIN_BYTES


def _room(index: int) -> int:
    return FIRST_PLAIN_BYTES if index == 0 else PLAIN_BYTES
