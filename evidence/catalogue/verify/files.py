"""Rows against files, and files against rows."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from evidence.catalogue.verify.result import FootageVerification, Level, Range
from evidence.models import Asset, AssetWriting, Disposition, Segment
from evidence.vault.errors import UnsafePath
from evidence.vault.examine import Shelf
from evidence.vault.names import Location

_STEP = 200


def check_files(result: FootageVerification, within: Range, progress: Callable[[int, int], None]) -> None:
    """Each row: is its file there, as large, with this hash; and does the row hash to its own seal."""
    shelf = Shelf()
    proved = set(Disposition.objects.filter(proved_at__isnull=False).values_list("id", flat=True))
    rows = within.of(Segment.objects.order_by("day", "camera", "starts_at"))
    for done, row in enumerate(rows.iterator(chunk_size=_STEP), start=1):
        _check_row(result, row)
        if row.tombstone is None:
            check_file(result, shelf, row, result.place(row))
        else:
            result.destroyed += 1
            if shelf.has(row.location) and row.tombstone in proved:
                result.fault(result.place(row), "it was destroyed, and a file of its name is there again")
            elif shelf.has(row.location):
                result.notice(result.place(row), "its destruction is decided and its bytes are still there")
        if done % _STEP == 0 or done == result.segments:
            progress(done, result.segments)


def _check_row(result: FootageVerification, row: Segment) -> None:
    if row.sealed.seal.hash() != bytes(row.seal_sha256):
        result.fault(result.place(row), "its row does not hash to its seal: the row was changed")
    elif row.starts_at.date() != row.day:
        result.fault(result.place(row), "its row stands under another day")


def check_file(result: FootageVerification, shelf: Shelf, row: Segment | Asset, place: str) -> None:
    """The file of a row that was not destroyed when it was read: is it there, as large, with this hash."""
    try:
        found = shelf.examine(row.location, hashed=result.level is Level.HASH)
    except (UnsafePath, OSError) as error:
        result.fault(place, f"its file cannot be read ({type(error).__name__}: {error})")
        return
    if found is None and _destroyed_meanwhile(row):
        result.destroyed += 1
    elif found is None:
        result.fault(place, "its file is gone from the store")
    elif result.level is not Level.PRESENCE and found.size != row.ciphertext_bytes:
        result.fault(place, f"its file has {found.size} bytes, not {row.ciphertext_bytes}")
    elif found.sha256 is not None and found.sha256 != bytes(row.ciphertext_sha256):
        result.fault(place, "its file was changed: it does not have the hash that was sealed")


def _destroyed_meanwhile(row: Segment | Asset) -> bool:
    """Destruction goes on while we read; it commits the tombstone before it touches the bytes."""
    return type(row)._default_manager.filter(pk=row.pk, tombstone__isnull=False).exists()


def check_strays(result: FootageVerification) -> None:
    """Files that nothing names."""
    shelf = Shelf()
    waiting = shelf.announced() | set(AssetWriting.objects.values_list("id", flat=True))
    try:
        batch: list[Location] = []
        for location in shelf.sealed():
            batch.append(location)
            if len(batch) == _STEP:
                _check_batch(result, batch, waiting)
                batch = []
        _check_batch(result, batch, waiting)
        for asset in shelf.work():
            if asset not in waiting:
                result.fault(f"work file {asset}", "nothing names it, and its key is lost")
    except UnsafePath as error:
        result.fault("store", str(error))


def _check_batch(result: FootageVerification, batch: list[Location], waiting: set[UUID]) -> None:
    if not batch:
        return
    rows = Segment.objects.filter(
        day__in={location.day for location in batch}, id__in=[location.id for location in batch]
    )
    known = {(day, str(camera), key) for day, camera, key in rows.values_list("day", "camera", "id")}
    assets = Asset.objects.filter(id__in=[location.id for location in batch])
    known |= {(row.day, row.source, row.id) for row in assets}
    for location in batch:
        if (location.day, location.source, location.id) in known:
            continue
        if location.id in waiting:
            result.notice(
                f"file {location}", "its row is due: whoever writes it is at work, or its traces are swept"
            )
        else:
            result.fault(f"file {location}", "no row names it")
