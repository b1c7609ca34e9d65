"""The rows of evidence."""

from evidence.models.gaps import Gap
from evidence.models.leases import Lease
from evidence.models.seals import MinuteSeal
from evidence.models.segments import Segment

__all__ = ["Gap", "Lease", "MinuteSeal", "Segment"]
