"""Verification of the footage: ``verify_footage()`` reads rows, files and the log's minute entries again, and
says in which place they contradict each other.

What is checked, in this order: each row against its file (presence, size, or hash of the ciphertext) and
against its own seal; chains of seals per camera and lease epoch; files that no row names; stills, clips,
packages and uploads against seal, entry and file; minute entries against their leaf lists and these against
the rows; and for every camera that was expected, that its time is recorded or a gap says why not. It reports
and repairs nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from cameras.models import Camera
from evidence.catalogue.verify.assets import check_assets
from evidence.catalogue.verify.chains import check_chains
from evidence.catalogue.verify.expected import check_expected
from evidence.catalogue.verify.files import check_files, check_strays
from evidence.catalogue.verify.minutes import check_minutes, minute_entries
from evidence.catalogue.verify.result import FootageVerification, Level, Range
from evidence.models import Segment

__all__ = ["FootageVerification", "Level", "Range", "verify_footage"]

Progress = Callable[[int, int], None]


def verify_footage(
    level: Level, within: Range | None = None, *, progress: Progress = lambda done, total: None
) -> FootageVerification:
    """Verify all footage, or that ``within`` a range; ``progress(segments done, segments in all)``."""
    within = within or Range()
    result = FootageVerification(level=level, names=dict(Camera.objects.values_list("id", "name")))
    result.segments = within.of(Segment.objects.all()).count()
    check_files(result, within, progress)
    check_chains(result, within)
    if within.whole:
        check_strays(result)
        check_assets(result)
    entries = minute_entries(result, within)
    check_minutes(result, within, entries)
    check_expected(result, within, entries)
    result.conclude(whole=within.whole)
    return result
