"""Recorded footage as frames for the browser: the same frames as live pictures (`evidence.recorder.wire`).

    u8 type | u32be length | payload
    INIT   one line of JSON (codec, width, height, timescale, file, zero), then ftyp+moov
    CHUNK  f64be recorder time of its first frame, u8 key, then the moof and mdat pairs of one fragment
    END    JSON with a sentence: the permit ended, or a file does not open

``zero`` is the recorder time (Unix seconds) of media time zero of that file: each file counts from its own
beginning, so a player sets its time offset at every INIT.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import connections

from evidence.playback.account import Span, StreamAccount
from evidence.recorder.facts_of_init import facts_of_init
from evidence.recorder.wire import FrameType, pack
from evidence.vault.door import (
    FootageBroken,
    FootageDestroyed,
    FootageView,
    Piece,
    RecordedFile,
    open_footage,
)
from evidence.vault.fragments import TICKS_S
from policy.permits import Permit, PermitEnded

T = TypeVar("T")


class FootageStream:
    """The answer to one request of one player. `open` raises what refuses it; then `body` is sent."""

    def __init__(self, permit: Permit, playback: UUID, camera: UUID, interval: Span) -> None:
        self._permit, self._camera = permit, camera
        self._interval = interval
        self._account = StreamAccount(playback, camera)
        self._view: FootageView | None = None
        self._parts: Iterator[bytes] = iter(())
        self.ended = b""
        """The END frame, where the footage could not go on."""

    def open(self, starts_at: datetime, ends_at: datetime, known: UUID | None) -> None:
        """Choose the fragments of [starts_at, ends_at). ``known``: the file whose INIT the player has.

        Raises PermitEnded, FootageDestroyed.
        """
        view = open_footage(self._permit, self._camera, *self._interval, self._account)
        try:
            pieces = view.pieces(starts_at, ends_at)
        except BaseException:
            view.__exit__()
            raise
        self._view = view
        self._parts = self._frames(view, pieces, known)

    def _frames(self, view: FootageView, pieces: list[Piece], known: UUID | None) -> Iterator[bytes]:
        """Reads as it goes: nothing is decrypted before it is asked for."""
        try:
            for piece in pieces:
                if piece.file.asset.id != known:
                    known = piece.file.asset.id
                    yield pack(FrameType.INIT, _head(piece.file, view.init(piece.file)))
                head = struct.pack(">dB", piece.starts_at.timestamp(), piece.fragment.key)
                yield pack(FrameType.CHUNK, head + view.read(piece))
        except (PermitEnded, FootageBroken, FootageDestroyed) as error:
            self.ended = pack(FrameType.END, json.dumps({"sentence": error.sentence}).encode())

    def step(self) -> bytes | None:
        """The next frame with footage, or None at the end."""
        part = next(self._parts, None)
        if part is not None:
            self._account.going(len(part))
        return part

    def sent(self) -> None:
        """What `step` gave last has gone."""
        self._account.sent()

    def close(self) -> None:
        """Write the account down and let go of the files."""
        self._account.settle()
        if self._view is not None:
            self._view.__exit__()

    async def body(self) -> AsyncIterator[bytes]:
        """The bytes of the answer. Decryption and account run in threads. The sentence of an END frame is
        no footage and is not counted.
        """
        try:
            while (part := await in_thread(self.step)) is not None:
                yield part
                self.sent()
            if self.ended:
                yield self.ended
        finally:
            # A player that went away must not keep what was sent from being written down.
            await asyncio.shield(in_thread(self.close))


def _head(file: RecordedFile, init: bytes) -> bytes:
    facts = facts_of_init(init)
    head = {
        "codec": facts.codec,
        "width": facts.width,
        "height": facts.height,
        "timescale": TICKS_S,
        "file": str(file.asset.id),
        "zero": file.asset.starts_at.timestamp(),
    }
    return json.dumps(head).encode() + b"\n" + init


async def in_thread(act: Callable[[], T]) -> T:
    """Blocking work in a thread of its own, its database connection given back afterwards."""

    def work() -> T:
        try:
            return act()
        finally:
            connections.close_all()

    async with ThreadSensitiveContext():
        return await sync_to_async(work)()
