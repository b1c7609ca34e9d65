"""Assets that are no segment: written here, encrypted from the first byte, row and entry in one commit.

    1. a row says that the asset is being written; it is renewed while bytes come
    2. its key is made, its file is written and moved to its place
    3. the asset's row, its entry and the end of (1) are one commit

Killed before 3, `sweep` removes file and key, and nothing was ever there; nobody can have read it.
Call `write_asset` after guard's block: its permit is the reason, and bytes do not belong in a transaction.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from audit.record import Touch, record
from audit.vocabulary import Event, Outcome
from cameras.models import Camera
from evidence.models import Asset, AssetKind, AssetWriting
from evidence.vault.assetfile import AssetSeal, AssetTerms, AssetWriter, remove
from evidence.vault.descriptor import AssetDescriptor, Period
from evidence.vault.disk import DiskStore
from evidence.vault.errors import VaultFailure
from evidence.vault.footage_keys import key_store
from evidence.vault.names import KeyName, Location
from policy import publish
from policy.actors import actor_key
from policy.models import Person
from policy.permits import Permit
from policy.vocabulary import Ref
from rtcc import clock
from rtcc.config import config
from rtcc.errors import Unavailable
from rtcc.ids import uuid7
from rtcc.logs import log

# A writer says every few seconds that it lives; after this long it is taken for dead.
SILENT_AFTER = timedelta(minutes=5)
SAY_EVERY_S = 5.0
INSTANT = timedelta(milliseconds=1)
# Left free on the store, so that a package never stops the recorder.
SPARE_BYTES = 1 << 30
_log = log("vault")


def own_end(kind: AssetKind, at: datetime) -> tuple[datetime, str]:
    """When an asset made at ``at`` is destroyed by its kind's parameter, and the parameter row's id."""
    parameters = publish.active().parameters
    key = f"{kind}_keep"
    return at + parameters.duration(key, at), parameters.row(key, at).id


def write_asset(
    kind: AssetKind,
    *,
    permit: Permit,
    source: str,
    starts_at: datetime,
    ends_at: datetime,
    chunks: Iterable[bytes],
    owner: UUID | None,
    media_type: str,
    name: str,
    destroy_after: datetime,
    destroy_rule: str,
    parents: Sequence[Ref | UUID] = (),
    asset_id: UUID | None = None,
) -> Asset:
    """Encrypt ``chunks`` into a new asset. ``source`` is a camera's id where it shows one camera, else a name
    of small letters, digits and hyphens; [starts_at, ends_at] is what it shows; ``owner`` the organisation.

    ``asset_id`` lets a job that is repeated know its own; a second write of it raises FileExistsError.
    Raises NotArmed or PermitEnded for the permit, Unavailable where the disk is full, and whatever ``chunks``
    raises: then nothing is left.
    """
    permit.require(permit.action, permit.covers[0].ref)
    if DiskStore(config.store_dir).free_bytes() < SPARE_BYTES:
        raise Unavailable("The store is nearly full; nothing was written. The operator has been told.")
    key = asset_id or uuid7()
    asset = AssetDescriptor(str(kind), key, source, starts_at, 0, Period.of(clock.now()))
    # A still shows an instant; keeps and reports speak of intervals.
    ends_at = max(ends_at, starts_at + INSTANT)
    terms = AssetTerms(ends_at, media_type[:100], name[:200], _parents(parents))
    if Asset.objects.filter(id=key).exists():
        raise FileExistsError(str(key))
    writing = AssetWriting.objects.create(
        id=key, location=str(Location.of(asset)), period_starts_at=asset.period.starts_at,
        period_s=asset.period.length_s, alive_at=clock.now(),
    )  # fmt: skip
    try:
        writer, seal = _written(asset, terms, chunks)
        return _commit(permit, writer, seal, owner, (destroy_after, destroy_rule))
    except BaseException:
        # What cannot be removed now is removed by the sweep; the first fault is the one to tell.
        with suppress(VaultFailure, OSError):
            _drop(writing)
        raise


def _parents(parents: Sequence[Ref | UUID]) -> tuple[str, ...]:
    return tuple(sorted(str(each) for each in parents))


def _written(
    asset: AssetDescriptor, terms: AssetTerms, chunks: Iterable[bytes]
) -> tuple[AssetWriter, AssetSeal]:
    above = key_store().create(KeyName.of(str(asset.id), asset.period))
    writer = AssetWriter.begin(asset, above, DiskStore(config.store_dir))
    said_s = time.monotonic()
    try:
        for chunk in chunks:
            writer.append(chunk)
            if time.monotonic() - said_s > SAY_EVERY_S:
                if not AssetWriting.objects.filter(id=asset.id).update(alive_at=clock.now()):
                    raise Unavailable("Writing took too long without a sign of life and was given up.")
                said_s = time.monotonic()
        return writer, writer.finish(terms)
    finally:
        writer.close()


def _commit(
    permit: Permit, writer: AssetWriter, seal: AssetSeal, owner: UUID | None, end: tuple[datetime, str]
) -> Asset:
    """The row, its entry and the end of the writing, in one commit."""
    asset, camera = seal.asset, _camera(seal.asset.source)
    with transaction.atomic(durable=True):
        if not AssetWriting.objects.select_for_update().filter(id=asset.id).exists():
            raise Unavailable("Writing took too long without a sign of life and was given up.")
        row = Asset(
            id=asset.id, kind=asset.kind, source=asset.source, custody=camera.id if camera else asset.id,
            owner_id=owner, basis_id=permit.basis_id,
            made_by=permit.actor if isinstance(permit.actor, Person) else None, made_at=clock.now(),
            starts_at=asset.starts_at, ends_at=seal.ends_at, name=seal.name, media_type=seal.media_type,
            parents=list(seal.parents), destroy_after=end[0], destroy_rule=end[1],
            plain_bytes=seal.plain_bytes, plain_sha256=seal.plain_sha256,
            ciphertext_bytes=seal.ciphertext_bytes, ciphertext_sha256=seal.ciphertext_sha256,
            commitment=seal.commitment, period_starts_at=asset.period.starts_at,
            period_s=asset.period.length_s, wrapped_key=writer.wrapped_key, seal_sha256=seal.hash(),
        )  # fmt: skip
        row.entry = _enter(permit, row, camera)
        row.save(force_insert=True)
        AssetWriting.objects.filter(id=asset.id).delete()
    return row


def _enter(permit: Permit, row: Asset, camera: Camera | None) -> UUID:
    """The entry that states the seal; the reports of the camera and its owner find it."""
    footage = (row.starts_at, row.ends_at)
    entry = record(
        Event.ASSET_WRITTEN,
        outcome=Outcome.PERMIT,
        actor=actor_key(permit.actor),
        actor_name=permit.actor.display_name if isinstance(permit.actor, Person) else None,
        action=str(permit.action),
        parent=permit.entry_id,
        permit=permit.id,
        basis=permit.basis_id,
        object_kind="asset",
        object_id=row.id,
        owner=row.owner_id,
        cameras=[camera.id] if camera else None,
        footage_from=row.starts_at,
        footage_to=row.ends_at,
        bytes=row.plain_bytes,
        detail={
            "kind": row.kind,
            "name": row.name,
            "media_type": row.media_type,
            "parents": row.parents[:200],
            "plain_sha256": row.plain_sha256.hex(),
            "seal_sha256": row.seal_sha256.hex(),
            "destroy_after": row.destroy_after.isoformat(),
            "destroy_rule": row.destroy_rule,
        },
        touches=[Touch(camera=camera.id, footage=footage, owner=camera.owner_id)] if camera else [],
    )
    return entry.id


def _camera(source: str) -> Camera | None:
    """The camera that an asset shows, where its source is one's id."""
    try:
        found: Camera | None = Camera.objects.filter(id=UUID(source)).first()
    except ValueError:
        return None
    return found


def give_up(asset: UUID) -> None:
    """What a dead writer of this asset left is removed: for a job that knows nobody else writes it."""
    for row in AssetWriting.objects.filter(id=asset):
        _drop(row)


def sweep() -> int:
    """Remove what killed writers left: file, key, and the row that said they write."""
    swept = 0
    for row in list(AssetWriting.objects.filter(alive_at__lt=clock.now() - SILENT_AFTER)[:100]):
        try:
            swept += _drop(row)
        except (VaultFailure, OSError) as error:
            _log.error("asset_not_swept", asset=str(row.id), error=type(error).__name__)
    return swept


def _drop(writing: AssetWriting) -> bool:
    """File first, then the key, then the row that leads here; each step is harmless when repeated."""
    with transaction.atomic():
        # Held against the commit of a writer that was taken for dead and is not.
        row = AssetWriting.objects.select_for_update().filter(id=writing.id).first()
        if row is None:
            return False
        remove(row.id, Location.parse(row.location), DiskStore(config.store_dir))
        key_store().destroy(row.key_name)
        row.delete()
    return True
