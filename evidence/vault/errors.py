"""What can go wrong in the vault. Callers branch on the type; nobody reads the message."""

from __future__ import annotations


class VaultFailure(Exception):
    """Base of the vault's own failures."""


class Tampered(VaultFailure):
    """Bytes do not authenticate: changed, cut, extended, moved, or opened with another key or descriptor."""


class NotPublished(VaultFailure):
    """Bytes were asked for beyond the end, or beyond what the recorder has published of a growing file."""


class UnsafePath(VaultFailure):
    """A name is not of the vault's own form, or leads through a symlink or a second name of the file."""


class NotInStore(VaultFailure):
    """The content is not in the store."""


class StillThere(VaultFailure):
    """Destruction could not be proved: a copy, a second name or an unreachable replica is left."""


class KeyMissing(VaultFailure):
    """No replica that can be reached holds this key. Not the same as destroyed: a disk may be away."""


class KeyDestroyed(VaultFailure):
    """The key was destroyed on purpose; it will never be read again."""


class ReplicaAway(VaultFailure):
    """A replica folder of the key store is not mounted or is not this store's; changes need every replica."""


class SpoolBusy(VaultFailure):
    """Another process writes or recovers in this spool folder."""


class WriterBroken(VaultFailure):
    """An earlier write of this file failed; only recovery may touch it now."""


class NotAFragment(VaultFailure):
    """The bytes are not whole CMAF pieces (moof and mdat), so a broken file could not be recovered."""
