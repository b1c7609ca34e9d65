"""Minutes of footage in a vault of the test, sealed by the recorder's own code and rooted in minute entries;
and what stands of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from audit.record import record
from audit.vocabulary import Event
from cameras.models import Camera
from evidence.catalogue.minute import seal_minute
from evidence.models import KeepWrap, MinuteSeal, Segment
from evidence.recorder.rows import write_segment
from evidence.recorder.vault_sink import Finished
from evidence.retention.states import FootageState, Found, state_of
from evidence.vault.descriptor import DAY_S, HOUR_S, AssetDescriptor, Period
from evidence.vault.disk import DiskStore
from evidence.vault.keystore import KeyStore
from evidence.vault.names import KeyName
from evidence.vault.segmentfile import SegmentWriter
from evidence.vault.spool import Spool
from evidence.vault.tink import BlockReader
from policy import publish
from rtcc import clock
from rtcc.config import config
from rtcc.ids import uuid7
from rtcc.keys import provider
from tests.vault_footage import init_segment, piece

MINUTE = timedelta(minutes=1)
PICTURE = b"a moving picture of a street corner " * 40


def keys() -> KeyStore:
    return KeyStore(config.period_keys_dirs, provider())


def store() -> DiskStore:
    return DiskStore(config.store_dir)


def record_minutes(camera: Camera, starts_at: datetime, count: int = 1) -> list[Segment]:
    """``count`` segments of a minute each, one after the other, with rows and minute entries."""
    span, _ = publish.active().parameters.retention(camera.retention_class, clock.now())
    period_s = HOUR_S if span < timedelta(days=1) else DAY_S
    made = [_record(camera, starts_at + n * MINUTE, period_s) for n in range(count)]
    root_minutes()
    found = Segment.objects.of_camera(camera.id).filter(id__in=made).order_by("starts_at")
    return list(found)


def _record(camera: Camera, starts_at: datetime, period_s: int) -> UUID:
    asset = AssetDescriptor("segment", uuid7(), str(camera.id), starts_at, 1, Period.of(starts_at, period_s))
    period_key = keys().create(KeyName.of(asset.source, asset.period))
    with Spool(config.spool_dir) as spool:
        writer = SegmentWriter.open(asset, period_key, store(), spool, init=init_segment())
        writer.append(piece(0, 2, PICTURE, key=True), starts_at, 60 * 90_000, True)
        sealed = writer.close(None)
        write_segment(Finished(sealed, None, None), camera.retention_class)
        spool.forget(asset.id)
    return asset.id


def root_minutes() -> None:
    """A minute entry over all that has none: in a minute of its own, so that it can be called again."""
    newest = MinuteSeal.objects.order_by("-minute").values_list("minute", flat=True).first()
    minute = newest + MINUTE if newest else clock.now().replace(second=0, microsecond=0)
    seal_minute(minute, [])


def put_tombstones(disposition: UUID) -> None:
    """All footage there is as destroyed: its rows alone, with the entry that they demand."""
    with transaction.atomic():
        Segment.objects.update(tombstone=disposition, wrapped_key=None)
        record(Event.FOOTAGE_DESTROYED, actor="system:retention")


def fresh(segments: Sequence[Segment]) -> list[Segment]:
    """The rows as they stand now, in order of time."""
    names = [(segment.day, segment.id) for segment in segments]
    return list(Segment.objects.of_assets(names).order_by("starts_at"))


def states(segments: Sequence[Segment]) -> list[FootageState | None]:
    """The state of each segment, by its row, its wraps and the store; None: outside the table."""
    return [
        state_of(
            Found(
                tombstone=row.tombstone is not None,
                wrapped_key=row.wrapped_key is not None,
                wraps=KeepWrap.objects.filter(segment=row.id).exists(),
                content=store().has(row.location),
            )
        )
        for row in fresh(segments)
    ]


def plaintext(segment: Segment, key: bytes) -> bytes:
    """All of a segment, decrypted with its own key."""
    with store().open_read(segment.location) as file:
        reader = BlockReader(file, key, segment.asset.canonical())
        return reader.read(0, reader.length)
