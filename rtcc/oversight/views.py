"""Reading what was entered: one entry, with its proof."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from audit import receipts
from policy.models import Person
from rtcc.errors import Conflict
from rtcc.oversight.actions.read_entry import read_entry


@require_GET
def entry(request: HttpRequest, entry: UUID) -> HttpResponse:
    """One entry: what the reader's tier may know of it, its place in the log, and its receipt."""
    return render(request, "oversight/entry.html", read_entry(by=cast(Person, request.user), entry=entry))


@require_GET
def receipt(request: HttpRequest, entry: UUID) -> HttpResponse:
    """The receipt of an entry. It names nothing: whoever has the entry's id may check that it stands."""
    text = receipts.receipt(entry)
    if text is None:
        raise Conflict("This entry waits for its place in the log. Try again in a few seconds.")
    name = f"{entry}.tlog-proof"
    return HttpResponse(
        text,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
