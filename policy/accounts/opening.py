"""Opening an account: password by a one-time link, then the authenticator, then the recovery codes."""

from __future__ import annotations

import base64
from typing import cast

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from audit.record import record
from audit.vocabulary import Event, Outcome
from policy.accounts import invitations, sessions, whereabouts
from policy.accounts.adapter import MfaAdapter
from policy.accounts.forms import FirstPersonForm, PasswordForm, SetUpForm
from policy.models import Invitation, Organisation, Person
from policy.roles import ROLES
from policy.vocabulary import OrganisationClass, Role

# While it is being set up the secret waits in the session, encrypted like the stored one.
_SECRET = "watchlight_new_secret"
_CODES_DUE = "watchlight_codes_due"


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Use a one-time link: name (of the first people) and password."""
    link = invitations.find(token)
    form = _form(link, request)
    if request.method == "POST" and form.is_valid():
        person = _open(link, form)
        logout(request)
        record_authentication(request, person, "one-time link")
        login(request, person, backend="policy.accounts.backend.Backend")
        return redirect("authenticator")
    context = {
        "form": form,
        "action": request.path,
        "person": link.person,
        "role": ROLES[Role(link.role)] if link.role else None,
    }
    return render(request, "accounts/welcome.html", context)


def _form(link: Invitation, request: HttpRequest) -> PasswordForm:
    given = request.POST if request.method == "POST" else None
    if link.person is not None:
        return PasswordForm(link.person, given)
    agency = Organisation.objects.filter(kind=OrganisationClass.AGENCY).exists()
    return FirstPersonForm(given, needs_department=not agency)


def _open(link: Invitation, form: PasswordForm) -> Person:
    given = form.cleaned_data
    if link.person is not None:
        return invitations.open_account(link, given["password"])
    return invitations.open_first(
        link,
        department=given.get("department", ""),
        name=given["name"],
        username=given["username"],
        password=given["password"],
    )


@never_cache
@require_http_methods(["GET", "POST"])
def authenticator(request: HttpRequest) -> HttpResponse:
    """Set up the authenticator; who has one is led on."""
    person = cast(Person, request.user)
    if Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).exists():
        return redirect("recovery-codes" if request.session.get(_CODES_DUE) else "/")
    adapter = MfaAdapter()
    if _SECRET not in request.session:
        request.session[_SECRET] = adapter.encrypt(generate_totp_secret())
    secret = adapter.decrypt(request.session[_SECRET])
    form = SetUpForm(secret, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        _secure(request, person, secret)
        return redirect("recovery-codes")
    drawn = adapter.build_totp_svg(adapter.build_totp_url(person, secret))
    url = "data:image/svg+xml;base64," + base64.b64encode(drawn.encode()).decode()
    spaced = " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))
    context = {"form": form, "action": request.path, "setup": {"qr_url": url, "secret": spaced}}
    return render(request, "totp.html", context)


def _secure(request: HttpRequest, person: Person, secret: str) -> None:
    session = whereabouts.session_of(request)
    assert session is not None
    with transaction.atomic(durable=True):
        record(
            Event.ACCOUNT_SECURED,
            outcome=Outcome.PERMIT,
            actor=person.id,
            actor_name=person.display_name,
            reason="authenticator and recovery codes set up",
            **whereabouts.of_request(request),
        )
        TOTP.activate(person, secret)
        RecoveryCodes.activate(person)
        del request.session[_SECRET]
        request.session[_CODES_DUE] = True
        sessions.strengthen(request, session)


@never_cache
@require_http_methods(["GET", "POST"])
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """The recovery codes, until the person says that they are written down; never again after that."""
    if not request.session.get(_CODES_DUE):
        return redirect("/")
    if request.method == "POST":
        del request.session[_CODES_DUE]
        return redirect("/")
    row = Authenticator.objects.get(user=request.user, type=Authenticator.Type.RECOVERY_CODES)
    context = {"codes": RecoveryCodes(row).get_unused_codes(), "action": request.path}
    return render(request, "accounts/recovery_codes.html", context)
