"""Looking at the register, carried from page to page by the session."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from cameras.actions.view_registry import view_registry
from policy.models import Person

_KEY = "registry_permit"


def look(request: Any) -> Person:
    """The person of a request (Django's or REST framework's), permitted to look. Raises Denied."""
    person = cast(Person, request.user)
    known = request.session.get(_KEY)
    permit = view_registry(by=person, going_on=UUID(known) if known else None)
    if str(permit.id) != known:
        request.session[_KEY] = str(permit.id)
    return person
