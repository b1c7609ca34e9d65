"""The rows of evidence."""

from evidence.models.assets import Asset, AssetKind, AssetReading, AssetWriting
from evidence.models.custody import Custody
from evidence.models.dispositions import Disposition
from evidence.models.gaps import Gap
from evidence.models.keeps import Keep, KeepInterval, KeepWrap
from evidence.models.leases import Lease
from evidence.models.open_files import OpenFile
from evidence.models.playbacks import Playback, Played
from evidence.models.seals import MinuteSeal
from evidence.models.segments import Segment

__all__ = [
    "Asset",
    "AssetKind",
    "AssetReading",
    "AssetWriting",
    "Custody",
    "Disposition",
    "Gap",
    "Keep",
    "KeepInterval",
    "KeepWrap",
    "Lease",
    "MinuteSeal",
    "OpenFile",
    "Playback",
    "Played",
    "Segment",
]
