"""The account of handed-out assets: room for bytes before they go, what was sent, and the end entered.

    reading = open_reading(permit, asset)              # in guard's block, or right after it
    reader = open_asset(permit, asset.id, AssetAccount(reading.id))
    chunk = reader.read(0, 65536); ...; account.sent(len(chunk))
    account.end("all of it was sent")

Bytes received are never more than bytes entered: room is committed before a byte is decrypted, and only room
whose bytes certainly did not go is given back.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.record import Touch, record
from audit.vocabulary import Event, Outcome
from cameras.models import Camera
from evidence.models import Asset, AssetReading
from policy.models import Permit as PermitRow
from policy.permits import Permit, PermitEnded
from rtcc import clock

# Room is asked for in steps, so that a large file is not a commit for each piece.
STEP_BYTES = 4 << 20
SILENT_AFTER = timedelta(seconds=60)


def open_reading(permit: Permit, asset: Asset) -> AssetReading:
    """The account of one handing-out under ``permit``."""
    now = clock.now()
    return AssetReading.objects.create(
        asset=asset, permit_id=permit.id, opened_at=now, seen_at=now, entry=permit.entry_id
    )


class AssetAccount:
    """The account of one reading; one thread at a time."""

    def __init__(self, reading: UUID) -> None:
        self.reading = reading
        self._room = 0
        self._sent = 0

    def reserve(self, asset: UUID, length: int) -> None:
        """Called by the vault before it decrypts. Raises PermitEnded once the reading is over."""
        if length > self._room:
            more = max(length - self._room, min(STEP_BYTES, _left(self.reading)))
            _reserve(self.reading, asset, more, self._sent)
            self._room += more
            self._sent = 0
        self._room -= length

    def sent(self, length: int) -> None:
        """These bytes have gone."""
        self._sent += length

    def end(self, why: str) -> bool:
        """Nothing more goes out; enter what was sent. Room that no byte was decrypted for is given back."""
        return end(self.reading, why, spare=self._room, sent=self._sent)


def _left(reading: UUID) -> int:
    """Bytes of the asset for which no room was asked yet; a second look at the same bytes asks anew."""
    row = AssetReading.objects.select_related("asset").get(id=reading)
    left: int = row.asset.plain_bytes - row.reserved
    return max(0, left)


def _reserve(reading: UUID, asset: UUID, length: int, sent: int) -> None:
    """Commit room; the row is held so that it cannot end in between."""
    with transaction.atomic():
        row = AssetReading.objects.select_for_update().open().filter(id=reading, asset_id=asset).first()
        if row is None:
            raise PermitEnded("This download is over. Open it again.")
        row.reserved += length
        row.sent += sent
        row.seen_at = clock.now()
        row.save(update_fields=["reserved", "sent", "seen_at"])


def sweep() -> int:
    """End readings that nobody reads any more."""
    silent = AssetReading.objects.silent_since(clock.now() - SILENT_AFTER).values_list("id", flat=True)
    return sum(end(reading, "nobody reads it any more") for reading in list(silent[:200]))


def end(reading: UUID, why: str, *, spare: int = 0, sent: int = 0) -> bool:
    """Enter the end of a reading once: what was handed out, and whether the count is exact."""
    now = clock.now()
    with transaction.atomic(durable=True):
        row = AssetReading.objects.select_for_update(of=("self",)).open().filter(id=reading).first()
        if row is None:
            return False
        row.reserved -= spare
        row.sent = min(row.reserved, row.sent + sent)
        row.ended_at, row.ended_why = now, why[:300]
        row.ended_entry = _enter(row, why)
        row.save(update_fields=["reserved", "sent", "ended_at", "ended_why", "ended_entry"])
    return True


def _enter(row: AssetReading, why: str) -> UUID:
    permit = PermitRow.objects.select_related("person").get(id=row.permit_id)
    asset = Asset.objects.get(id=row.asset_id)
    camera = Camera.objects.filter(id=asset.camera).first() if asset.camera else None
    detail: dict[str, Any] = {"reading": str(row.id), "kind": asset.kind, "name": asset.name}
    if row.sent != row.reserved:
        detail["note"] = "bytes are an upper bound: some may not have arrived"
    footage = (asset.starts_at, asset.ends_at)
    entry = record(
        Event.ASSET_READ,
        outcome=Outcome.PERMIT,
        parent=row.entry,
        actor=str(permit.actor),
        actor_name=permit.person.display_name if permit.person else None,
        action=permit.action,
        permit=permit.id,
        basis=permit.basis_id,
        purpose=permit.purpose,
        object_kind="asset",
        object_id=asset.id,
        cameras=[camera.id] if camera else None,
        footage_from=asset.starts_at,
        footage_to=asset.ends_at,
        bytes=row.reserved,
        exact=row.sent == row.reserved,
        policy=permit.policy,
        rules=permit.rules,
        reason=why,
        detail=detail,
        touches=[Touch(camera=camera.id, footage=footage, owner=camera.owner_id)] if camera else [],
    )
    return entry.id
