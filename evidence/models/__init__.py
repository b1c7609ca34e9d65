"""The rows of evidence."""

from evidence.models.gaps import Gap
from evidence.models.leases import Lease
from evidence.models.open_files import OpenFile
from evidence.models.playbacks import Playback, Played
from evidence.models.seals import MinuteSeal
from evidence.models.segments import Segment

__all__ = ["Gap", "Lease", "MinuteSeal", "OpenFile", "Playback", "Played", "Segment"]
