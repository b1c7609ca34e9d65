"""Assets that are no segment: rows against their seals, their entries and their files."""

from __future__ import annotations

from evidence.catalogue.verify.files import check_file
from evidence.catalogue.verify.minutes import said_of
from evidence.catalogue.verify.result import FootageVerification, interval
from evidence.models import Asset, Disposition
from evidence.vault.examine import Shelf

_STEP = 200


def check_assets(result: FootageVerification) -> None:
    """Each asset: does its row hash to the seal that its entry states, and is its file there, unchanged."""
    shelf = Shelf()
    proved = set(Disposition.objects.filter(proved_at__isnull=False).values_list("id", flat=True))
    batch: list[Asset] = []
    for row in Asset.objects.order_by("id").iterator(chunk_size=_STEP):
        batch.append(row)
        if len(batch) == _STEP:
            _check_batch(result, shelf, proved, batch)
            batch = []
    _check_batch(result, shelf, proved, batch)


def _check_batch(result: FootageVerification, shelf: Shelf, proved: set[object], batch: list[Asset]) -> None:
    said = said_of(result, [row.entry for row in batch])
    for row in batch:
        place = f"{row.kind} {row.name!r}, {interval(row.starts_at, row.ends_at)}, asset {row.id}"
        result.assets += 1
        stated = (said.get(row.entry, {}).get("detail") or {}).get("seal_sha256")
        if row.seal.hash() != bytes(row.seal_sha256) or stated != bytes(row.seal_sha256).hex():
            result.fault(
                place, "its row does not hash to the seal that its entry states: the row was changed"
            )
        if row.tombstone is None:
            check_file(result, shelf, row, place)
        elif shelf.has(row.location):
            if row.tombstone in proved:
                result.fault(place, "it was destroyed, and a file of its name is there again")
            else:
                result.notice(place, "its destruction is decided and its bytes are still there")
