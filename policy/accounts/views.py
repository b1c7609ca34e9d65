"""Signing in and out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from audit.record import record
from audit.vocabulary import Event, Outcome
from policy import epoch
from policy.accounts import demo
from policy.accounts.whereabouts import of_request
from policy.models import Membership, Person
from policy.roles import ROLES
from policy.vocabulary import Role
from rtcc.config import config
from rtcc.errors import BadInput


def _onward(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}) else "/"


def _door(membership: Membership) -> dict[str, Any]:
    role = ROLES[Role(membership.role)]
    return {
        "id": membership.person_id,
        "name": membership.person.display_name,
        "role_title": role.title,
        "organisation": membership.organisation.name,
        "what": role.description,
    }


@login_not_required
@never_cache
@require_http_methods(["GET"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The way in: one click in the demonstration, password and second factor elsewhere."""
    if isinstance(request.user, Person):
        return redirect(_onward(request))
    if not demo.is_offered(request):
        return render(request, "sign_in_elsewhere.html", {"address": f"http://localhost:{config.port}/"})
    people = [_door(membership) for membership in demo.people()]
    return render(
        request, "sign_in_demo.html", {"people": people, "action": "/sign-in/demo/", "next": _onward(request)}
    )


@login_not_required
@require_POST
def sign_in_demo(request: HttpRequest) -> HttpResponse:
    """Sign in as one person of the demonstration."""
    try:
        person = UUID(request.POST.get("person", ""))
    except ValueError as error:
        raise BadInput("Choose a person from the list.", field="person") from error
    demo.sign_in_as(request, person)
    return redirect(_onward(request))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; everything that was watched in it ends with it."""
    person = request.user
    assert isinstance(person, Person)
    with transaction.atomic(durable=True):
        record(
            Event.SESSION_ENDED,
            outcome=Outcome.PERMIT,
            actor=person.id,
            actor_name=person.display_name,
            **of_request(request),
        )
        epoch.bump_person(person.id)
    logout(request)
    return redirect("/sign-in/")
