"""Keys of footage that outlives its period, and of footage that is destroyed.

While the key of a camera's period lives, a segment's key is opened by it. Before a period's key is
destroyed, the key of each kept segment is wrapped under the own key of every keep that holds it; from then
on the segment lives as long as its last wrap can be opened. Wrapped keys in the database and its backups are
worth nothing once every key above them is destroyed: that is when footage is beyond recovery.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from evidence.models import Asset, KeepWrap, Segment
from evidence.vault.errors import KeyDestroyed, KeyMissing
from evidence.vault.keystore import KeyStore
from evidence.vault.names import KeyName
from evidence.vault.wraps import unwrap_for_keep, unwrap_key, wrap_for_keep
from rtcc.config import config
from rtcc.keys import provider


def key_store() -> KeyStore:
    """The key store of this machine; made if the recorder has not run yet."""
    if any(not (path / "STORE").exists() for path in config.period_keys_dirs):
        return KeyStore.initialise(config.period_keys_dirs, provider())
    return KeyStore(config.period_keys_dirs, provider())


def keep_key(keep: UUID) -> bytes:
    """The own key of a keep, made at its placing; made again here only if that was cut short."""
    return key_store().create(KeyName.keep(keep))


def period_of(segment: Segment) -> KeyName:
    """The name of the period key above a segment."""
    return KeyName.of(str(segment.camera), segment.asset.period)


def key_above(thing: Segment | Asset) -> KeyName:
    """The name of the key in the key store that wraps the key of a segment or asset."""
    return period_of(thing) if isinstance(thing, Segment) else thing.key_name


def destroy_key(name: KeyName) -> None:
    """Destroy a key on every replica. Raises ReplicaAway, StillThere."""
    key_store().destroy(name)


def live_keys() -> list[KeyName]:
    """Keys that have not been destroyed."""
    return list(key_store().live())


def rewrap_all() -> int:
    """Bring all keys under a new generation, and destroy the old one; how many keys there are."""
    return key_store().rewrap_all().keys


def opens(name: KeyName) -> bool:
    """Whether the key can be had. A key that is merely out of reach raises nothing here and counts as gone,
    so ask only where the answer `no` is the careful one.
    """
    try:
        key_store().read(name)
    except (KeyDestroyed, KeyMissing):
        return False
    return True


def segment_key(segment: Segment, keys: KeyStore) -> bytes:
    """The key of a segment, by its period or by any keep that still opens it.

    Raises KeyDestroyed when nothing does.
    """
    if segment.wrapped_key is not None:
        try:
            return unwrap_key(keys.read(period_of(segment)), bytes(segment.wrapped_key), segment.asset)
        except (KeyDestroyed, KeyMissing):
            pass  # A keep may hold it.
    for wrap in KeepWrap.objects.filter(segment=segment.id, day=segment.day).order_by("id"):
        try:
            own = keys.read(KeyName.keep(wrap.keep_id))
        except (KeyDestroyed, KeyMissing):
            continue
        return unwrap_for_keep(own, bytes(wrap.wrapped_key), segment.asset, wrap.keep_id)
    raise KeyDestroyed(f"segment {segment.id}")


def has_key(segment: Segment) -> bool:
    """Whether the database still holds a wrap of this segment's key, by its period or a keep."""
    if segment.wrapped_key is not None:
        return True
    return KeepWrap.objects.filter(segment=segment.id, day=segment.day).exists()


def wrap_under(segment: Segment, keeps: Iterable[UUID]) -> int:
    """Wrap a segment's key under each of these keeps that has no wrap of it; how many were made.

    The wrap is opened again before it counts. Raises KeyDestroyed.
    """
    there = set(
        KeepWrap.objects.filter(segment=segment.id, day=segment.day).values_list("keep_id", flat=True)
    )
    missing = [keep for keep in keeps if keep not in there]
    if not missing:
        return 0
    keys = key_store()
    key = segment_key(segment, keys)
    made = []
    for keep in missing:
        own = keys.create(KeyName.keep(keep))
        wrapped = wrap_for_keep(own, key, segment.asset, keep)
        if unwrap_for_keep(own, wrapped, segment.asset, keep) != key:
            raise RuntimeError(f"the wrap of segment {segment.id} under keep {keep} does not open")
        made.append(KeepWrap(keep_id=keep, day=segment.day, segment=segment.id, wrapped_key=wrapped))
    KeepWrap.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)
