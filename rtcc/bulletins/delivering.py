"""The marked picture on its way to a telephone: through the asset door, and cut off when it is taken back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from uuid import UUID

from evidence.asset_account import AssetAccount
from evidence.playback.stream import in_thread
from evidence.vault.asset_door import open_asset
from policy import offers, permits
from policy.models import Person
from policy.permits import PermitEnded
from policy.vocabulary import Action, Kind, Purpose, Ref
from rtcc.bulletins.actions.open_picture import Opened
from rtcc.bulletins.models import Bulletin

# Small, so that little is on its way when a picture is taken back.
PIECE_BYTES = 16 * 1024
CHECK_EVERY_S = 0.5
OVER = "This picture was taken back, or its time is over."


def still_opens(person: Person, bulletin: Bulletin, permit: UUID) -> str:
    """The sentence why the picture must be put away now; empty while it may be seen. Decided on fresh facts,
    and without an entry: asking is no act.
    """
    row = permits.find(permit)
    if row is None or row.person_id != person.id:
        return OVER
    try:
        permits.check_stands(row, person)
    except PermitEnded as ended:
        return ended.sentence
    purpose = Purpose(row.purpose) if row.purpose else None
    asked = Ref(Kind.BULLETIN, bulletin.id)
    offered = offers.is_offered(person, Action.RECEIVE_PICTURE, asked, basis=row.basis_id, purpose=purpose)
    return "" if offered else OVER


class Delivery:
    """One answer to one tap."""

    def __init__(self, person: Person, opened: Opened) -> None:
        assert opened.reading is not None
        assert opened.bulletin.asset is not None
        self._person, self._opened = person, opened
        self._account = AssetAccount(opened.reading.id)
        with open_asset(opened.permit, opened.bulletin.asset, self._account) as reader:
            self._data = reader.read(0, reader.length)

    def _check(self) -> str:
        return still_opens(self._person, self._opened.bulletin, self._opened.permit.id)

    async def body(self) -> AsyncIterator[bytes]:
        """The bytes, in small pieces; it is asked between them whether they may still go."""
        why, checked_s = "the telephone went away", time.monotonic()
        try:
            for at in range(0, len(self._data), PIECE_BYTES):
                if time.monotonic() - checked_s > CHECK_EVERY_S:
                    if over := await in_thread(self._check):
                        why = over
                        return
                    checked_s = time.monotonic()
                piece = self._data[at : at + PIECE_BYTES]
                yield piece
                self._account.sent(len(piece))
            why = "all of it was sent"
        finally:
            # A telephone that went away must not keep what was sent from being entered.
            await asyncio.shield(in_thread(partial(self._account.end, why)))
