"""Pages of an owner's desk. Each parses, calls one act or reads under its permit, and renders; guard decides.

What each template is given stands at its head.
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cameras.actions.lend_hours import lend_hours
from cameras.actions.pause_camera import pause_camera
from cameras.actions.resume_camera import resume_camera
from cameras.hours import Window
from cameras.models import Agreement, Camera
from cameras.writing import find_agreement_by_code, read_terms
from policy.denied import Denied
from policy.models import Person
from policy.vocabulary import Purpose
from rtcc import clock, spreadsheet
from rtcc.config import config
from rtcc.errors import BadInput, Conflict, NotFound
from rtcc.oversight import report
from rtcc.oversight.exporting import portions
from rtcc.oversight.question import Asked
from rtcc.oversight.tiers import Reader
from rtcc.partners import desk as desks
from rtcc.partners import notices, week
from rtcc.partners.accesses import COLUMNS, OUTCOMES, Month, asked_of, cells
from rtcc.partners.actions.answer_ask import longest_yes
from rtcc.partners.actions.read_notices import read_notices
from rtcc.partners.copies import copies_of, footage_of
from rtcc.partners.looking import look_at_own, owner_of
from rtcc.partners.models import Ask, Notice
from rtcc.partners.vocabulary import AskWants

LATEST = 5
MOST_NOTICES = 5


@never_cache
@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """The owner's cameras now, what it is told, what is asked of it, and the latest accesses."""
    reader, _ = look_at_own(request, {"page": "my cameras"})
    notices.write_notices()
    cameras = desks.cameras_of(reader)
    unread = Notice.objects.of_owners(reader.owners or ()).unread().select_related("camera")
    latest = (
        report.page(reader, Month.of("").question, size=LATEST)
        if reader.cameras
        else report.Page((), None, 0, 0)
    )
    context = {
        "cameras": cameras,
        "watched": sum(bool(each.watchers) for each in cameras),
        "can_pause": sum(each.can_pause for each in cameras),
        "can_resume": sum(each.can_resume for each in cameras),
        "notices": list(unread[:MOST_NOTICES]),
        "unread": unread.count(),
        **_asked(reader),
        "rows": latest.rows,
        "month": Month.of(""),
        "now": clock.now(),
    }
    return render(request, "partners/desk.html", context)


def _asked(reader: Reader) -> dict[str, list[Any]]:
    """What waits for the owner's answer, files and yeses apart, and the yeses that stand."""
    rows, now = Ask.objects.of_owners(reader.owners or ()), clock.now()
    waiting = list(rows.open().for_list()[:20])
    return {
        "asks": [each for each in waiting if each.wants == AskWants.FILE],
        "wishes": [
            {
                "ask": each,
                "until": longest_yes(each, now),
                "number": each.basis.number if each.camera_id in reader.numbers else "",
            }
            for each in waiting
            if each.wants == AskWants.WATCH
        ],
        "yeses": list(rows.standing_at(now).for_list()),
    }


@never_cache
@require_GET
def accesses(request: HttpRequest) -> HttpResponse:
    """Every access to the owner's cameras; what was asked is entered once."""
    trouble: BadInput | None = None
    try:
        asked = asked_of(request.GET.dict())
        reader, permit = look_at_own(request, asked.canonical())
        found = report.page(reader, asked) if permit else report.Page((), None, 0, 0)
    except BadInput as error:
        trouble, asked = error, Asked({}, None)
        reader, permit = look_at_own(request, asked.canonical())
        found = report.Page((), None, 0, 0)
    given = {name: text for name, text in request.GET.dict().items() if text and name != "before"}
    context = {
        "page": found,
        "asked": given,
        "trouble": trouble,
        "permit": permit,
        "query": urlencode(given),
        "next_query": urlencode({**given, "before": str(found.after)}) if found.after else "",
        "is_first": asked.before is None,
        "cameras": list(Camera.objects.owned_by(reader.owners or ()).values_list("code", "name")),
        "purposes": [(str(each), each.replace("_", " ")) for each in Purpose],
        "outcomes": list(OUTCOMES.items()),
    }
    return render(request, "partners/accesses.html", context, status=400 if trouble else 200)


