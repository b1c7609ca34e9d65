"""Pages around what the agency asks of an owner: asking, and answering."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from policy import publish
from policy.models import Basis, Membership, Person
from policy.vocabulary import OrganisationClass, Purpose
from rtcc import clock
from rtcc.errors import BadInput, NotFound
from rtcc.partners.actions.answer_ask import longest_yes
from rtcc.partners.actions.ask_footage import ask_footage
from rtcc.partners.actions.decline_ask import decline_ask
from rtcc.partners.forms import AskForm, WatchForm
from rtcc.partners.looking import owner_of
from rtcc.partners.models import Ask
from rtcc.partners.vocabulary import ASK_SAYS, CLOCK_SAYS, AskState, AskWants, ClockReading

# A yes may be for less than was asked for.
SHORTER_MINUTES = (15, 60, 240)


_OWNER_SAYS: dict[AskState, str] = {
    AskState.OPEN: "waits for the owner",
    AskState.ANSWERED: "answered",
    AskState.DECLINED: "declined",
    AskState.GIVEN: "the owner said yes",
    AskState.TAKEN_BACK: "the owner took the yes back",
}


def most_bytes() -> int:
    """The longest file that is taken, by the policy version in force."""
    return publish.active().parameters.count("upload_size", clock.now()) << 20


@never_cache
@require_http_methods(["GET", "POST"])
def asks(request: HttpRequest, basis: UUID) -> HttpResponse:
    """What was asked of owners on one basis, and the form that asks. For the agency of the basis."""
    row = own_basis(cast(Person, request.user), basis)
    form = AskForm(request.POST or None, basis=row)
    if request.method == "POST" and form.is_valid():
        clean = form.cleaned_data
        try:
            ask = ask_footage(
                by=cast(Person, request.user), basis=basis, purpose=Purpose(clean["purpose"]),
                camera=UUID(clean["camera"]), starts_at=clean["starts_at"], ends_at=clean["ends_at"],
                note=clean["note"],
            )  # fmt: skip
        except BadInput as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
        else:
            messages.success(request, f"{ask.owner} is asked. The answer will stand here.")
            return redirect("partners:asks", basis=basis)
    watch = WatchForm(basis=row, initial={"cameras": [request.GET.get("camera", "")]})
    return asks_page(request, row, form, watch)


def asks_page(request: HttpRequest, basis: Basis, form: AskForm, watch: WatchForm) -> HttpResponse:
    """What was asked on the basis, and both forms."""
    rows = Ask.objects.of_basis(basis.id).for_list()[:100]
    context = {"basis": basis, "form": form, "watch": watch, "asks": _lines(rows), "now": clock.now()}
    return render(request, "partners/asks.html", context, status=400 if form.errors or watch.errors else 200)


def own_basis(person: Person, basis: UUID) -> Basis:
    """The basis, if it is of an agency that the person works for. Raises NotFound."""
    agencies = Membership.objects.of_person(person.id).valid_at(clock.now())
    agencies = agencies.filter(organisation__kind=OrganisationClass.AGENCY)
    row: Basis | None = Basis.objects.filter(
        id=basis, agency_id__in=agencies.values_list("organisation_id", flat=True)
    ).first()
    if row is None:
        raise NotFound
    return row


def _lines(rows: Iterable[Ask]) -> list[dict[str, object]]:
    return [
        {
            "ask": row,
            "says": _OWNER_SAYS[AskState(row.state)],
            "uploads": [
                {"row": each, "clock": CLOCK_SAYS[ClockReading(each.clock)]} for each in row.uploads.all()
            ],
        }
        for row in rows
    ]


@never_cache
@require_GET
def ask(request: HttpRequest, ask: UUID) -> HttpResponse:
    """What the owner is asked for, and how it answers."""
    row = own_ask(request, ask)
    if row.wants == AskWants.WATCH:
        return watch_page(request, row)
    context = {
        "ask": row,
        "says": ASK_SAYS[AskState(row.state)],
        "uploads": [
            {"row": each, "clock": CLOCK_SAYS[ClockReading(each.clock)]} for each in row.uploads.all()
        ],
        "open": row.state == AskState.OPEN,
        "most_bytes": most_bytes(),
    }
    return render(request, "partners/ask.html", context)


@require_POST
def decline(request: HttpRequest, ask: UUID) -> HttpResponse:
    """The owner says no."""
    row = own_ask(request, ask)
    decline_ask(
        by=cast(Person, request.user), ask=row.id, why=request.POST.get("why", "").replace("\x00", "")
    )
    messages.success(request, "You said no. The agency reads your reason.")
    return redirect("partners:ask", ask=row.id)


def watch_page(request: HttpRequest, row: Ask) -> HttpResponse:
    """Who asks to watch, for what, on which basis as the agreement lets the owner know; and the answer."""
    now = clock.now()
    longest = longest_yes(row, now)
    context = {
        "ask": row,
        "says": ASK_SAYS[AskState(row.state)],
        "number": row.basis.number if row.camera_id in owner_of(request).numbers else "",
        "open": row.state == AskState.OPEN and longest > now,
        "late": row.state == AskState.OPEN and longest <= now,
        "stands": row.state == AskState.GIVEN and row.until is not None and row.until > now,
        "longest": longest,
        "shorter": [minutes for minutes in SHORTER_MINUTES if now + timedelta(minutes=minutes) < longest],
    }
    return render(request, "partners/ask_watch.html", context)


def own_ask(request: HttpRequest, ask: UUID) -> Ask:
    row: Ask | None = Ask.objects.of_owners(owner_of(request).owners or ()).for_list().filter(id=ask).first()
    if row is None:
        raise NotFound
    return row
