"""Pages and requests of playback. Each parses, calls one act or door, and renders; guard decides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cameras.looking import look
from evidence.actions.close_playback import close_playback
from evidence.actions.open_playback import open_playback
from evidence.actions.place_bookmark import place_bookmark
from evidence.models import Playback
from evidence.playback import account
from evidence.playback.choice import choice, requests_of
from evidence.playback.footage_page import footage_page
from evidence.playback.stream import FootageStream
from evidence.playback.timeline import disposition_url, session_json, timeline_json
from evidence.vault.door import FootageDestroyed
from policy.models import Grant, Person
from policy.permits import Permit, PermitEnded
from policy.resume import resume
from policy.vocabulary import Purpose
from rtcc import clock
from rtcc.errors import BadInput, NotFound

MOST_AT_ONCE = timedelta(minutes=2)


def _instant(text: str, field: str) -> datetime:
    """An instant as a browser writes it; without a zone it is UTC."""
    try:
        found = parse_datetime(text.strip())
    except ValueError:
        found = None
    if found is None:
        raise BadInput("Write a date and a time, such as 2026-11-22T15:00:00Z.", field=field)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _id(text: str, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise BadInput("That is not an id.", field=field) from error


def _own(request: HttpRequest, playback: UUID) -> Playback:
    """The session, if it is this person's; its permit decided again. Raises NotFound or PermitEnded."""
    person = cast(Person, request.user)
    row = (
        Playback.objects.of_person(person.id)
        .select_related("permit__grant", "permit__basis")
        .filter(id=playback)
        .first()
    )
    if row is None:
        raise NotFound()
    return cast(Playback, row)


def _standing(request: HttpRequest, row: Playback) -> Permit:
    """The session's permit as it stands now. A permit that has ended ends the session, with its entry."""
    try:
        if row.ended_at is not None:
            raise PermitEnded(row.ended_why)
        return resume(row.permit_id, by=cast(Person, request.user))
    except PermitEnded as ended:
        account.end(row.id, ended.sentence)
        raise


@never_cache
@require_GET
def choose(request: HttpRequest) -> HttpResponse:
    """Choose a grant, a camera and a time to go back to."""
    return render(request, "playback/choose.html", choice(cast(Person, request.user), request.GET))


@require_POST
def open_session(request: HttpRequest) -> HttpResponseBase:
    """Open a session under one of one's own grants, or as a records officer for a request; a script is
    answered in JSON, a form by a redirect.
    """
    person = cast(Person, request.user)
    if request.POST.get("basis"):
        return _open_for_request(request, person)
    grant = Grant.objects.of_person(person.id).filter(id=_id(request.POST.get("grant", ""), "grant")).first()
    if grant is None:
        raise NotFound()
    starts_at = _instant(request.POST.get("from", ""), "from")
    until = request.POST.get("to", "")
    playback, refused = open_playback(
        by=person,
        basis=grant.basis_id,
        cameras=[_id(text, "camera") for text in request.POST.getlist("camera")],
        starts_at=starts_at,
        ends_at=_instant(until, "to") if until else grant.ends_at,
        purpose=Purpose(grant.purpose),
        reason=grant.reason,
    )
    return _opened(request, playback, refused)


def _open_for_request(request: HttpRequest, person: Person) -> HttpResponseBase:
    """What a request asks for, played back; whether this person may, guard decides."""
    basis = requests_of(person).filter(id=_id(request.POST["basis"], "basis")).first()
    if basis is None:
        raise NotFound()
    playback, refused = open_playback(
        by=person,
        basis=basis.id,
        cameras=[_id(text, "camera") for text in request.POST.getlist("camera")],
        starts_at=_instant(request.POST.get("from", ""), "from"),
        ends_at=_instant(request.POST.get("to", ""), "to"),
        purpose=Purpose.RECORDS_REQUEST,
        reason=f"for request {basis.number}".strip(),
    )
    return _opened(request, playback, refused)


def _opened(request: HttpRequest, playback: Playback, refused: dict[UUID, str]) -> HttpResponseBase:
    if "application/json" in request.headers.get("Accept", ""):
        row = _own(request, playback.id)
        return JsonResponse({**session_json(row), "refused": {str(k): v for k, v in refused.items()}})
    return redirect("playback:page", playback=playback.id)


