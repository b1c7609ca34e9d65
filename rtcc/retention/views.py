"""Pages of keeping and destroying."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cameras.looking import look
from cameras.models import Camera
from evidence.actions.place_hold import place_hold
from evidence.actions.release_hold import check_not_asked_for, release_hold
from evidence.models import Disposition, Keep
from evidence.retention import destruction
from evidence.retention import dispositions as records
from evidence.retention import due as schedule
from evidence.retention.states import DispositionState
from policy import proposals
from policy.actions.approve import approve
from policy.actions.propose import propose
from policy.models import Person
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.config import config
from rtcc.errors import BadInput, NotFound, Unavailable
from rtcc.retention import cards
from rtcc.retention.forms import HoldForm

PAGE = 50
WITHIN = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The first of these pages."""
    return redirect("retention:due")


@require_GET
def due(request: HttpRequest) -> HttpResponse:
    """What is destroyed next and why, by camera and hour; what is kept past its time, and by what."""
    reader = cards.Reader.of(look(request))
    now = clock.now()
    within = request.GET.get("within", "day")
    wanted = request.GET.get("camera", "").replace("\x00", "")
    camera = Camera.objects.by_code(wanted).first() if wanted else None
    rows = schedule.hours_due(now + WITHIN.get(within, WITHIN["day"]), [camera.id] if camera else None)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    hours = schedule.explain(list(page.object_list), now)
    context = {
        "page": page,
        "rows": cards.due_rows(hours, reader, now),
        "within": within if within in WITHIN else "day",
        "camera": camera,
        "query": f"within={within if within in WITHIN else 'day'}&camera={camera.code if camera else ''}&",
        "cameras": Camera.objects.order_by("name")[:1000],
        "waits": _waits(),
        "now": now,
        "newest": Disposition.objects.decided().order_by("-tombstoned_at").first(),
    }
    return render(request, "retention/due.html", context)


def _waits() -> str:
    """Why nothing is destroyed just now, or nothing."""
    try:
        destruction.check_can_destroy()
    except Unavailable as waits:
        return waits.sentence
    return ""


@require_GET
def holds(request: HttpRequest) -> HttpResponse:
    """Holds and other keeps that stand, or that were released."""
    reader = cards.Reader.of(look(request))
    which = request.GET.get("which", "holds")
    rows = reader.keeps().for_list()
    if which == "released":
        rows = rows.released()
    elif which == "marks":
        rows = rows.standing_at(clock.now()).marks()
    else:
        which, rows = "holds", rows.standing_at(clock.now()).holds()
    page = Paginator(rows.prefetch_related("requests__hold").order_by("-placed_at"), PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "rows": [cards.keep_row(keep) for keep in page.object_list],
        "which": which,
        "waiting": cards.waiting(reader),
        "can_hold": bool(reader.roles & cards.HOLD_ROLES),
    }
    return render(request, "retention/holds.html", context)


@require_http_methods(["GET", "POST"])
def new_hold(request: HttpRequest) -> HttpResponse:
    """The form that places a hold."""
    form = HoldForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        review = said["review_on"]
        try:
            keep = place_hold(
                by=cast(Person, request.user),
                cameras=[UUID(key) for key in said["cameras"]],
                starts_at=said["starts_at"],
                ends_at=said["ends_at"],
                authority=said["authority"],
                matter=said["matter"],
                reason=said["reason"],
                review_by=datetime.combine(review, time(), UTC) if review else None,
            )
        except BadInput as error:
            name = {"review_by": "review_on"}.get(error.field or "", error.field)
            form.add_error(name if name in form.fields else None, error.sentence)
        else:
            messages.success(
                request, "The hold stands. Nothing of it is destroyed until two persons release it."
            )
            return redirect("retention:hold", keep.id)
    elif request.method == "GET":
        look(request)
    return render(request, "retention/hold_form.html", {"form": form, "tiles": config.map_tiles})


def _known(person: Person, keep: UUID) -> Keep:
    row = cards.Reader.of(person).keeps().for_list().filter(id=keep).first()
    if row is None:
        raise NotFound()
    return cast(Keep, row)


@require_GET
def hold(request: HttpRequest, keep: UUID) -> HttpResponse:
    """One hold or keep: what it holds, and its release by two persons."""
    person = look(request)
    context = cards.keep_page(_known(person, keep), cards.Reader.of(person))
    return render(request, "retention/hold.html", context)


@require_POST
def propose_release(request: HttpRequest, keep: UUID) -> HttpResponse:
    """The first person asks to release."""
    person = cast(Person, request.user)
    if cards.Reader.of(person).keeps().filter(id=keep).exists():
        check_not_asked_for(keep)
    why = request.POST.get("why", "").replace("\x00", "").strip()[:500]
    propose(
        by=person,
        action=Action.RELEASE_HOLD,
        on=Ref(Kind.KEEP, keep),
        words={"why": why},
        reason=why,
    )
    messages.success(request, "Proposed. A second person has 24 hours to approve it.")
    return redirect("retention:hold", keep)


@require_POST
def approve_release(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """The second person says yes."""
    approve(by=cast(Person, request.user), proposal=proposal)
    messages.success(request, "Approved. Whoever proposed it can release the hold now.")
    return redirect("retention:hold", proposals.target(proposals.find(proposal)).id)


@require_POST
def release(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """Carry out what two persons agreed on."""
    keep = release_hold(by=cast(Person, request.user), proposal=proposal)
    messages.success(request, "Released. Footage that nothing else keeps goes back to its own time.")
    return redirect("retention:hold", keep.id)


@require_GET
def dispositions(request: HttpRequest) -> HttpResponse:
    """What was destroyed, the newest first."""
    look(request)
    page = Paginator(Disposition.objects.decided().order_by("-tombstoned_at"), PAGE).get_page(
        request.GET.get("page")
    )
    rows = list(page.object_list)
    cameras = cards.names_of(row.camera for row in rows)
    context = {"page": page, "rows": [{"row": row, "camera": cameras.get(row.camera)} for row in rows]}
    return render(request, "retention/dispositions.html", context)


def _disposition(disposition: UUID) -> Disposition:
    row = Disposition.objects.decided().filter(id=disposition).first()
    if row is None:
        raise NotFound()
    return cast(Disposition, row)


@require_GET
def disposition(request: HttpRequest, disposition: UUID) -> HttpResponse:
    """The record of one destruction, for people."""
    look(request)
    row = _disposition(disposition)
    context = cards.disposition_page(row) | {"done": row.state == DispositionState.PROVED}
    return render(request, "retention/disposition.html", context)


@require_GET
def disposition_json(request: HttpRequest, disposition: UUID) -> JsonResponse:
    """The record of one destruction, for programs, with the receipts of its entries."""
    look(request)
    return JsonResponse(records.as_json(_disposition(disposition)), json_dumps_params={"indent": 2})
