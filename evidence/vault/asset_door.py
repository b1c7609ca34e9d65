"""The door of assets that are no segment: the only code that hands out their bytes.

    with open_asset(permit, asset_id, account) as reader:
        reader.read(0, min(1 << 20, reader.length))

A permit must be armed, be for an act that hands out, and cover this asset. Before bytes are decrypted room
for them is committed to the account, and the permit is decided again when something has changed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol, Self
from uuid import UUID

from evidence.models import Asset
from evidence.vault.disk import DiskStore
from evidence.vault.door import ABLE, DECIDE_EVERY_S, FootageBroken, FootageDestroyed
from evidence.vault.errors import KeyDestroyed, VaultFailure
from evidence.vault.footage_keys import key_store
from evidence.vault.tink import BlockReader
from evidence.vault.wraps import unwrap_key
from policy.permits import Permit, PermitEnded
from policy.resume import resume
from policy.vocabulary import Action, Kind, ObligationKind, Ref
from rtcc.config import config
from rtcc.errors import NotFound
from rtcc.logs import log

# Acts whose permit opens an asset.
HANDS_OUT = frozenset({Action.OPEN_ASSET, Action.RECEIVE_PICTURE})
# A still or clip is marked and masked when it is made: nothing is left for this door to do.
ABLE_ASSETS = ABLE | {ObligationKind.WATERMARK, ObligationKind.MASK_ON}
PIECE_BYTES = 1 << 20
_log = log("vault")


class AssetAccountLike(Protocol):
    """Where bytes are written down before they go (`evidence.asset_account`)."""

    def reserve(self, asset: UUID, length: int) -> None:
        """Commit room for ``length`` more bytes. Raises PermitEnded when the reading is over."""


class AssetReader:
    """Random access to one asset's plaintext. Use as a context manager; not for several threads."""

    def __init__(self, permit: Permit, row: Asset, account: AssetAccountLike) -> None:
        self.permit, self.row, self._account = permit, row, account
        self._decided_s = time.monotonic()
        self._require()
        self._open = ExitStack()
        try:
            self._blocks = self._opened()
        except BaseException:
            self._open.close()
            raise

    @property
    def length(self) -> int:
        """Plaintext bytes."""
        return self._blocks.length

    def read(self, offset: int, length: int) -> bytes:
        """Exactly these bytes, or those up to the end. Raises PermitEnded, FootageBroken."""
        length = max(0, min(length, self.length - offset))
        self._check()
        self._account.reserve(self.row.id, length)
        try:
            return self._blocks.read(offset, length)
        except VaultFailure as error:
            raise self._broken(error) from error

    def pieces(self, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """The bytes [first, last), without ``last`` those up to the end, in pieces of a megabyte."""
        end = self.length if last is None else min(last, self.length)
        while first < end:
            piece = self.read(first, min(PIECE_BYTES, end - first))
            first += len(piece)
            yield piece

    def close(self) -> None:
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self) -> None:
        """The permit as it stands now: decided again at most a second ago."""
        if time.monotonic() - self._decided_s > DECIDE_EVERY_S:
            self.permit = resume(self.permit.id, by=self.permit.actor)
            self._decided_s = time.monotonic()
            self._require()
            if Asset.objects.filter(id=self.row.id, tombstone__isnull=False).exists():
                raise FootageDestroyed(None)

    def _require(self) -> None:
        ref = Ref(Kind.ASSET, self.row.id)
        if self.permit.action not in HANDS_OUT:
            raise PermitEnded("This permit is for something else.")
        self.permit.require(self.permit.action, ref)
        self.permit.carry_out(ref, ABLE_ASSETS)

    def _opened(self) -> BlockReader:
        row = self.row
        if row.tombstone is not None or row.wrapped_key is None:
            raise FootageDestroyed(row.tombstone)
        try:
            key = unwrap_key(key_store().read(row.key_name), bytes(row.wrapped_key), row.asset)
            file = self._open.enter_context(DiskStore(config.store_dir).open_read(row.location))
            return BlockReader(file, key, row.asset.canonical())
        except KeyDestroyed as error:
            raise FootageDestroyed(row.tombstone) from error
        except VaultFailure as error:
            raise self._broken(error) from error

    def _broken(self, error: VaultFailure) -> FootageBroken:
        _log.error("asset_broken", asset=str(self.row.id), error=type(error).__name__)
        return FootageBroken(
            f"{self.row.name} does not open: its file is gone or was changed. The operator has been told."
        )


def open_asset(permit: Permit, asset_id: UUID, account: AssetAccountLike) -> AssetReader:
    """Open an asset that ``permit`` covers. Raises NotFound, NotArmed, PermitEnded, FootageDestroyed (its
    end has come) or FootageBroken (its file does not open: an alarm).
    """
    row = Asset.objects.filter(id=asset_id).first()
    if row is None:
        raise NotFound()
    return AssetReader(permit, row, account)