@never_cache
@require_GET
def page(request: HttpRequest, playback: UUID) -> HttpResponse:
    """The player."""
    row = _own(request, playback)
    _standing(request, row)
    return render(request, "playback/player.html", {"session": session_json(row), "playback": row})


@never_cache
@require_GET
def timeline(request: HttpRequest, playback: UUID) -> JsonResponse:
    """Spans and marks of [from, to), by default of the whole session; JSON."""
    row = _own(request, playback)
    _standing(request, row)
    starts_at = _instant(request.GET["from"], "from") if request.GET.get("from") else row.starts_at
    ends_at = _instant(request.GET["to"], "to") if request.GET.get("to") else row.ends_at
    starts_at, ends_at = max(starts_at, row.starts_at), min(ends_at, row.ends_at)
    if ends_at <= starts_at:
        raise BadInput("That interval lies outside the session.", field="from")
    return JsonResponse({**timeline_json(row, starts_at, ends_at), "now": clock.now().isoformat()})


@never_cache
@require_GET
def state(request: HttpRequest, playback: UUID) -> JsonResponse:
    """Whether the session still stands; the player asks every second and clears when it does not."""
    row = _own(request, playback)
    try:
        permit = _standing(request, row)
    except PermitEnded as ended:
        return JsonResponse({"state": "ended", "sentence": ended.sentence})
    account.look_alive(row.id)
    return JsonResponse({"state": "open", "expires_at": permit.expires_at.isoformat()})


@require_POST
def close(request: HttpRequest, playback: UUID) -> HttpResponseBase:
    """Stop playing back."""
    close_playback(by=cast(Person, request.user), playback=playback)
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({})
    return redirect("playback:choose")


@require_POST
def bookmark(request: HttpRequest, playback: UUID) -> JsonResponse:
    """Mark the seconds before the instant ``at`` of the footage to the session's basis, and keep them."""
    row = _own(request, playback)
    _standing(request, row)
    keep = place_bookmark(
        by=cast(Person, request.user),
        viewing=row.permit_id,
        camera=_id(request.POST.get("camera", ""), "camera"),
        at=_instant(request.POST.get("at", ""), "at"),
    )
    marked = keep.intervals.get()
    return JsonResponse(
        {
            "sentence": f"{(marked.ends_at - marked.starts_at).total_seconds():.0f} s are marked and kept.",
            "entry_id": str(keep.entry),
            "entry_url": reverse("entry", args=[keep.entry]),
        }
    )


@never_cache
@require_GET
def fragments(request: HttpRequest, playback: UUID, camera: UUID) -> HttpResponseBase:
    """Frames (`evidence.playback.stream`) of [from, to), from the key frame before it; at most two minutes.

    ``file`` names the file whose INIT the player has already. 410 where the footage was destroyed.
    """
    row = _own(request, playback)
    permit = _standing(request, row)
    starts_at, ends_at = (
        _instant(request.GET.get("from", ""), "from"),
        _instant(request.GET.get("to", ""), "to"),
    )
    if not starts_at < ends_at <= starts_at + MOST_AT_ONCE:
        raise BadInput("Ask for at most two minutes at a time.", field="to")
    known = _id(request.GET["file"], "file") if request.GET.get("file") else None
    stream = FootageStream(permit, row.id, camera, (row.starts_at, row.ends_at))
    try:
        stream.open(starts_at, ends_at, known)
    except FootageDestroyed as gone:
        where = disposition_url(gone.disposition) if gone.disposition else None
        return JsonResponse({"sentence": gone.sentence, "disposition_url": where}, status=gone.status)
    return StreamingHttpResponse(stream.body(), content_type="application/octet-stream")


@never_cache
@require_http_methods(["GET"])
def camera_footage(request: HttpRequest, camera: UUID) -> HttpResponse:
    """Part of a camera's page: coverage, gaps with reasons, and what is being recorded."""
    look(request)
    hours = request.GET.get("hours", "24")
    return render(request, "cameras/footage.html", footage_page(camera, hours))
