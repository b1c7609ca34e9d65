"""Recorded files as programs read them: the part of a file that a playback reaches, by ranges of bytes.

Of each file of the vault a playback sees one sequence of bytes that never changes while it lasts: the init
segment, then the fragments inside the permitted interval from the first key frame on (fragmented MP4, which
plays as it is). A file that is still being written only grows at its end. Ranges (RFC 9110, section 14) are
cut out of whole fragments; each fragment is entered in the account before it is decrypted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from evidence.models import OpenFile, Playback, Segment
from evidence.playback.account import StreamAccount
from evidence.playback.stream import in_thread
from evidence.vault.door import FootageView, Piece, RecordedFile, open_footage
from policy.permits import Permit
from rtcc.errors import NotFound
from rtcc.ranges import wanted


@dataclass(frozen=True)
class Visible:
    """The part of one file that a playback reaches."""

    file: RecordedFile
    pieces: tuple[Piece, ...]

    @property
    def length(self) -> int:
        return self.file.init_length + sum(piece.length for piece in self.pieces)

    @property
    def growing(self) -> bool:
        return self.file.location is None

    def places(self) -> Iterator[tuple[int, Piece]]:
        """Where each fragment begins."""
        at = self.file.init_length
        for piece in self.pieces:
            yield at, piece
            at += piece.length

    def as_json(self, url: str) -> dict[str, Any]:
        """What a program needs to choose ranges."""
        return {
            "file": str(self.file.asset.id),
            "from": self.pieces[0].starts_at.isoformat(),
            "to": self.pieces[-1].ends_at.isoformat(),
            "init_length": self.file.init_length,
            "length": self.length,
            "growing": self.growing,
            "url": url,
            "pieces": [
                {
                    "offset": at,
                    "length": piece.length,
                    "from": piece.starts_at.isoformat(),
                    "to": piece.ends_at.isoformat(),
                    "key": bool(piece.fragment.key),
                }
                for at, piece in self.places()
            ],
        }


def files_of(view: FootageView, starts_at: datetime, ends_at: datetime) -> list[Visible]:
    """The files with footage in [starts_at, ends_at), each with all of it that the playback reaches."""
    touched = {piece.file.asset.id: piece for piece in view.pieces(starts_at, ends_at)}
    return [_whole(view, asset) for asset in touched]


def _whole(view: FootageView, asset: UUID) -> Visible:
    row = (
        Segment.objects.of_camera(view.camera)
        .overlapping(view.starts_at, view.ends_at)
        .filter(id=asset)
        .first()
    )
    growing = OpenFile.objects.filter(camera=view.camera, asset=asset).first() if row is None else None
    if row is None and growing is None:
        raise NotFound()
    first = row.starts_at if row is not None else growing.starts_at  # type: ignore[union-attr]
    last = row.ends_at if row is not None else view.ends_at
    pieces = [piece for piece in view.pieces(first, last) if piece.file.asset.id == asset]
    if not pieces:
        raise NotFound()
    return Visible(pieces[0].file, tuple(pieces))


class FileBytes:
    """The answer to one request for bytes of one file. `open` raises what refuses it; then `body` is sent."""

    def __init__(self, permit: Permit, playback: Playback, camera: UUID) -> None:
        self._account = StreamAccount(playback.id, camera)
        self._view = open_footage(permit, camera, playback.starts_at, playback.ends_at, self._account)
        self._parts: Iterator[bytes] = iter(())
        self.length = 0
        self.range: tuple[int, int] | None = None

    def open(self, asset: UUID, header: str) -> None:
        """Choose what is sent. Raises NotFound, RangeOutside, PermitEnded, FootageDestroyed."""
        try:
            visible = _whole(self._view, asset)
            self.length = visible.length
            self.range = wanted(header, self.length)
        except BaseException:
            self.close()
            raise
        first, last = self.range or (0, self.length)
        self._parts = self._cut(visible, first, last)

    def _cut(self, visible: Visible, first: int, last: int) -> Iterator[bytes]:
        """Reads as it goes: nothing is decrypted before it is asked for."""
        if first < visible.file.init_length:
            yield self._view.init(visible.file)[first:last]
        for at, piece in visible.places():
            if at < last and at + piece.length > first:
                yield self._view.read(piece)[max(0, first - at) : last - at]

    def step(self) -> bytes | None:
        """The next bytes, or None at the end."""
        part = next(self._parts, None)
        if part is not None:
            self._account.going(len(part))
        return part

    def close(self) -> None:
        """Write the account down and let go of the files."""
        self._account.settle()
        self._view.__exit__()

    async def body(self) -> AsyncIterator[bytes]:
        """The bytes of the answer. Where the permit ends on the way, the answer breaks off short of its
        length, which tells the program that it is not whole.
        """
        try:
            while (part := await in_thread(self.step)) is not None:
                yield part
                self._account.sent()
        finally:
            # A program that went away must not keep what was sent from being written down.
            await asyncio.shield(in_thread(self.close))
