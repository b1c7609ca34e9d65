"""The leaf lists of minute entries as outsiders read them, beside the log's tiles.

An outsider gets the hashes of the leaves and not the lines: a line names a camera and when it was recorded,
and of a camera that is recorded while it is watched that would tell the watching. The hashes lead to the root
that the minute's entry fixes; who holds the line of a segment (its owner, a court, an auditor) finds it among
them.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from audit.views import IMMUTABLE_CACHE, TEXT
from evidence.catalogue.minute import leaf_hashes
from evidence.models import MinuteSeal
from rtcc.errors import NotFound

_NAME = "%Y%m%d %H%M"


@login_not_required
@require_safe
def minute_leaves(request: HttpRequest, day: str, time: str) -> HttpResponse:
    """One RFC 6962 leaf hash a line, in hexadecimal, in the order of the tree. ``day``, ``time``: UTC."""
    try:
        minute = datetime.strptime(f"{day} {time}", _NAME).replace(tzinfo=UTC)
    except ValueError as error:
        raise NotFound from error
    # Only the one proper spelling is answered, and only what an entry has fixed: it never changes again.
    if minute.strftime(_NAME) != f"{day} {time}" or not MinuteSeal.objects.filter(minute=minute).exists():
        raise NotFound
    hashes = leaf_hashes(minute)
    if hashes is None:
        raise NotFound
    return HttpResponse(
        "".join(f"{leaf.hex()}\n" for leaf in hashes),
        content_type=TEXT,
        headers={"Cache-Control": IMMUTABLE_CACHE, "Access-Control-Allow-Origin": "*"},
    )
