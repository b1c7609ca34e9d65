"""The owner behind a request, and the lines of an owner's list of accesses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from django.http import HttpRequest

from policy.models import Person
from policy.permits import Permit
from rtcc.errors import NotFound
from rtcc.oversight.looking import look
from rtcc.oversight.tiers import Reader, reader_of


def owner_of(request: HttpRequest) -> Reader:
    """Who asks, held to its own cameras. Raises NotFound for everybody who is no partner."""
    reader = reader_of(cast(Person, request.user))
    if reader.owners is None:
        raise NotFound
    return reader


def look_at_own(request: HttpRequest, question: Mapping[str, str]) -> tuple[Reader, Permit | None]:
    """The owner, permitted to read about its own cameras, one entry a question. None: it has no camera, so
    there is nothing to read about. Raises NotFound, or Denied.
    """
    reader = owner_of(request)
    return look(request, question) if reader.cameras else (reader, None)
