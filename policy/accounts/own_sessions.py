"""One's own sessions and devices: since when, from where, last seen; end one, or all others.

Where a session comes from stands in its entry and nowhere else: erased there, it is gone here too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from audit.disclosures import read
from audit.vocabulary import Tier
from policy.accounts import sessions
from policy.accounts import whereabouts as place
from policy.models import Person, Session
from rtcc.errors import NotFound

_MOST_PAST = 20
ENDED_BY_HAND = "You ended it from another session."


def _rows(found: Iterable[Session], current: UUID | None) -> list[dict[str, Any]]:
    rows = list(found)
    said = read([row.entry for row in rows], Tier.FULL)
    return [
        {"row": row, "said": said.get(row.entry, {}), "is_this": row.id == current, "open": not row.ended_at}
        for row in rows
    ]


@never_cache
@require_GET
def own_sessions(request: HttpRequest) -> HttpResponse:
    """Sessions that stand, and the last ones that ended."""
    person, here = cast(Person, request.user), place.session_of(request)
    rows = Session.objects.filter(person=person).order_by("-started_at")
    current = here.id if here else None
    context = {
        "open": _rows(rows.filter(ended_at__isnull=True), current),
        "past": _rows(rows.filter(ended_at__isnull=False)[:_MOST_PAST], current),
    }
    return render(request, "accounts/sessions.html", context)


@require_POST
def end_own(request: HttpRequest, session: UUID) -> HttpResponse:
    """End one of one's sessions: what was permitted in it ends with it."""
    person = cast(Person, request.user)
    if not Session.objects.filter(person=person, id=session).exists():
        raise NotFound()
    if sessions.end(session, ENDED_BY_HAND, **_from_where(request)):
        messages.success(request, "Ended. What was open in that session has stopped.")
    return redirect("own-sessions")


@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """End all of one's sessions but this one."""
    person, here = cast(Person, request.user), place.session_of(request)
    others = Session.objects.open().filter(person=person).exclude(id=here.id if here else None)
    ended = sum(sessions.end(row.id, ENDED_BY_HAND, **_from_where(request)) for row in others)
    messages.success(request, f"{ended} other session{'' if ended == 1 else 's'} ended.")
    return redirect("own-sessions")


def _from_where(request: HttpRequest) -> dict[str, Any]:
    where = place.read(request)
    return {"device": where.device, "address": where.address}
