"""Pages around letting the agency watch: it asks, the owner says yes or no, and takes a yes back."""

from __future__ import annotations

from datetime import timedelta
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from policy.models import Person
from policy.vocabulary import Purpose
from rtcc import clock
from rtcc.errors import BadInput, Conflict
from rtcc.partners.actions.answer_ask import say_no, say_yes, take_back
from rtcc.partners.actions.ask_to_watch import ask_to_watch
from rtcc.partners.ask_views import SHORTER_MINUTES, asks_page, own_ask, own_basis
from rtcc.partners.forms import AskForm, WatchForm


@require_POST
def ask(request: HttpRequest, basis: UUID) -> HttpResponse:
    """Ask the owners of the cameras chosen, one act for each."""
    person = cast(Person, request.user)
    row = own_basis(person, basis)
    form = WatchForm(request.POST, basis=row)
    if not form.is_valid():
        return asks_page(request, row, AskForm(basis=row), form)
    clean, now = form.cleaned_data, clock.now()
    asked = []
    for camera in clean["cameras"]:
        try:
            asked.append(
                ask_to_watch(
                    by=person, basis=basis, purpose=Purpose(clean["purpose"]), camera=UUID(camera),
                    starts_at=now - timedelta(minutes=clean["back"]),
                    ends_at=now + timedelta(minutes=clean["minutes"]), note=clean["note"],
                )
            )  # fmt: skip
        except (BadInput, Conflict) as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
    if form.errors:
        return asks_page(request, row, AskForm(basis=row), form)
    names = ", ".join(sorted({each.owner.name for each in asked}))
    messages.success(request, f"Asked: {names}. The answer will stand here.")
    return redirect("partners:asks", basis=basis)


@require_POST
def yes(request: HttpRequest, ask: UUID) -> HttpResponse:
    """The owner says yes, for as long as was asked for or for so many minutes."""
    row = own_ask(request, ask)
    text = request.POST.get("minutes", "")
    if text and text not in {str(each) for each in SHORTER_MINUTES}:
        raise BadInput("Choose one of the lengths of the list.", field="minutes")
    until = clock.now() + timedelta(minutes=int(text)) if text else None
    say_yes(by=cast(Person, request.user), ask=row.id, until=until)
    messages.success(request, "You said yes. You can take it back at any moment.")
    return redirect("partners:desk")


@require_POST
def no(request: HttpRequest, ask: UUID) -> HttpResponse:
    """The owner says no."""
    row = own_ask(request, ask)
    why = request.POST.get("why", "").replace("\x00", "")
    say_no(by=cast(Person, request.user), ask=row.id, why=why)
    messages.success(request, "You said no. The camera stays closed to them.")
    return redirect("partners:desk")


@require_POST
def back(request: HttpRequest, ask: UUID) -> HttpResponse:
    """The owner takes a yes back."""
    row = own_ask(request, ask)
    take_back(by=cast(Person, request.user), ask=row.id)
    messages.success(request, "Taken back: the pictures stop within two seconds.")
    return redirect("partners:desk")
