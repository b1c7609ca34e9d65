"""The wall's page and the small requests of its script."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from evidence.actions.place_bookmark import place_bookmark
from policy.actions.renew_grant import renew_grant
from policy.models import Grant, Person
from policy.vocabulary import Purpose
from rtcc.errors import BadInput, NotFound
from rtcc.live.actions.close_viewing import close_viewing
from rtcc.live.actions.open_viewing import open_viewing
from rtcc.live.wall import OFFENCES, grant_json, opened_json, wall_json


def _uuid(request: HttpRequest, name: str) -> UUID:
    try:
        return UUID(request.POST.get(name, ""))
    except ValueError as error:
        raise BadInput("That is not an id.", field=name) from error


def _own_grant(person: Person, grant: UUID) -> Grant:
    row = Grant.objects.of_person(person.id).select_related("basis").filter(id=grant).first()
    if row is None:
        raise NotFound()
    return cast(Grant, row)


@never_cache
@require_GET
def wall(request: HttpRequest) -> HttpResponse:
    """The live wall of the signed-in person."""
    person = cast(Person, request.user)
    context = {"wall": wall_json(person, None), "exigent_offences": OFFENCES}
    return render(request, "wall.html", context)


@require_POST
def open_tile(request: HttpRequest) -> JsonResponse:
    """Open one camera under a grant; another grant on the same basis where this one does not cover it."""
    person = cast(Person, request.user)
    grant = _own_grant(person, _uuid(request, "grant"))
    camera = _uuid(request, "camera")
    viewing, _ = open_viewing(
        by=person, basis=grant.basis_id, cameras=[camera], purpose=Purpose(grant.purpose), reason=grant.reason
    )
    return JsonResponse(opened_json(viewing, person))


@require_POST
def close_tile(request: HttpRequest) -> JsonResponse:
    """Stop watching."""
    close_viewing(by=cast(Person, request.user), viewing=_uuid(request, "viewing"))
    return JsonResponse({})


@require_POST
def renew(request: HttpRequest) -> JsonResponse:
    """One key: the grant's full time again, while policy allows."""
    person = cast(Person, request.user)
    _own_grant(person, _uuid(request, "grant"))
    fresh = renew_grant(by=person, grant=_uuid(request, "grant"))
    until = fresh.ends_at.strftime("%H:%M:%S UTC")
    return JsonResponse({"grant": grant_json(fresh, person), "sentence": f"Renewed until {until}."})


@require_POST
def bookmark(request: HttpRequest) -> JsonResponse:
    """Mark the last seconds of one tile to its basis, and keep them."""
    keep = place_bookmark(
        by=cast(Person, request.user), viewing=_uuid(request, "viewing"), camera=_uuid(request, "camera")
    )
    marked = keep.intervals.get()
    seconds = (marked.ends_at - marked.starts_at).total_seconds()
    number = keep.basis.number if keep.basis and keep.basis.number else "the incident"
    until = f", kept until {keep.expires_at:%Y-%m-%d}" if keep.expires_at else ""
    return JsonResponse(
        {
            "sentence": f"The last {seconds:.0f} s are marked to {number}{until}.",
            "entry_id": str(keep.entry),
            "entry_url": reverse("entry", args=[keep.entry]),
        }
    )
