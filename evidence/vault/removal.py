"""What destroying asks of the vault: remove bytes, say whether any are left, and what waits for its row.

None of it opens anything: whoever destroys sees no picture and holds no key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evidence.vault.descriptor import AssetDescriptor
from evidence.vault.disk import DiskStore
from evidence.vault.errors import NotInStore
from evidence.vault.folder import Folder
from evidence.vault.names import Location
from evidence.vault.spool import SpoolEntry
from rtcc.config import config


def remove_bytes(locations: Iterable[Location]) -> None:
    """Remove sealed files, each until it is certain on disk. Raises StillThere, OSError."""
    store = DiskStore(config.store_dir)
    for location in locations:
        store.delete(location)


def left(locations: Iterable[Location]) -> Iterator[Location]:
    """Those of which there are still bytes."""
    store = DiskStore(config.store_dir)
    return (location for location in locations if store.has(location))


def waiting_for_rows() -> Iterator[AssetDescriptor]:
    """Assets of which the recorder's spool holds something, because their row has not committed."""
    if not config.spool_dir.exists():
        return
    with Folder.open(config.spool_dir) as spool:
        for name in spool.names():
            if not name.endswith(".json"):
                continue
            try:
                yield SpoolEntry.from_bytes(spool.read(name)).asset
            except NotInStore:
                continue  # Its row has committed since we looked.
