"""Handing a package out: byte by byte on the account of this download."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from evidence.actions.read_asset import read_asset
from evidence.asset_account import AssetAccount
from evidence.exports.models import Export
from evidence.playback.stream import in_thread
from evidence.vault.asset_door import AssetReader, open_asset
from policy.models import Person
from rtcc.errors import Conflict


def hand_out(person: Person, row: Export) -> StreamingHttpResponse:
    """The answer with the package. Raises Conflict where there is none, Denied, and what its door raises."""
    if row.asset is None:
        raise Conflict(f"There is no package of this export; it stands so: {row.state_says}.")
    permit, reading = read_asset(by=person, asset=row.asset.id)
    account = AssetAccount(reading.id)
    try:
        reader = open_asset(permit, row.asset.id, account)
    except BaseException:
        account.end("it could not be opened")
        raise
    answer = StreamingHttpResponse(_body(reader, account), content_type=row.asset.media_type)
    answer["Content-Length"] = str(reader.length)
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=row.asset.name)
    return answer


async def _body(reader: AssetReader, account: AssetAccount) -> AsyncIterator[bytes]:
    """Decryption and account run in threads. What was sent is written down however it ends."""
    pieces = reader.pieces()
    why = "the connection ended"
    try:
        while (piece := await in_thread(lambda: next(pieces, None))) is not None:
            yield piece
            account.sent(len(piece))
        why = "all of it was sent"
    finally:
        reader.close()
        await asyncio.shield(in_thread(lambda: account.end(why)))
