"""The page of one's API tokens; operators and supervisors also see those of others, to revoke them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from policy.models import Membership, Person
from policy.vocabulary import Action, Role
from rtcc import clock
from rtcc.api import tokens as kept
from rtcc.api.actions.issue_token import issue_token
from rtcc.api.actions.revoke_token import revoke_token
from rtcc.api.models import Token
from rtcc.errors import BadInput

_MOST = 200
_REVOKERS = {Role.OPERATOR, Role.SUPERVISOR}


class TokenForm(forms.Form):
    """What a token is for, which acts it reaches, and how long it lasts."""

    name = forms.CharField(
        max_length=80, label="What is it for?", help_text="dispatch bridge, monthly report"
    )
    scopes = forms.MultipleChoiceField(
        label="What may it do?",
        help_text="it never does more than you may do yourself",
        choices=[(action.value, says[0].upper() + says[1:]) for action, says in kept.SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(min_value=1, label="Days that it lasts", initial=30)


def _rows(rows: Any) -> list[dict[str, Any]]:
    now = clock.now()
    return [
        {
            "row": row,
            "does": [kept.SCOPES[Action(scope)] for scope in row.scopes if scope in kept.SCOPES],
            "open": row.revoked_at is None and row.expires_at > now,
        }
        for row in rows
    ]


@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """One's tokens, and the form that makes one. The new token stands on the answer to the form alone."""
    person = cast(Person, request.user)
    form = TokenForm(request.POST or None)
    made: tuple[Token, str] | None = None
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            made = issue_token(
                by=person,
                name=said["name"],
                scopes=[Action(scope) for scope in said["scopes"]],
                lasts=timedelta(days=min(said["days"], 10_000)),
            )
            form = TokenForm()
        except BadInput as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
    roles = set(Membership.objects.of_person(person.id).valid_at(clock.now()).values_list("role", flat=True))
    others = Token.objects.none()
    if roles & _REVOKERS:
        others = Token.objects.standing_at(clock.now()).exclude(person=person).select_related("person")
    context = {
        "form": form,
        "made": made[0] if made else None,
        "secret": made[1] if made else "",
        "rows": _rows(Token.objects.of_person(person.id)[:_MOST]),
        "others": _rows(others[:_MOST]),
    }
    return render(request, "api/tokens.html", context)


@require_POST
def revoke(request: HttpRequest, token: UUID) -> HttpResponse:
    """End a token at once."""
    row = revoke_token(by=cast(Person, request.user), token=token)
    messages.success(request, f"Revoked. The token {row.name} opens nothing any more.")
    return redirect("tokens")
