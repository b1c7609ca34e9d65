"""Recovery of a spool folder after a kill or a power cut. Run it before recording starts; run it again as
often as needed.

For each asset without a row the state table (`evidence.vault.states`) says what stands on disk. A broken
file:
    1. fsync it, so that the k whole blocks counted now are the ones there next time
    2. cut the fragment index to the last whole piece in the k blocks; none: remove the file, report a gap
    3. journal block k-1 sealed again as last (that nonce was never used: the writer seals as last only a
    block it
       never sealed otherwise; the plaintext is the same, so repeating is harmless)
    4. write it in place, cut the file behind it, fdatasync, drop the journal: now the file is finished
    5. hash the file, compute the seal, bring it to the spool, move the file
The bytes of a piece that was cut in the middle stay in the file, sealed and outside the index.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from evidence.vault import cmaf, wraps
from evidence.vault.descriptor import AssetDescriptor
from evidence.vault.errors import KeyDestroyed, KeyMissing, NotInStore, Tampered
from evidence.vault.fragments import FragmentIndex
from evidence.vault.names import Location
from evidence.vault.seal import SealedSegment
from evidence.vault.segmentfile import SEGMENT, entries_of, place_sealed, seal_segment
from evidence.vault.spool import Reseal, Spool, SpoolEntry
from evidence.vault.states import FileState, Found, SpoolState, WorkState, state_of
from evidence.vault.store import ContentStore, WorkFile
from evidence.vault.tink import (
    BLOCK_BYTES,
    HEADER_BYTES,
    TAG_BYTES,
    BlockCipher,
    BlockReader,
    plaintext_of,
    read_block,
)

_HASHED_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Recovered:
    """Sealed and in its place; its row is due, then `spool.forget`. `cut_bytes` of ciphertext could not be
    kept.
    """

    sealed: SealedSegment
    was: FileState
    cut_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Lost:
    """Nothing playable is left of this asset: a gap row is due, then `spool.forget`. `was` MISSING is an
    alarm.
    """

    asset: AssetDescriptor
    was: FileState
    cut_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """Untouched, because its key cannot be read now or its state contradicts the table; an operator must
    look.
    """

    asset: AssetDescriptor
    was: FileState | None
    reason: str


Outcome = Recovered | Lost | Waiting
PeriodKeys = Callable[[AssetDescriptor], bytes]
LastSeals = Callable[[AssetDescriptor], bytes | None]


def recover(spool: Spool, store: ContentStore, period_key: PeriodKeys, last_seal: LastSeals) -> list[Outcome]:
    """Bring every asset of the spool to sealed or lost.

    `period_key(asset)` raises KeyMissing or KeyDestroyed; `last_seal(asset)` is the hash of the newest seal
    that has a row, for this source and lease epoch. One outcome for each entry, by source, epoch and start,
    sealed ones first, so that a file finished now follows every seal made before it and no chain forks;
    running it again changes nothing and gives the same outcomes, until the caller forgets them.
    """
    chains: dict[tuple[str, int], bytes] = {}
    outcomes: list[Outcome] = []
    for entry in sorted(spool.entries(), key=lambda entry: entry.sealed is None):
        chain = (entry.asset.source, entry.asset.lease_epoch)
        previous = chains[chain] if chain in chains else last_seal(entry.asset)
        outcome = recover_one(entry, spool, store, period_key, previous)
        if isinstance(outcome, Recovered):
            chains[chain] = outcome.sealed.seal.hash()
        outcomes.append(outcome)
    return outcomes


def recover_one(
    entry: SpoolEntry, spool: Spool, store: ContentStore, period_key: PeriodKeys, previous: bytes | None
) -> Outcome:
    """One asset; its writer must be closed or abandoned."""
    if entry.sealed:
        return _finish_sealed(entry, entry.sealed, spool, store)
    try:
        key = wraps.unwrap_key(period_key(entry.asset), entry.wrapped_key, entry.asset)
    except KeyDestroyed:
        store.discard(entry.asset.id)
        return Lost(entry.asset, FileState.HOLLOW)
    except (KeyMissing, Tampered) as error:
        return Waiting(entry.asset, None, str(error))
    try:
        file = store.open_work(entry.asset.id)
    except NotInStore:
        return _without_file(entry, store)
    with file:
        return _Recovery(entry, key, file, spool, store).run(previous)


def _finish_sealed(entry: SpoolEntry, sealed: SealedSegment, spool: Spool, store: ContentStore) -> Outcome:
    work = _size_state(entry, store, sealed.seal.ciphertext_bytes)
    there = store.has(sealed.location)
    state = state_of(Found(SpoolState.SEALED, work, there, spool.reseal(entry.asset.id) is not None))
    if state is FileState.SEALED:
        store.seal(entry.asset.id, sealed.location)
        return Recovered(sealed, state)
    if state is FileState.AWAITING_ROW:
        return Recovered(sealed, state)
    if state is FileState.MISSING:
        return Lost(entry.asset, state)
    return Waiting(entry.asset, state, "the sealed file and its work file contradict each other")


def _size_state(entry: SpoolEntry, store: ContentStore, expected: int) -> WorkState:
    try:
        with store.open_work(entry.asset.id) as file:
            return WorkState.FINISHED if file.size() == expected else WorkState.BROKEN
    except NotInStore:
        return WorkState.NONE


def _without_file(entry: SpoolEntry, store: ContentStore) -> Outcome:
    there = store.has(Location.of(entry.asset))
    state = state_of(Found(SpoolState.OPEN, WorkState.NONE, there, journal=False))
    if state is FileState.ANNOUNCED:
        return Lost(entry.asset, state)
    return Waiting(entry.asset, state, "a sealed file without a seal")


class _Recovery:
    """One work file whose spool entry is open."""

    def __init__(
        self, entry: SpoolEntry, key: bytes, file: WorkFile, spool: Spool, store: ContentStore
    ) -> None:
        self._entry = entry
        self._key = key
        self._file = file
        self._spool = spool
        self._store = store
        self._associated = entry.asset.canonical()

    def run(self, previous: bytes | None) -> Outcome:
        asset = self._entry.asset
        size = self._file.size()
        journal = self._spool.reseal(asset.id)
        whole, finished = self._count()
        work = self._work_state(whole, finished)
        there = self._store.has(Location.of(asset))
        state = state_of(Found(SpoolState.OPEN, work, there, journal is not None))
        if state is FileState.HOLLOW:
            self._store.discard(asset.id)
            return Lost(asset, state, cut_bytes=size)
        if state is FileState.BROKEN:
            journal = self._journal_last(whole)
        elif state not in (FileState.RESEALING, FileState.FINISHED):
            return Waiting(asset, state, "the file and its spool entry contradict each other")
        if journal:
            self._write_last(journal)
        sealed = self._seal(previous)
        place_sealed(self._entry, sealed, self._store, self._spool)
        return Recovered(sealed, state, cut_bytes=size - sealed.seal.ciphertext_bytes)

    def _count(self) -> tuple[int, bool]:
        """The number of whole blocks from the start, and whether a last block then ends the file (then it
        counts).
        """
        self._file.sync()
        if self._file.size() < HEADER_BYTES + TAG_BYTES:
            return 0, False
        try:
            cipher = self._cipher()
        except Tampered:
            return 0, False
        index = 0
        while ciphertext := read_block(self._file, index):
            whole = len(ciphertext) == (BLOCK_BYTES - HEADER_BYTES if index == 0 else BLOCK_BYTES)
            if not whole or not _opens(cipher, index, ciphertext, last=False):
                # A last block with more behind it: a recovery was killed before its cut. Its journal knows.
                ends = (index * BLOCK_BYTES or HEADER_BYTES) + len(ciphertext) == self._file.size()
                finished = ends and _opens(cipher, index, ciphertext, last=True)
                return index + finished, finished
            index += 1
        return index, False

    def _work_state(self, whole: int, finished: bool) -> WorkState:
        if not whole or self._entry.asset.kind != SEGMENT:
            return WorkState.HOLLOW
        if finished:
            reader = BlockReader(self._file, self._key, self._associated)
        else:
            reader = self._growing(whole)
        if not cmaf.scan(reader.read, reader.length).pieces:
            return WorkState.HOLLOW
        return WorkState.FINISHED if finished else WorkState.BROKEN

    def _journal_last(self, whole: int) -> Reseal:
        index = whole - 1
        cipher = self._cipher()
        plaintext = cipher.open(index, read_block(self._file, index), last=False)
        journal = Reseal(index, cipher.seal(index, plaintext, last=True))
        self._spool.put_reseal(self._entry.asset.id, journal)
        return journal

    def _write_last(self, journal: Reseal) -> None:
        offset = journal.index * BLOCK_BYTES or HEADER_BYTES
        self._file.write(journal.ciphertext, offset)
        self._file.truncate(offset + len(journal.ciphertext))
        self._file.sync()
        self._spool.drop_reseal(self._entry.asset.id)

    def _seal(self, previous: bytes | None) -> SealedSegment:
        reader = BlockReader(self._file, self._key, self._associated)
        found = cmaf.scan(reader.read, reader.length)
        index = FragmentIndex(found.init_length)
        for number, piece in enumerate(found.pieces):
            index.add(piece.length, piece.start_90k, piece.duration_90k, key=piece.key or not number)
        return seal_segment(
            self._entry,
            self._key,
            index=index,
            entries=entries_of(reader.read, self._key, index.fragments),
            ciphertext=(self._file.size(), _sha256(self._file)),
            plain_bytes=reader.length,
            previous=previous,
        )

    def _growing(self, whole: int) -> BlockReader:
        return BlockReader.growing(self._file, self._key, self._associated, plaintext_of(whole))

    def _cipher(self) -> BlockCipher:
        return BlockCipher(self._key, self._associated, self._file.pread(HEADER_BYTES, 0))


def _opens(cipher: BlockCipher, index: int, ciphertext: bytes, *, last: bool) -> bool:
    try:
        cipher.open(index, ciphertext, last=last)
    except Tampered:
        return False
    return True


def _sha256(file: WorkFile) -> bytes:
    digest = hashlib.sha256()
    offset = 0
    while chunk := file.pread(_HASHED_AT_ONCE, offset):
        digest.update(chunk)
        offset += len(chunk)
    return digest.digest()
