"""Units on an incident: who is on it, the form that puts a unit on it, and the button that takes one off."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from policy import offers
from policy.models import Person
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.dispatch.actions.assign_unit import assign_unit, clear_unit
from rtcc.dispatch.forms import UnitForm
from rtcc.dispatch.models import Assignment, Incident
from rtcc.dispatch.views import agencies_of
from rtcc.errors import BadInput, Conflict, NotFound


@never_cache
@require_http_methods(["GET", "POST"])
def units(request: HttpRequest, basis: UUID) -> HttpResponse:
    """The units of one incident, for people of its agency."""
    person = cast(Person, request.user)
    incident = _own(person, basis)
    form = UnitForm(request.POST or None, incident=incident)
    if request.method == "POST" and form.is_valid():
        clean = form.cleaned_data
        try:
            row = assign_unit(by=person, basis=basis, unit=clean["unit"], officer=UUID(clean["officer"]))
        except (BadInput, Conflict) as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
        else:
            messages.success(request, f"{row.unit} is on it.")
            return redirect("incident-units", basis=basis)
    context = {
        "incident": incident,
        "form": form,
        "units": Assignment.objects.on_basis(basis).valid_at(clock.now()).select_related("person"),
        "may": offers.is_offered(person, Action.ASSIGN_UNIT, Ref(Kind.BASIS, basis), basis=basis),
    }
    return render(request, "dispatch/units.html", context, status=400 if form.errors else 200)


@require_POST
def clear(request: HttpRequest, basis: UUID, assignment: UUID) -> HttpResponse:
    """Take a unit off the incident."""
    person = cast(Person, request.user)
    _own(person, basis)
    row = clear_unit(by=person, basis=basis, assignment=assignment)
    messages.success(request, f"{row.unit} is off it.")
    return redirect("incident-units", basis=basis)


def _own(person: Person, basis: UUID) -> Incident:
    """The incident, if it is of an agency that the person works for. Raises NotFound."""
    own = Incident.objects.of_agencies(agencies_of(person)).for_list()
    row: Incident | None = own.filter(basis_id=basis).first()
    if row is None:
        raise NotFound
    return row
