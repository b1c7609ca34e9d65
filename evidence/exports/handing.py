"""Handing a package out: byte by byte on the account of this download.

A download that broke off goes on where it stopped (RFC 9110, sections 13.1.5 and 14): its validator is the
hash of the package, which never changes. Each part that is asked for is a reading of its own, with its entry.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header

from evidence.actions.read_asset import read_asset
from evidence.asset_account import AssetAccount
from evidence.exports.models import Export
from evidence.models import Asset
from evidence.playback.stream import in_thread
from evidence.vault.asset_door import AssetReader, open_asset
from policy.models import Person
from rtcc.errors import Conflict
from rtcc.ranges import headers_of, wanted


def hand_out(request: HttpRequest, person: Person, row: Export) -> StreamingHttpResponse:
    """The answer with the package, or with the range of it that is asked for. Raises Conflict where there is
    none, RangeOutside, Denied, and what its door raises.
    """
    asset = row.asset
    if asset is None:
        raise Conflict(f"There is no package of this export; it stands so: {row.state_says}.")
    validator = f'"{bytes(asset.plain_sha256).hex()}"'
    asked = _asked(request, validator, asset)
    permit, reading = read_asset(by=person, asset=asset.id)
    account = AssetAccount(reading.id)
    try:
        reader = open_asset(permit, asset.id, account)
    except BaseException:
        account.end("it could not be opened")
        raise
    first, last = asked or (0, reader.length)
    return StreamingHttpResponse(
        _body(reader, account, first, last),
        content_type=asset.media_type,
        status=206 if asked else 200,
        headers={
            **headers_of(asked, reader.length),
            "ETag": validator,
            "Content-Disposition": content_disposition_header(as_attachment=True, filename=asset.name) or "",
        },
    )


def _asked(request: HttpRequest, validator: str, asset: Asset) -> tuple[int, int] | None:
    """The range, unless the rest of another package is asked for. Raises RangeOutside."""
    if request.headers.get("If-Range", validator) != validator:
        return None
    return wanted(request.headers.get("Range", ""), asset.plain_bytes)


async def _body(reader: AssetReader, account: AssetAccount, first: int, last: int) -> AsyncIterator[bytes]:
    """Decryption and account run in threads. What was sent is written down however it ends."""
    pieces, is_whole = reader.pieces(first, last), (first, last) == (0, reader.length)
    why = "the connection ended"
    try:
        while (piece := await in_thread(lambda: next(pieces, None))) is not None:
            yield piece
            account.sent(len(piece))
        why = "all of it was sent" if is_whole else "the part that was asked for was sent"
    finally:
        reader.close()
        await asyncio.shield(in_thread(lambda: account.end(why)))
