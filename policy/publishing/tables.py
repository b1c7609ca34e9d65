"""The tables of who may do what, worked out in the background: one takes seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from policy import publish
from policy.cedar import version_hash
from policy.matrix import cells
from policy.models import PolicyDraft, PolicyMatrix, PolicyVersion
from policy.publishing.drafting import check
from rtcc import clock

# A draft that nobody has touched for so long waits for nothing.
_FRESH = timedelta(days=2)


def work_out_one() -> bool:
    """Work out the newest table that is missing; whether there was one."""
    for hashed, parts in _missing():
        checked = check(parts)
        # What makes no version has an empty table, so that it is not tried again.
        made = cells(checked.version) if checked.version is not None else {}
        PolicyMatrix.objects.get_or_create(hash=hashed, defaults={"cells": made, "made_at": clock.now()})
        return True
    return False


def _missing() -> Iterator[tuple[str, Mapping[str, str]]]:
    known = set(PolicyMatrix.objects.values_list("hash", flat=True))
    for row in PolicyVersion.objects.exclude(hash__in=known).order_by("-published_at"):
        yield row.hash, row.parts
    for draft in PolicyDraft.objects.filter(changed_at__gt=clock.now() - _FRESH).order_by("-changed_at"):
        hashed = version_hash(draft.parts)
        if hashed not in known:
            yield hashed, draft.parts
    shipped = publish.load_starter()
    if shipped.hash not in known:
        yield shipped.hash, shipped.parts
