"""The start page of each role, and the pages for errors."""

from __future__ import annotations

import sys

from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET

from policy.models import Membership, Person
from policy.vocabulary import Role
from rtcc import clock
from rtcc.errors import DatabaseAway, NotFound
from rtcc.middleware import answer, as_problem, wants_json

# Where each role begins its day; the first that a person holds counts.
FIRST_PAGE: dict[Role, str] = {
    Role.ANALYST: "incidents",
    Role.SUPERVISOR: "board:home",
    Role.RECORDS_OFFICER: "requests:list",
    Role.LEGAL_REVIEWER: "requests:list",
    Role.AUDITOR: "oversight:report",
    Role.OUTSIDE_REVIEWER: "oversight:report",
    Role.PARTNER: "partners:desk",
    Role.POLICY_OWNER: "cameras:list",
    Role.OPERATOR: "cameras:list",
    Role.OFFICER: "cameras:list",
    Role.SYSTEM: "cameras:list",
}


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Straight to the page on which the person's work begins."""
    assert isinstance(request.user, Person)
    roles = Membership.objects.of_person(request.user.id).valid_at(clock.now()).values_list("role", flat=True)
    for role in FIRST_PAGE:
        if role in set(roles):
            return redirect(FIRST_PAGE[role])
    return render(request, "no_membership.html")


@login_not_required
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)


@login_not_required
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


@login_not_required
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, NotFound())


@login_not_required
def server_error(request: HttpRequest) -> HttpResponse:
    """A bare answer: the text of an unknown error may hold what nobody should read. A database that does not
    answer is known, and will answer again.
    """
    if not isinstance(sys.exception(), OperationalError | InterfaceError):
        return HttpResponse(render_to_string("500.html"), status=500)
    away = DatabaseAway()
    if wants_json(request):
        return as_problem(away)
    # Without the request: what every page says of who is signed in would ask the database.
    return HttpResponse(render_to_string("503.html"), status=away.status, headers=dict(away.headers))
