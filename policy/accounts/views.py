"""Signing in and out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.views import LoginView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.models import Authenticator
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from policy.accounts import demo, passkeys, sessions
from policy.accounts.forms import CodeForm, SignInForm
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


class PasswordView(LoginView):  # type: ignore[misc]
    """User name and password; what follows is the second factor, or setting it up."""

    http_method_names = ["get", "post"]
    form_class = SignInForm
    template_name = "sign_in.html"

    def get_context_data(self, **words: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**words)
        context |= {
            "action": "/sign-in/password/",
            "next": _onward(self.request),
            "why": self.request.session.get(sessions.WHY_KEY, ""),
            "demo": demo.is_offered(self.request),
        }
        return context


class CodeView(AuthenticateView):  # type: ignore[misc]
    """The code of the authenticator, or a recovery code."""

    http_method_names = ["get", "post"]
    form_class = CodeForm
    template_name = "totp.html"

    def form_invalid(self, form: Form) -> HttpResponse:
        if "code" not in self.request.POST:
            passkeys.failed(self.request, self.stage.login.user)
        if Person.objects.filter(id=self.stage.login.user.pk, locked_at__isnull=False).exists():
            abandoned: HttpResponse = self.stage.abort()
            return abandoned
        shown: HttpResponse = super().form_invalid(form)
        return shown

    def get_context_data(self, **words: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**words)
        keys = Authenticator.objects.filter(user=self.stage.login.user, type=Authenticator.Type.WEBAUTHN)
        return context | {"action": "/sign-in/code/", "has_passkey": keys.exists()}


password = require_http_methods(["GET", "POST"])(PasswordView.as_view())
code = require_http_methods(["GET", "POST"])(CodeView.as_view())


@login_not_required
@never_cache
@require_http_methods(["GET"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The way in: one click in the demonstration, password and second factor elsewhere."""
    if isinstance(request.user, Person):
        return redirect(_onward(request))
    if not config.demo:
        way_in: HttpResponse = password(request)
        return way_in
    if not demo.is_offered(request):
        return render(request, "sign_in_elsewhere.html", {"address": f"http://localhost:{config.port}/"})
    context = {
        "people": [_door(membership) for membership in demo.people()],
        "action": "/sign-in/demo/",
        "next": _onward(request),
        "why": request.session.get(sessions.WHY_KEY, ""),
    }
    return render(request, "sign_in_demo.html", context)


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
    logout(request)
    return redirect("/sign-in/")


@require_POST
def seen(request: HttpRequest) -> HttpResponse:
    """The page reports that somebody sits before it; the middleware writes it down."""
    return HttpResponse(status=204)