@never_cache
@require_GET
def accesses_csv(request: HttpRequest) -> HttpResponseBase:
    """The same list as a file, all pages of it."""
    asked = asked_of({**request.GET.dict(), "before": ""})
    reader, permit = look_at_own(request, {**asked.canonical(), "form": "csv"})
    asked.search(reader, limit=1)
    name = f"accesses-{clock.now():%Y%m%d-%H%M%S}.csv"
    return StreamingHttpResponse(
        _lines(reader, asked, any_camera=permit is not None),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _lines(reader: Reader, asked: Asked, *, any_camera: bool) -> Any:
    yield spreadsheet.line(COLUMNS)
    if any_camera:
        async for portion in portions(reader, asked):
            for row in portion:
                yield spreadsheet.line(cells(row, config.origin))


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """The owner has read its notices."""
    reader = owner_of(request)
    if reader.cameras:
        count = read_notices(by=reader)
        messages.success(request, f"{count} notice{'' if count == 1 else 's'} read. The log says so.")
    return redirect("partners:desk")


@require_POST
def pause(request: HttpRequest) -> HttpResponse:
    """Pause one camera (`camera`), or all of them with one press."""
    why = _why(request)

    def act(camera: UUID) -> None:
        pause_camera(by=cast(Person, request.user), camera=camera, why=why)

    done = _each(request, act)
    word = "camera is paused: its" if done == 1 else "cameras are paused: their"
    messages.success(
        request, f"{done} {word} pictures stop for everybody within two seconds. “Let go on” undoes it."
    )
    return redirect("partners:desk")


@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    """Let one camera go on, or all that are paused."""
    why = _why(request)

    def act(camera: UUID) -> None:
        resume_camera(by=cast(Person, request.user), camera=camera, why=why)

    done = _each(request, act)
    messages.success(request, f"{done} camera{' goes' if done == 1 else 's go'} on.")
    return redirect("partners:desk")


def _each(request: HttpRequest, act: Any) -> int:
    """Do the act on the named camera, or on each of the owner's where it can be done; how many. For one that
    is named, what stands in the way is told; raises NotFound where it is not the owner's.
    """
    reader = owner_of(request)
    code = request.POST.get("camera", "")
    own = Camera.objects.owned_by(reader.owners or ()).active()
    if code:
        row = own.by_code(code).first() if "\x00" not in code else None
        if row is None:
            raise NotFound
        act(row.id)
        return 1
    done, refused = 0, None
    for camera in own.values_list("id", flat=True):
        try:
            act(camera)
            done += 1
        except Conflict:
            continue  # It is so already: that is what was asked for.
        except Denied as error:
            refused = error
    if not done and refused is not None:
        raise refused
    return done


@never_cache
@require_http_methods(["GET", "POST"])
def hours(request: HttpRequest, code: str) -> HttpResponse:
    """In which of the agreed hours the cameras of one agreement are lent."""
    reader = owner_of(request)
    row = _own_agreement(reader, code)
    trouble: BadInput | Denied | None = None
    if request.method == "POST":
        try:
            whole = "whole" in request.POST
            chosen = _all_agreed(row) if whole else week.read_form(request.POST.dict())
            lend_hours(by=reader.person, agreement=row.id, hours=chosen)
            messages.success(request, "The hours are changed, from this moment on.")
            return redirect("partners:hours", code=code)
        except (BadInput, Denied) as error:
            trouble = error
    context = _hours_page(row) | {"trouble": trouble, "denied": isinstance(trouble, Denied)}
    if trouble is not None:
        context["days"] = _as_sent(request)
    status = 403 if context["denied"] else 400 if trouble else 200
    return render(request, "partners/hours.html", context, status=status)


def _hours_page(row: Agreement) -> dict[str, Any]:
    at = clock.now()
    terms = read_terms(row, at)
    lent = [each.window for each in row.lent_hours.all()]
    return {
        "agreement": row,
        "picture": desks.days_of(row, at),
        "agreed": terms.as_json()["hours"],
        "narrowed": bool(lent),
        "days": week.form_of(lent or terms.hours or week.whole_week()),
        "cameras": list(Camera.objects.with_ids(terms.cameras).values_list("name", flat=True)),
        "can_lend": bool(desks.minutes(row, terms)[0]),
    }


def _as_sent(request: HttpRequest) -> list[dict[str, Any]]:
    """The form's rows as they were sent, so that nothing has to be typed again."""
    rows = week.form_of(())
    for row in rows:
        for slot in row["slots"]:
            for end in ("opens", "closes"):
                slot[end] = request.POST.get(f"{slot['field']}-{end}", "")[:5]
    return rows


def _all_agreed(row: Agreement) -> frozenset[Window]:
    """All hours that the agreement has."""
    return read_terms(row, clock.now()).hours or week.whole_week()


def _own_agreement(reader: Reader, code: str) -> Agreement:
    row = find_agreement_by_code(code)
    if row.owner_id not in (reader.owners or ()):
        raise NotFound
    return row


@never_cache
@require_GET
def copies(request: HttpRequest) -> HttpResponse:
    """What the agency holds of the owner's footage, why and until when."""
    reader, _ = look_at_own(request, {"page": "copies of my footage"})
    context = {"footage": footage_of(reader), "copies": copies_of(reader)}
    return render(request, "partners/copies.html", context)


def _why(request: HttpRequest) -> str:
    return request.POST.get("why", "").replace("\x00", "").strip()[:200]
