"""Pages of the requests desk. Each parses, calls one act or reads under its permit, and renders."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, cast
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evidence.records import business, cards, letters
from evidence.records.actions.change_holidays import add_holiday, drop_holiday
from evidence.records.actions.confirm_hold import Narrower, confirm_hold
from evidence.records.actions.open_request import open_request
from evidence.records.actions.work_request import Said, work_request
from evidence.records.forms import HolidayForm, RequestForm, StepForm
from evidence.records.looking import Reader, Which, look, read_one
from evidence.records.models import Holiday, Request
from evidence.records.vocabulary import KIND_SAYS, Act, CloseReason, RequestKind, State
from policy import offers
from policy.facts import SYSTEM
from policy.models import Person
from policy.vocabulary import Action
from rtcc import clock
from rtcc.config import config
from rtcc.errors import BadInput, NotFound
from rtcc.local_time import NEVER_WAS, instants_of

PAGE = 50
WHICH = {
    "open": "Open",
    "mine": "On my desk",
    "overdue": "Overdue",
    "holds": "Hold to confirm",
    "over": "Closed",
    "all": "All",
}


def _asked(request: HttpRequest, reader: Reader) -> tuple[Any, dict[str, str]]:
    """The requests that the address asks for, and the filters as they were understood."""
    which = request.GET.get("which", "open")
    which = which if which in WHICH else "open"
    kind = request.GET.get("kind", "")
    kind = kind if kind in set(RequestKind) else ""
    number = request.GET.get("number", "").replace("\x00", "").strip()[:60]
    rows = reader.chosen(Which(which))
    if kind:
        rows = rows.of_kind(kind)
    if number:
        rows = rows.numbered(number)
    return rows, {"which": which, "kind": kind, "number": number}


@require_GET
def requests(request: HttpRequest) -> HttpResponse:
    """Requests by the day on which their answer is due, each with what to do next."""
    reader = look(request)
    rows, asked = _asked(request, reader)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    now = clock.now()
    context = {
        "page": page,
        "rows": cards.list_rows(page.object_list, reader, now),
        "asked": asked,
        "whiches": WHICH.items(),
        "kinds": [(str(kind), KIND_SAYS[kind]) for kind in RequestKind],
        "query": "".join(f"{name}={value}&" for name, value in asked.items() if value),
        "overdue": reader.requests().overdue_at(now).count(),
        "to_confirm": reader.requests().hold_waits().count(),
        "may_open": offers.is_offered(reader.person, Action.OPEN_REQUEST, SYSTEM),
    }
    return render(request, "records/requests.html", context)


@require_GET
def requests_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The same list as a file."""
    rows, _ = _asked(request, look(request))
    return StreamingHttpResponse(
        cards.csv_lines(list(rows[:10_000]), clock.now()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="requests.csv"'},
    )


@require_http_methods(["GET", "POST"])
def new_request(request: HttpRequest) -> HttpResponse:
    """The form that takes a request in. The footage is held before the answer to this page is sent."""
    form = RequestForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = open_request(by=cast(Person, request.user), asking=form.asking())
        except BadInput as error:
            form.take(error)
        else:
            messages.success(request, f"{row.number} is taken in.")
            return redirect("requests:one", row.basis_id)
    elif request.method == "GET":
        look(request)
    context = {"form": form, "map": cards.map_of(), "tiles": config.map_tiles, "zone": config.city_zone.key}
    return render(request, "records/request_form.html", context)


@require_GET
def one(request: HttpRequest, basis: UUID) -> HttpResponse:
    """One request: what is asked, what there is, what was done, and what to do next."""
    reader, row = read_one(request, basis)
    context = cards.request_page(row, reader) | {"tiles": config.map_tiles}
    return render(request, "records/request.html", context)


@require_POST
def step(request: HttpRequest, basis: UUID) -> HttpResponse:
    """One act on a request."""
    form = StepForm(request.POST)
    act = _choice(Act, request.POST.get("act", ""), "act")
    if not form.is_valid():
        raise BadInput(str(next(iter(form.errors.values()))[0]), field=next(iter(form.errors)))
    said = form.cleaned_data
    work_request(
        by=cast(Person, request.user),
        request=basis,
        act=act,
        said=Said(
            note=said["note"],
            seen=_choice(State, said["seen"], "seen") if said["seen"] else None,
            reason=_choice(CloseReason, said["reason"], "reason") if said["reason"] else None,
            until=_until(basis, said["until"]),
            staff_minutes=said["staff_minutes"],
        ),
    )
    if request.POST.get("back") == "list":
        return redirect("requests:list")
    return redirect("requests:one", basis)


def _choice(words: Any, text: str, field: str) -> Any:
    try:
        return words(text)
    except ValueError as error:
        raise BadInput("Choose one of the list.", field=field) from error


def _until(basis: UUID, typed: datetime | None) -> datetime | None:
    """The later of two equal hours: what was promised must be kept on either reading."""
    if typed is None:
        return None
    row = Request.objects.filter(basis_id=basis).first()
    found = instants_of(typed, row.clock if row else config.city_zone)
    if not found:
        raise BadInput(NEVER_WAS, field="until")
    return found[-1]


@require_POST
def confirm(request: HttpRequest, basis: UUID) -> HttpResponse:
    """A supervisor confirms the hold, or says what is enough of it."""
    reader, row = read_one(request, basis)
    narrower = _narrower(request, row) if request.POST.get("how") == "narrow" else None
    confirm_hold(by=reader.person, request=basis, note=request.POST.get("note", "")[:500], narrower=narrower)
    said = "The narrower hold stands. The wider one waits for its release by two persons." if narrower else (
        "The hold is confirmed.")  # fmt: skip
    messages.success(request, said)
    return redirect("requests:one", basis)


def _narrower(request: HttpRequest, row: Request) -> Narrower:
    try:
        cameras = frozenset(UUID(key) for key in request.POST.getlist("cameras"))
        typed = [datetime.fromisoformat(request.POST.get(name, "")) for name in ("starts_at", "ends_at")]
    except ValueError as error:
        raise BadInput("Choose cameras, and write both times.", field="cameras") from error
    found = [instants_of(each.replace(tzinfo=None), row.clock) for each in typed]
    if not all(found):
        raise BadInput(NEVER_WAS, field="starts_at")
    # The wider reading of an hour that came twice.
    return Narrower(cameras, found[0][0], found[1][-1])


@require_GET
def letter(request: HttpRequest, basis: UUID, kind: str) -> HttpResponse:
    """A letter as a page, or as PDF where its name ends so."""
    _, row = read_one(request, basis)
    name, dot, ending = kind.partition(".")
    if name not in set(letters.LetterKind) or ending not in ("", "pdf") or (dot and not ending):
        raise NotFound()
    text = letters.letter(row, letters.LetterKind(name))
    if not ending:
        return render(request, "records/letter.html", {"letter": text, "request_row": row})
    return HttpResponse(
        letters.pdf(text),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{row.number}-{name}.pdf"'},
    )


@require_http_methods(["GET", "POST"])
def holidays(request: HttpRequest) -> HttpResponse:
    """The days on which the clock does not count."""
    form = HolidayForm(request.POST or None)
    if request.method == "POST" and "drop" in request.POST:
        _drop(request)
        return redirect("requests:holidays")
    if request.method == "POST" and form.is_valid():
        add_holiday(by=cast(Person, request.user), **form.cleaned_data)
        messages.success(request, f"{form.cleaned_data['day']} is a holiday now. Due dates that stand stay.")
        return redirect("requests:holidays")
    reader = look(request)
    this = clock.now().astimezone(config.city_zone).year
    years = range(this, this + 2)
    known = {year: list(Holiday.objects.filter(day__year=year)) for year in years}
    context = {
        "form": form,
        "years": [
            (year, rows, [] if rows else sorted(business.missouri(year).items()))
            for year, rows in known.items()
        ],
        "may_change": offers.is_offered(reader.person, Action.WORK_REQUEST, SYSTEM),
        "form_key": uuid4(),
    }
    return render(request, "records/holidays.html", context, status=400 if form.is_bound else 200)


def _drop(request: HttpRequest) -> None:
    try:
        day = date.fromisoformat(request.POST["drop"])
    except ValueError as error:
        raise BadInput("That is no day.", field="drop") from error
    drop_holiday(by=cast(Person, request.user), day=day, authority=request.POST.get("authority", "")[:200])
    messages.success(request, f"{day} is a business day now. Due dates that stand stay.")
