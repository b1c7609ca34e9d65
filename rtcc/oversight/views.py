"""Reading what was entered: one entry, with its proof."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from policy.models import Person
from rtcc.oversight.actions.read_entry import read_entry


@require_GET
def entry(request: HttpRequest, entry: UUID) -> HttpResponse:
    """One entry: what the reader's tier may know of it, its place in the log, and its receipt."""
    return render(request, "oversight/entry.html", read_entry(by=cast(Person, request.user), entry=entry))
