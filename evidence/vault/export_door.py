"""The door of exports: footage for a package, under a permit to export, fragment by fragment.

Nothing that is read here goes to anybody: the bytes go on into a package, which is an asset of its own and is
handed out by its own door with an account. A permit whose obligations this door cannot carry out (a mask on a
native copy) opens nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

from evidence.models import Segment
from evidence.vault import wraps
from evidence.vault.door import ABLE, FootageBroken, FootageDestroyed, FootageView, RecordedFile
from evidence.vault.footage_keys import segment_key
from evidence.vault.fragments import Fragment
from evidence.vault.merkle import EntryHash, path_of, root_of
from policy.permits import Permit
from policy.vocabulary import Action, Kind, Ref


class _Counted:
    """The account of an export: it counts; the entry of its package says how much."""

    def __init__(self) -> None:
        self.bytes = 0

    def reserve(self, camera: UUID, length: int, span: tuple[datetime, datetime] | None) -> None:
        self.bytes += length


class ExportView(FootageView):
    """Footage of one camera for one export. ``go_on`` raises where the export may not go on; it is asked
    before each read.
    """

    def __init__(
        self,
        permit: Permit,
        camera: UUID,
        interval: tuple[datetime, datetime],
        go_on: Callable[[], None],
    ) -> None:
        self._go_on = go_on
        super().__init__(permit, camera, *interval, _Counted())

    def check(self) -> None:
        self._go_on()

    def _require(self) -> None:
        ref = Ref(Kind.FOOTAGE, self.camera)
        self.permit.require(Action.EXPORT, ref, starts_at=self.starts_at, ends_at=self.ends_at)
        self.permit.carry_out(ref, ABLE)

    def file(self, row: Segment) -> RecordedFile:
        """The file of one sealed segment. Raises FootageDestroyed."""
        if row.camera != self.camera:
            raise ValueError("the segment is another camera's")
        if row.tombstone is not None:
            raise FootageDestroyed(row.tombstone)
        sealed = row.sealed
        key = segment_key(row, self._keys)
        return RecordedFile(row.asset, lambda: key, sealed.init_length, sealed.fragments, row.location)

    def fragments(self, file: RecordedFile, first: int, last: int) -> Iterator[tuple[int, Fragment, bytes]]:
        """The plaintext of fragments first to last, whole; fragment 0 begins with the init segment."""
        for number in range(first, last + 1):
            fragment = file.index[number]
            yield number, fragment, self._bytes(file, fragment.offset, fragment.length, None)

    def release(self, file: RecordedFile) -> None:
        """Done with this file; a long export opens many."""
        file.reader = None
        self._open.close()


class Prover:
    """Collects a segment's fragments, all of them, and gives what ties each to the seal."""

    def __init__(self, file: RecordedFile) -> None:
        self._file, self._key = file, file.key()
        self._entries: list[bytes] = []

    def add(self, number: int, plaintext: bytes) -> None:
        entry = EntryHash(self._key, number)
        entry.update(plaintext)
        self._entries.append(entry.digest())

    def check(self, root: bytes) -> None:
        """Raises FootageBroken where the fragments are not those that were sealed."""
        if root_of(self._entries) != root:
            raise FootageBroken(
                f"The recording from {self._file.asset.starts_at:%Y-%m-%d %H:%M:%S} UTC"
                " is not what was sealed."
                " The operator has been told."
            )

    def proof(self, number: int) -> tuple[bytes, tuple[bytes, ...]]:
        """Salt and Merkle path of one fragment."""
        return wraps.salt(self._key, number), path_of(self._entries, number)
