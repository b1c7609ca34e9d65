"""The second door: the only code that hands out recorded bytes.

    view = open_footage(permit, camera, starts_at, ends_at, account)
    for piece in view.pieces(seek_from, seek_to):
        data = view.read(piece)            # decrypts this fragment and nothing else

A permit must be armed, for playback, and cover the camera and all of the interval; an obligation that this
door cannot carry out refuses it. Before bytes are decrypted room for them is committed to the account, and
the permit is decided again when something has changed. Only whole fragments inside the permitted interval go
out: the first one may begin a few seconds late, never early.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar, Protocol, Self
from uuid import UUID

from evidence.models import OpenFile, Segment
from evidence.vault import cmaf, wraps
from evidence.vault.descriptor import AssetDescriptor
from evidence.vault.disk import DiskFile, DiskStore
from evidence.vault.errors import KeyDestroyed, NotInStore, Tampered, VaultFailure
from evidence.vault.footage_keys import has_key, segment_key
from evidence.vault.fragments import Fragment, FragmentIndex, to_instant
from evidence.vault.keystore import KeyStore
from evidence.vault.names import KeyName, Location
from evidence.vault.spool import SpoolEntry, read_entry
from evidence.vault.tink import BLOCK_BYTES, BlockReader, plaintext_of
from policy.permits import Permit
from policy.resume import resume
from policy.vocabulary import Action, Kind, ObligationKind, Ref
from rtcc import clock
from rtcc.config import config
from rtcc.errors import DomainError, Unavailable
from rtcc.keys import provider
from rtcc.logs import log

# What this door can carry out. A mask or a watermark needs a transcode, which it has not.
ABLE = frozenset(
    {
        ObligationKind.JUSTIFY,
        ObligationKind.NOTIFY_OWNER,
        ObligationKind.NOTIFY_OVERSIGHT,
        ObligationKind.EXPIRE_AFTER,
        # There is no audio in the vault: it is dropped before the first byte is written.
        ObligationKind.NO_AUDIO,
    }
)
DECIDE_EVERY_S = 1.0
_log = log("vault")


class Account(Protocol):
    """Where bytes are written down before they go (`evidence.playback.account`)."""

    def reserve(self, camera: UUID, length: int, span: tuple[datetime, datetime] | None) -> None:
        """Commit room for ``length`` more bytes, of footage of ``span``. Raises PermitEnded when the session
        is over.
        """


class FootageDestroyed(DomainError):
    """The footage was destroyed on time; ``disposition`` is the record of it."""

    code = "footage_destroyed"
    status = 410

    def __init__(self, disposition: UUID | None) -> None:
        super().__init__(
            "This footage was destroyed when its time was over. Its disposition record says how."
        )
        self.disposition = disposition


class FootageBroken(Unavailable):
    """The file of a sealed segment is gone or does not open: an alarm."""

    code = "footage_broken"


@dataclass(frozen=True)
class Piece:
    """One fragment that may be asked for. ``head`` bytes at its beginning belong to the init segment."""

    file: RecordedFile
    fragment: Fragment
    starts_at: datetime
    ends_at: datetime
    head: int

    @property
    def length(self) -> int:
        """Bytes that `FootageView.read` hands out."""
        return self.fragment.length - self.head


@dataclass(eq=False)
class RecordedFile:
    """One file of a camera, sealed or still growing, and its index."""

    asset: AssetDescriptor
    key: Callable[[], bytes] = field(repr=False)
    init_length: int
    index: tuple[Fragment, ...]
    location: Location | None
    reader: BlockReader | None = field(default=None, repr=False)

    def pieces(self) -> Iterator[Piece]:
        for number, fragment in enumerate(self.index):
            starts_at = to_instant(fragment.start_90k, self.asset.starts_at)
            ends_at = to_instant(fragment.end_90k, self.asset.starts_at)
            yield Piece(self, fragment, starts_at, ends_at, 0 if number else self.init_length)


class FootageView:
    """Recorded footage of one camera under one permit. Use as a context manager; not for several threads.

    ``action``: what the permit has to be for; ``able``: what is carried out before anybody sees it.
    """

    action: ClassVar[Action] = Action.PLAYBACK
    able: ClassVar[frozenset[ObligationKind]] = ABLE

    def __init__(
        self, permit: Permit, camera: UUID, starts_at: datetime, ends_at: datetime, account: Account
    ) -> None:
        self.permit = permit
        self.camera, self.starts_at, self.ends_at = camera, starts_at, ends_at
        self._account = account
        self._store = DiskStore(config.store_dir)
        self._keys = KeyStore(config.period_keys_dirs, provider())
        self._open = ExitStack()
        self._decided_s = time.monotonic()
        self._require()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def check(self) -> None:
        """The permit as it stands now: decided again at most a second ago. Raises PermitEnded."""
        if time.monotonic() - self._decided_s > DECIDE_EVERY_S:
            self.permit = resume(self.permit.id, by=self.permit.actor)
            self._decided_s = time.monotonic()
        self._require()

    def _require(self) -> None:
        ref = Ref(Kind.CAMERA, self.camera)
        self.permit.require(self.action, ref, starts_at=self.starts_at, ends_at=self.ends_at)
        self.permit.carry_out(ref, self.able)

    def pieces(self, starts_at: datetime, ends_at: datetime) -> list[Piece]:
        """Fragments with footage in [starts_at, ends_at), from the key frame before it on, in order of time.

        Raises FootageDestroyed where there was footage and all of it is destroyed.
        """
        self.check()
        first, last = max(starts_at, self.starts_at), min(ends_at, self.ends_at)
        if first >= last:
            return []
        destroyed: list[UUID | None] = []
        found: list[Piece] = []
        for file in self._files(first, last, destroyed):
            found += _chosen(list(file.pieces()), first, last, self.starts_at, self.ends_at)
        if destroyed and not found:
            raise FootageDestroyed(destroyed[0])
        return sorted(found, key=lambda piece: (piece.file.asset.starts_at, piece.fragment.offset))

    def _files(
        self, starts_at: datetime, ends_at: datetime, destroyed: list[UUID | None]
    ) -> Iterator[RecordedFile]:
        rows = list(Segment.objects.of_camera(self.camera).overlapping(starts_at, ends_at))
        for row in rows:
            if row.tombstone is not None or not has_key(row):
                destroyed.append(row.tombstone)
                continue
            sealed, key = row.sealed, partial(segment_key, row, self._keys)
            yield RecordedFile(row.asset, key, sealed.init_length, sealed.fragments, row.location)
        growing = self._growing({row.id for row in rows})
        if growing is not None and growing.asset.starts_at < ends_at:
            yield growing

    def _growing(self, known: set[UUID]) -> RecordedFile | None:
        """The file that the recorder writes just now, up to its last whole block; or one whose row is due."""
        row = OpenFile.objects.filter(camera=self.camera).first()
        if row is None or row.asset in known:
            return None
        try:
            entry = read_entry(config.spool_dir, row.asset)
            key = partial(self._announced_key, entry)
            if entry.sealed is not None:
                sealed = entry.sealed
                return RecordedFile(entry.asset, key, sealed.init_length, sealed.fragments, sealed.location)
            return self._scanned(entry.asset, key)
        except NotInStore:
            return None  # Its row has committed since we looked, or it was never begun.
        except VaultFailure as error:
            _log.error("open_file_unreadable", asset=str(row.asset), error=type(error).__name__)
            return None

    def _scanned(self, asset: AssetDescriptor, key: Callable[[], bytes]) -> RecordedFile | None:
        file = self._open.enter_context(self._store.open_growing(asset.id))
        segment_key = key()
        blocks = file.size() // BLOCK_BYTES
        for published in (blocks, blocks - 1):
            if published < 1:
                return None
            reader = BlockReader.growing(file, segment_key, asset.canonical(), plaintext_of(published))
            try:
                # The newest block may be the last one of a file that is closed just now.
                reader.read(reader.length - 1, 1)
            except Tampered:
                continue
            scan = cmaf.scan(reader.read, reader.length)
            index = FragmentIndex(scan.init_length)
            for number, piece in enumerate(scan.pieces):
                index.add(piece.length, piece.start_90k, piece.duration_90k, key=piece.key or not number)
            return RecordedFile(asset, key, scan.init_length, index.fragments, None, reader)
        return None

    def init(self, file: RecordedFile) -> bytes:
        """The init segment (ftyp and moov) of a file."""
        return self._bytes(file, 0, file.init_length, None)

    def read(self, piece: Piece) -> bytes:
        """The moof and mdat pairs of one fragment. Raises PermitEnded, FootageBroken."""
        if not (self.starts_at <= piece.starts_at and piece.ends_at <= self.ends_at):
            raise ValueError("the piece lies outside the view")
        span = (piece.starts_at, piece.ends_at)
        return self._bytes(piece.file, piece.fragment.offset + piece.head, piece.length, span)

    def _bytes(
        self, file: RecordedFile, offset: int, length: int, span: tuple[datetime, datetime] | None
    ) -> bytes:
        self.check()
        self._account.reserve(self.camera, length, span)
        try:
            return self._reader(file).read(offset, length)
        except KeyDestroyed as error:
            raise FootageDestroyed(None) from error
        except VaultFailure as error:
            _log.error("footage_broken", asset=str(file.asset.id), error=type(error).__name__)
            raise FootageBroken(
                f"The recording from {file.asset.starts_at:%Y-%m-%d %H:%M:%S} UTC does not open: its file is"
                " gone or was changed. The operator has been told."
            ) from error

    def _reader(self, file: RecordedFile) -> BlockReader:
        if file.reader is None:
            assert file.location is not None
            content = self._open.enter_context(self._content(file))
            file.reader = BlockReader(content, file.key(), file.asset.canonical())
        return file.reader

    def _content(self, file: RecordedFile) -> DiskFile:
        assert file.location is not None
        try:
            return self._store.open_read(file.location)
        except NotInStore:
            return self._store.open_growing(file.asset.id)  # Sealed this moment, and not moved yet.

    def _announced_key(self, entry: SpoolEntry) -> bytes:
        period_key = self._keys.read(KeyName.of(entry.asset.source, entry.asset.period))
        return wraps.unwrap_key(period_key, entry.wrapped_key, entry.asset)


def _chosen(
    pieces: list[Piece], first: datetime, last: datetime, allowed_from: datetime, allowed_to: datetime
) -> list[Piece]:
    """Pieces that overlap [first, last) and lie inside what is allowed, led by the key frame they need."""
    allowed = [piece for piece in pieces if allowed_from <= piece.starts_at and piece.ends_at <= allowed_to]
    while allowed and not allowed[0].fragment.key:
        del allowed[0]
    wanted = [n for n, piece in enumerate(allowed) if piece.starts_at < last and piece.ends_at > first]
    if not wanted:
        return []
    begin = wanted[0]
    while not allowed[begin].fragment.key:
        begin -= 1
    return allowed[begin : wanted[-1] + 1]


def open_footage(
    permit: Permit, camera: UUID, starts_at: datetime, ends_at: datetime, account: Account
) -> FootageView:
    """Recorded footage of ``camera`` in [starts_at, ends_at). Raises NotArmed, or PermitEnded with the
    sentence why.
    """
    if ends_at <= starts_at or starts_at > clock.now() + timedelta(seconds=1):
        raise Unavailable("There is no recording of that time.")
    return FootageView(permit, camera, starts_at, ends_at, account)


class FootageToMark(FootageView):
    """Recorded footage of which a marked picture is made for somebody: nothing else of it goes out."""

    action: ClassVar[Action] = Action.SEND_PICTURE
    able: ClassVar[frozenset[ObligationKind]] = ABLE | {ObligationKind.WATERMARK}
