"""The sender's side: sending from wall and player, the list of what was sent, taking back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from policy.models import Grant, Person
from rtcc import clock
from rtcc.bulletins.actions.revoke_picture import revoke_picture
from rtcc.bulletins.actions.send_picture import Picture, Sent
from rtcc.bulletins.links import address
from rtcc.bulletins.models import Bulletin
from rtcc.bulletins.recipients import recipients
from rtcc.bulletins.sending import send_and_make
from rtcc.bulletins.showing import seen_by, sent_rows
from rtcc.bulletins.words import Shape
from rtcc.errors import BadInput, NotFound

PAGE = 50
# The strip on the wall tells of pictures that stand, and of others so long.
TOLD = timedelta(minutes=10)
MOST_TOLD = 12


def _id(text: str, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise BadInput("That is not an id.", field=field) from error


def _number(request: HttpRequest, field: str) -> float:
    text = request.POST.get(field) or "0"
    try:
        found = float(text)
    except ValueError as error:
        raise BadInput("That is not a number.", field=field) from error
    if not 0 <= found < 1e11:
        raise BadInput("That is not a number that makes sense here.", field=field)
    return found


@never_cache
@require_GET
def to_whom(request: HttpRequest) -> JsonResponse:
    """Officers to whom a picture can be sent under one of one's own grants."""
    person = cast(Person, request.user)
    held = Grant.objects.of_person(person.id).select_related("basis")
    grant = held.filter(id=_id(request.GET.get("grant", ""), "grant")).first()
    if grant is None:
        raise NotFound()
    found = [each.as_json() for each in recipients(grant.basis)]
    return JsonResponse({"basis": grant.basis.number or "number follows", "recipients": found})


@require_POST
def send(request: HttpRequest) -> JsonResponse:
    """Send a still, a clip or a live picture; a still is made before this answers."""
    shape = request.POST.get("shape", "")
    if shape not in list(Shape):
        raise BadInput("Choose a still, a clip or live.", field="shape")
    at_s = _number(request, "at")
    picture = Picture(
        Shape(shape), _id(request.POST.get("camera", ""), "camera"), int(_number(request, "seconds"))
    )
    sent = send_and_make(
        by=cast(Person, request.user),
        grant=_id(request.POST.get("grant", ""), "grant"),
        picture=picture,
        to=[_id(text, "to") for text in request.POST.getlist("to")],
        all_units=request.POST.get("all") == "yes",
        at_s=at_s,
    )
    return JsonResponse(_answer(sent))


def _answer(sent: list[Sent]) -> dict[str, Any]:
    links = {str(each.bulletin.id): address(each.token) for each in sent}
    rows = sent_rows(Bulletin.objects.for_list().filter(sending=sent[0].bulletin.sending))
    names = ", ".join(f"{row['unit']} {row['to']}".strip() for row in rows)
    fault = next((row["fault"] for row in rows if row["fault"]), "")
    return {
        "sentence": fault or f"{rows[0]['what']} sent to {names}.",
        "fault": bool(fault),
        "sent": [row | {"link": links[row["id"]]} for row in rows],
        "page_url": reverse("bulletins:list"),
    }


@never_cache
@require_GET
def sent_list(request: HttpRequest) -> HttpResponse:
    """What was sent, and what became of it."""
    page = Paginator(seen_by(cast(Person, request.user)).order_by("-sent_at"), PAGE).get_page(
        request.GET.get("page")
    )
    context = {"page": page, "rows": sent_rows(page.object_list)}
    part = "bulletins/sent_part.html" if request.headers.get("HX-Request") else "bulletins/sent.html"
    return render(request, part, context)


@never_cache
@require_GET
def state(request: HttpRequest) -> JsonResponse:
    """What the strip on the wall shows: one's own of the last minutes."""
    person = cast(Person, request.user)
    rows = Bulletin.objects.for_list().by_person(person.id).filter(sent_at__gt=clock.now() - TOLD)
    return JsonResponse({"sent": sent_rows(rows.order_by("-sent_at")[:MOST_TOLD])})


@require_POST
def revoke(request: HttpRequest, bulletin: UUID) -> HttpResponse:
    """Take back one picture."""
    row = revoke_picture(by=cast(Person, request.user), bulletin=bulletin)
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"sentence": f"Taken back from {row.recipient.display_name}."})
    return redirect("bulletins:list")
