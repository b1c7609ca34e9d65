"""Chains of seals: per camera and lease epoch every seal names the one before it."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from evidence.catalogue.verify.result import FootageVerification, Range, interval
from evidence.models import Segment

Chain = tuple[UUID, int]


def check_chains(result: FootageVerification, within: Range) -> None:
    """In each chain of the range: one beginning, no fork, and every seal that is named has its row."""
    chains = set(within.of(Segment.objects.all()).values_list("camera", "lease_epoch").distinct())
    for chain in sorted(chains):
        _check_chain(result, chain)


def _check_chain(result: FootageVerification, chain: Chain) -> None:
    camera, epoch = chain
    rows = Segment.objects.of_camera(camera).filter(lease_epoch=epoch).order_by("starts_at")
    facts = list(rows.values_list("seal_sha256", "previous", "starts_at", "ends_at", "id"))
    seals = {bytes(seal) for seal, *_ in facts}
    after: dict[bytes | None, list[str]] = defaultdict(list)
    for _, previous, starts_at, ends_at, key in facts:
        named = bytes(previous) if previous is not None else None
        where = f"{result.camera(camera)}, {interval(starts_at, ends_at)}, segment {key}"
        after[named].append(where)
        if named is not None and named not in seals:
            result.fault(where, "the segment that was sealed before it is gone, with its row")
    for named, places in after.items():
        if len(places) > 1:
            what = "begin the same chain" if named is None else "follow the same seal"
            result.fault(places[-1], f"{len(places)} segments {what}: a seal was made twice or put back")
