"""Pages for everybody. They only read; nothing is asked of a session, so nobody is known here and no answer
differs from one reader to another.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from evidence.models import Disposition
from evidence.retention import dispositions as records
from policy.vocabulary import OwnerClass
from rtcc import clock
from rtcc.config import config
from rtcc.errors import NotFound
from rtcc.pages.context import ROOM_ZONE
from rtcc.public import asking, counts, rules
from rtcc.public.about import about, the_switch
from rtcc.public.city import as_geojson, city, find, matching
from rtcc.public.logbook import logbook
from rtcc.public.not_done import NOT_DONE
from rtcc.public.still import still_there

PAGE = 50
CACHE = "public, max-age=60"
View = Callable[..., HttpResponse]


def _public(view: View) -> View:
    """Answered to everybody, kept for a minute, and small on the wire. Compressing is safe: no page holds a
    secret beside what a visitor typed (BREACH).
    """

    @wraps(view)
    def answered(request: HttpRequest, *arguments: Any, **words: Any) -> HttpResponse:
        response = view(request, *arguments, **words)
        response["Cache-Control"] = CACHE
        return response

    made: View = login_not_required(require_safe(gzip_page(answered)))
    return made


def _page(name: str, context: dict[str, Any]) -> HttpResponse:
    """Without the request: no context of a signed-in person, no token, no cookie."""
    here = {"camera": "cameras"}.get(name, name)
    common = {"room_zone": ROOM_ZONE, "tiles": config.map_tiles, "demo": config.demo, "here": here}
    return HttpResponse(render_to_string(f"public/{name}.html", common | context))


@_public
def home(request: HttpRequest) -> HttpResponse:
    """What this is, what is not done, and where to look further."""
    known = city()
    standing = [each for each in known if each.now]
    policy = rules.in_force()
    context = {
        "city": sum(each.owner_class is OwnerClass.PUBLIC for each in standing),
        "partners": sum(each.owner_class is OwnerClass.PARTNER for each in standing),
        "not_done": NOT_DONE,
        "retention": policy.retention,
        "version": policy.versions[0] if policy.versions else None,
        **about(),
    }
    return _page("home", context)


@_public
def cameras(request: HttpRequest) -> HttpResponse:
    """The cameras as a list, searched by street; the map is drawn from the same file that is offered."""
    words = request.GET.get("q", "").replace("\x00", "").strip()[:120]
    found = matching(words) if words else list(city())
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "rows": page.object_list, "q": words, "query": urlencode({"q": words})}
    return _page("cameras", context)


@_public
def camera(request: HttpRequest, code: str) -> HttpResponse:
    """One camera: whose, why, where, how marked, how long kept, and where it stood before."""
    found = find(code)
    if found is None:
        raise NotFound()
    return _page("camera", {"camera": found})


@_public
def geojson(request: HttpRequest) -> HttpResponse:
    """The cameras that stand, as a file (RFC 7946)."""
    body = JsonResponse(as_geojson(list(city())), content_type="application/geo+json")
    body["Content-Disposition"] = 'attachment; filename="cameras.geojson"'
    body["Access-Control-Allow-Origin"] = "*"
    return body


@_public
def policy(request: HttpRequest) -> HttpResponse:
    """The rules and numbers in force, each with who wrote it and where."""
    return _page("policy", {"policy": rules.in_force(), "not_done": NOT_DONE})


@_public
def numbers(request: HttpRequest) -> HttpResponse:
    """How often the cameras were used and refused, by month; and the kill switch."""
    return _page("numbers", {"counts": counts.counts(), **the_switch()})


@_public
def the_log(request: HttpRequest) -> HttpResponse:
    """The log's checkpoint and keys, what they are good for, and how to check them."""
    return _page("log", logbook())


@_public
def still(request: HttpRequest) -> HttpResponse:
    """Is the footage of this corner at this time still there?"""
    asked = asking.read(request.GET, clock.now())
    answers = None
    if asked.whole and asked.corner and asked.starts_at and asked.ends_at:
        answers = still_there(asked.corner.point, asked.starts_at, asked.ends_at)
    context = {
        "asked": asked,
        "answers": answers,
        "to_ask_for": any(each.to_ask_for for each in answers or ()),
        "request_url": _request_url(asked) if answers is not None else "",
        "lengths": asking.MINUTES,
        "twice": asking.TWICE_CHOICES,
        "corners": sorted({each.name for each in city() if each.now}),
        "latest": clock.now(),
    }
    return _page("still", context)


def _request_url(asked: asking.Asked) -> str:
    """The public form that asks for a hold, with place and time filled in."""
    assert asked.corner is not None
    assert asked.starts_at is not None
    assert asked.ends_at is not None
    lon, lat = asked.corner.point
    said = {
        "place": asked.corner.name,
        "lat": f"{lat:.6f}",
        "lon": f"{lon:.6f}",
        "from": _iso(asked.starts_at),
        "to": _iso(asked.ends_at),
    }
    return f"{reverse('request:ask')}?{urlencode(said)}"


def _iso(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def _record(disposition: UUID) -> Disposition:
    # Stills, clips and packages belong to cases; their ends are no matter of everybody's.
    row = Disposition.objects.decided().filter(id=disposition, what="footage").first()
    if row is None:
        raise NotFound()
    found: Disposition = row
    return found


@_public
def destroyed(request: HttpRequest, disposition: UUID) -> HttpResponse:
    """The record of one destruction, as far as it is everybody's."""
    row = _record(disposition)
    context = {
        "row": row,
        "camera": next((each for each in city() if each.id == row.camera), None),
        "rule": records.rule_of(row),
        "statements": records.statements(row, outside=True),
    }
    return _page("destroyed", context)


@_public
def destroyed_json(request: HttpRequest, disposition: UUID) -> HttpResponse:
    """The same for programs, with receipts. Which keeps were looked at is left out: they are cases."""
    record = records.as_json(_record(disposition), outside=True)
    return JsonResponse(record, json_dumps_params={"indent": 2})
