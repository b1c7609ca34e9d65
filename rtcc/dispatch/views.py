"""The list of incidents and the form that opens one."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cameras.places import places
from policy.actions.justify_exigent import justify_exigent
from policy.actions.verify_basis import verify_basis
from policy.models import Membership, Obligation, Person
from policy.vocabulary import ObligationKind, Role
from rtcc import clock
from rtcc.config import config
from rtcc.dispatch.actions.open_incident import open_incident
from rtcc.dispatch.forms import IncidentForm
from rtcc.dispatch.models import Incident
from rtcc.dispatch.nearest import purpose_of, watchable
from rtcc.errors import BadInput, NotFound
from rtcc.live.actions.open_viewing import open_viewing
from rtcc.live.models import Viewing

PAGE = 50


def agencies_of(person: Person) -> list[UUID]:
    """The agencies in which the person works now."""
    memberships = Membership.objects.of_person(person.id).valid_at(clock.now())
    return list(memberships.values_list("organisation_id", flat=True))


def may_verify(person: Person) -> bool:
    """Whether the form that verifies a number is offered; whether it may be used, the act decides."""
    memberships = Membership.objects.of_person(person.id).valid_at(clock.now())
    return memberships.filter(role=Role.SUPERVISOR).exists()


@require_GET
def incidents(request: HttpRequest) -> HttpResponse:
    """Open incidents of the person's own agency, the most urgent first."""
    person = cast(Person, request.user)
    rows = Incident.objects.of_agencies(agencies_of(person)).open_at(clock.now()).for_list()
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "dispatch/incidents.html",
        {"page": page, "new_url": reverse("incident-new"), "may_verify": may_verify(person)},
    )


@require_http_methods(["GET", "POST"])
def new_incident(request: HttpRequest) -> HttpResponse:
    """The form that opens an incident."""
    form = IncidentForm(request.POST or None, places=places())
    if request.method == "POST" and form.is_valid():
        open_incident(by=cast(Person, request.user), **form.cleaned_data)
        return redirect("incidents")
    context = {"form": form, "action": reverse("incident-new"), "tiles": config.map_tiles}
    return render(request, "dispatch/form.html", context)


@require_POST
def watch(request: HttpRequest, basis: UUID) -> HttpResponse:
    """Enter on an incident: the nearest cameras that see its place, in one act."""
    person = cast(Person, request.user)
    incident = Incident.objects.for_list().filter(basis_id=basis).first()
    if incident is None:
        raise NotFound()
    if Viewing.objects.wanted().of_person(person.id).on_basis(basis, clock.now()).exists():
        # The same question again: the pictures stand on the wall already, and one entry is enough.
        return redirect("wall")
    cameras = watchable(incident, clock.now())
    if not cameras:
        raise BadInput("No camera sees that place.", field="place")
    open_viewing(
        by=person, basis=basis, cameras=[camera.id for camera in cameras], purpose=purpose_of(incident)
    )
    return redirect("wall")


@require_POST
def verify(request: HttpRequest, basis: UUID) -> HttpResponse:
    """Somebody else than the opener says that the number is real, or that it is not."""
    verify_basis(
        by=cast(Person, request.user),
        basis=basis,
        number=request.POST.get("number", ""),
        stands=request.POST.get("stands") == "yes",
    )
    return redirect("incidents")


@require_GET
def due(request: HttpRequest) -> HttpResponse:
    """What the person owes, the most overdue first."""
    person = cast(Person, request.user)
    # Owners and oversight are told by the report; what takes an act of the person is the justification.
    owed = Obligation.objects.open().owed_by(person.id).filter(kind=ObligationKind.JUSTIFY)
    rows = owed.select_related("grant__basis")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    written = Obligation.objects.owed_by(person.id).filter(
        kind=ObligationKind.JUSTIFY, discharged_at__isnull=False
    )
    context = {
        "page": page,
        "now": clock.now(),
        "written": written.select_related("grant__basis", "review__person").order_by("-discharged_at")[:10],
    }
    return render(request, "due.html", context)


@require_POST
def justify(request: HttpRequest, obligation: UUID) -> HttpResponse:
    """The written justification of an exigent access."""
    justify_exigent(
        by=cast(Person, request.user), obligation=obligation, answer=request.POST.get("answer", "")
    )
    return redirect("due")
