"""A reader's questions, carried from page to page by the session."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import cast
from uuid import UUID

from django.http import HttpRequest

from policy.models import Person
from policy.permits import Permit
from rtcc.oversight.actions.view_report import view_report
from rtcc.oversight.tiers import Reader, reader_of

_KEY = "report_permits"
_MOST_KEPT = 20


def look(request: HttpRequest, question: Mapping[str, str], *, whole: bool = False) -> tuple[Reader, Permit]:
    """The reader of a request, permitted to read what answers the question. ``whole``: it is about all of
    the log, so that an owner's own cameras do not stand for it. Raises Denied.
    """
    reader = reader_of(cast(Person, request.user))
    if whole:
        reader = replace(reader, owners=None, cameras=())
    text = json.dumps(dict(question), sort_keys=True)
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    known: dict[str, str] = request.session.get(_KEY, {})
    permit = view_report(by=reader, question=question, going_on=UUID(known[key]) if key in known else None)
    if known.get(key) != str(permit.id):
        kept = {name: value for name, value in known.items() if name != key}
        request.session[_KEY] = dict(list(kept.items())[-_MOST_KEPT + 1 :]) | {key: str(permit.id)}
    return reader, permit
