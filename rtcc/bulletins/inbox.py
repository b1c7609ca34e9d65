"""The officer's side: the inbox, the page of a link, the tap that opens, the answer."""

from __future__ import annotations

import json
from typing import cast
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from policy.models import Person
from rtcc import clock
from rtcc.bulletins.actions.answer_picture import answer_picture
from rtcc.bulletins.actions.open_picture import open_picture
from rtcc.bulletins.delivering import Delivery, still_opens
from rtcc.bulletins.links import sha256_of
from rtcc.bulletins.making import form_of
from rtcc.bulletins.models import Bulletin
from rtcc.bulletins.showing import inbox_rows, picture_json
from rtcc.bulletins.socket import PATH
from rtcc.bulletins.words import ANSWER_WORDS, Answer
from rtcc.errors import BadInput, NotFound

MOST = 30
NO_SUCH = "This link leads to no picture. Ask the analyst to send it again."


@login_not_required
@never_cache
@require_safe
def link(request: HttpRequest) -> HttpResponse:
    """The page that a link leads to. It shows no picture and knows none: what a preview or a mail scanner
    fetches says nothing and counts as nothing. Which picture is meant stands after `#`, where no server sees
    it; the tap sends it.
    """
    context = {
        "signed_in": isinstance(request.user, Person),
        "sign_in": f"{reverse('sign-in')}?next={reverse('inbox:link')}",
    }
    response = render(request, "bulletins/link.html", context)
    response["Referrer-Policy"] = "no-referrer"
    return response


@never_cache
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """What was sent to the person; a tap opens it in place."""
    return render(request, "bulletins/inbox.html", {"rows": _rows(request)})


@never_cache
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """The list alone, asked for every second or two: small enough for a bad network."""
    return render(request, "bulletins/inbox_part.html", {"rows": _rows(request)})


def _rows(request: HttpRequest) -> list[dict[str, object]]:
    person = cast(Person, request.user)
    return inbox_rows(Bulletin.objects.for_list().to_person(person.id).order_by("-sent_at")[:MOST])


def _meant(request: HttpRequest) -> UUID:
    """The bulletin of a link's token, or the one named in the inbox. Whose it is, the act judges."""
    token, named = request.POST.get("token", ""), request.POST.get("bulletin", "")
    if token:
        row = Bulletin.objects.with_token(sha256_of(token)).first()
        if row is None:
            raise NotFound(NO_SUCH)
        found: UUID = row.id
        return found
    try:
        return UUID(named)
    except ValueError as error:
        raise BadInput("That is not an id.", field="bulletin") from error


@require_POST
def tap(request: HttpRequest) -> HttpResponseBase:
    """Open a picture: the one request that shows it. A still or clip is the answer's body and what stands
    around it is a header; live is answered with where to connect.
    """
    person = cast(Person, request.user)
    opened = open_picture(by=person, bulletin=_meant(request))
    about = picture_json(opened.bulletin, opened.permit.id)
    if opened.viewing is not None:
        return JsonResponse(about | {"viewing": str(opened.viewing.id), "socket": PATH})
    body = Delivery(person, opened).body()
    response = StreamingHttpResponse(body, content_type=form_of(opened.bulletin.shape).media_type)
    response["X-Picture"] = json.dumps(about)
    response["Cache-Control"] = "no-store"
    response["Content-Disposition"] = "inline"
    return response


def _own(request: HttpRequest, bulletin: UUID) -> Bulletin:
    person = cast(Person, request.user)
    row = Bulletin.objects.for_list().to_person(person.id).filter(id=bulletin).first()
    if row is None:
        raise NotFound()
    return cast(Bulletin, row)


@never_cache
@require_GET
def state(request: HttpRequest, bulletin: UUID) -> JsonResponse:
    """Whether an open picture may still be seen; asked every second, and it is cleared when not."""
    row = _own(request, bulletin)
    try:
        permit = UUID(request.GET.get("permit", ""))
    except ValueError as error:
        raise BadInput("That is not an id.", field="permit") from error
    sentence = still_opens(cast(Person, request.user), row, permit)
    return JsonResponse({"open": not sentence, "sentence": sentence, "at": clock.now().isoformat()})


@require_POST
def answer(request: HttpRequest, bulletin: UUID) -> JsonResponse:
    """*Seen*, *that is him*, *not him*; the same again changes nothing."""
    said = request.POST.get("answer", "")
    if said not in list(Answer):
        raise BadInput("Say seen, that is him, or not him.", field="answer")
    row = answer_picture(by=cast(Person, request.user), bulletin=bulletin, answer=Answer(said))
    return JsonResponse(
        {"answer": row.answer, "sentence": f"Sent: {ANSWER_WORDS[Answer(row.answer)].lower()}."}
    )
