"""Writing one asset, encrypted from its first byte.

    1. the wrapped key and the descriptor are on disk in the spool
    2. the work file is made; pieces are appended; `sync` brings them to disk every few seconds
    3. close: the last block, fdatasync
    4. the whole seal is on disk in the spool
    5. the file moves to its place in the store
    6. the caller commits the row, then calls `spool.forget(asset)`

Killed anywhere, `evidence.vault.repair.recover` finishes or reports. Plaintext is only ever in memory: less
than a block.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from evidence.vault import cmaf, wraps
from evidence.vault.descriptor import AssetDescriptor
from evidence.vault.errors import WriterBroken
from evidence.vault.fragments import Fragment, FragmentIndex, pack, to_instant, to_ticks
from evidence.vault.merkle import EntryHash, FragmentProof, path_of, root_of
from evidence.vault.names import Location
from evidence.vault.seal import Seal, SealedSegment
from evidence.vault.spool import Spool, SpoolEntry
from evidence.vault.store import ContentStore, WorkFile
from evidence.vault.tink import BlockReader, BlockWriter

SEGMENT = "segment"


@dataclass(slots=True)
class _Output:
    """The work file, the length written so far and its running SHA-256 (hashing is the slower half of
    sealing).
    """

    file: WorkFile
    length: int
    sha256: hashlib._Hash

    def put(self, ciphertext: bytes) -> None:
        self.file.write(ciphertext, self.length)
        self.sha256.update(ciphertext)
        self.length += len(ciphertext)


class SegmentWriter:
    """One open segment. One thread appends; `sync` may be called from another. Not reusable after close."""

    def __init__(
        self, entry: SpoolEntry, key: bytes, file: WorkFile, store: ContentStore, spool: Spool, init: bytes
    ) -> None:
        self._entry = entry
        self._key = key
        self._store = store
        self._spool = spool
        self._blocks = BlockWriter(key, entry.asset.canonical())
        self._out = _Output(file, 0, hashlib.sha256())
        self._index = FragmentIndex(len(init))
        self._entries: list[EntryHash] = []
        self._init = init
        self._usable = True
        self._write(self._blocks.header + self._blocks.append(init))
        self._published = self._blocks.sealed_length

    @classmethod
    def open(
        cls, asset: AssetDescriptor, period_key: bytes, store: ContentStore, spool: Spool, *, init: bytes
    ) -> Self:
        """Steps 1 and 2. `init` is ftyp and moov; `asset.starts_at` is the start of the first piece.

        Raises NotAFragment, FileExistsError (the id was used), OSError.
        """
        cmaf.check_init(init)
        return cls._begin(asset, period_key, store, spool, init)

    @classmethod
    def _begin(
        cls, asset: AssetDescriptor, period_key: bytes, store: ContentStore, spool: Spool, init: bytes
    ) -> Self:
        key = wraps.new_key()
        entry = SpoolEntry(asset, wraps.wrap_key(period_key, key, asset))
        spool.announce(entry)
        return cls(entry, key, store.create(asset.id), store, spool, init)

    @property
    def asset(self) -> AssetDescriptor:
        return self._entry.asset

    @property
    def wrapped_key(self) -> bytes:
        return self._entry.wrapped_key

    @property
    def published_length(self) -> int:
        """Plaintext bytes that a reader of the growing file may ask for: whole blocks only."""
        return self._published

    @property
    def fragments(self) -> tuple[Fragment, ...]:
        """The index so far; the last fragment still grows and may reach beyond `published_length`."""
        return self._index.fragments

    def append(self, piece: bytes, starts_at: datetime, duration_90k: int, key: bool) -> None:
        """Add one or more whole moof and mdat pairs. With `key` they begin a fragment, without it they
        continue one.

        The pieces' own decode times and sync flags must say the same: recovery reads those.

        Raises NotAFragment or ValueError (order) before anything is written; OSError, after which only
        recovery may touch the file; WriterBroken from then on.
        """
        self._check_usable()
        cmaf.check_piece(piece)
        self._take(piece, to_ticks(starts_at, self.asset.starts_at), duration_90k, key)

    def sync(self) -> None:
        """One fdatasync: what was appended before, except the block still in memory, survives a power cut."""
        if self._usable:
            self._out.file.sync()

    def close(self, previous: bytes | None) -> SealedSegment:
        """Steps 3 to 5. `previous` is the hash of this camera's last seal in this lease epoch, or None.

        Raises ValueError when nothing was appended (use `discard`), OSError, WriterBroken.
        """
        self._check_usable()
        if not self._index.fragments:
            raise ValueError("a segment without a fragment is discarded, not closed")
        self._write(self._blocks.finish())
        self._usable = False
        self._out.file.sync()
        sealed = seal_segment(
            self._entry,
            self._key,
            index=self._index,
            entries=[entry.digest() for entry in self._entries],
            ciphertext=(self._out.length, self._out.sha256.digest()),
            plain_bytes=self._index.length,
            previous=previous,
        )
        place_sealed(self._entry, sealed, self._store, self._spool)
        self._out.file.close()
        return sealed

    def abandon(self) -> None:
        """Let go of the file as it stands, for `recover`: after a failed write, or when the process must
        stop now.
        """
        self._usable = False
        self._out.file.close()

    def discard(self) -> None:
        """Remove the file and its spool entry: nothing worth keeping was written."""
        self.abandon()
        self._store.discard(self.asset.id)
        self._spool.forget(self.asset.id)

    def _take(self, piece: bytes, start_90k: int, duration_90k: int, key: bool) -> None:
        if not self._entries and not key:
            raise ValueError("a segment begins with a key frame")
        if self._index.add(len(piece), start_90k, duration_90k, key=key):
            self._entries.append(EntryHash(self._key, len(self._entries)))
            if len(self._entries) == 1:
                self._entries[0].update(self._init)
        self._entries[-1].update(piece)
        self._write(self._blocks.append(piece))
        self._published = self._blocks.sealed_length

    def _write(self, ciphertext: bytes) -> None:
        if not ciphertext:
            return
        try:
            self._out.put(ciphertext)
        except BaseException:
            # A part may stand in the file. Its nonces are used up, so this writer must never seal again.
            self._usable = False
            raise

    def _check_usable(self) -> None:
        if not self._usable:
            raise WriterBroken(str(self.asset.id))


def write_whole(
    asset: AssetDescriptor, period_key: bytes, store: ContentStore, spool: Spool, content: bytes
) -> SealedSegment:
    """Seal an asset that is there at once (a still, a package) as one fragment. Its act makes it again
    after a kill.
    """
    if asset.kind == SEGMENT:
        raise ValueError("a segment is written piece by piece")
    writer = SegmentWriter._begin(asset, period_key, store, spool, init=b"")
    writer._take(content, 0, 0, key=True)
    return writer.close(previous=None)


def seal_segment(
    entry: SpoolEntry,
    key: bytes,
    *,
    index: FragmentIndex,
    entries: list[bytes],
    ciphertext: tuple[int, bytes],
    plain_bytes: int,
    previous: bytes | None,
) -> SealedSegment:
    """The seal over a finished file; `ciphertext` is its length and SHA-256, `entries` the Merkle entries."""
    packed = pack(index.fragments)
    seal = Seal(
        asset=entry.asset,
        ends_at=to_instant(index.fragments[-1].end_90k, entry.asset.starts_at),
        plain_bytes=plain_bytes,
        ciphertext_bytes=ciphertext[0],
        ciphertext_sha256=ciphertext[1],
        fragments=len(index.fragments),
        merkle_root=root_of(entries),
        index_sha256=hashlib.sha256(packed).digest(),
        previous=previous,
        commitment=wraps.commitment(key, entry.asset),
    )
    return SealedSegment(seal, entry.wrapped_key, packed, index.init_length)


def place_sealed(entry: SpoolEntry, sealed: SealedSegment, store: ContentStore, spool: Spool) -> None:
    """Steps 4 and 5, in this order: a file in its place always has its whole seal on disk."""
    spool.put(entry.with_seal(sealed))
    store.seal(sealed.asset.id, Location.of(sealed.asset))


def entries_of(read: Callable[[int, int], bytes], key: bytes, fragments: tuple[Fragment, ...]) -> list[bytes]:
    """The Merkle entry of every fragment, read one at a time."""
    found = []
    for number, fragment in enumerate(fragments):
        entry = EntryHash(key, number)
        entry.update(read(fragment.offset, fragment.length))
        found.append(entry.digest())
    return found


def prove_fragment(reader: BlockReader, key: bytes, sealed: SealedSegment, index: int) -> FragmentProof:
    """The path that ties fragment `index` to the seal's Merkle root; reads the whole segment once. Raises
    IndexError.
    """
    entries = entries_of(reader.read, key, sealed.fragments)
    return FragmentProof(index, len(entries), wraps.salt(key, index), path_of(entries, index))
