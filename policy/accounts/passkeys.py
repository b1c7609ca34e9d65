"""Passkeys (WebAuthn Level 2) as a second factor besides the authenticator: register, name, remove.

What is kept of a passkey is its public key and its id; the private key never leaves the device. Its answer is
bound to this site's name and origin, so a page elsewhere that looks like ours gets nothing that works here.
"""

from __future__ import annotations

from typing import Any, cast

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn.internal import auth as webauthn
from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from audit.record import record
from audit.vocabulary import Event, Outcome
from policy.accounts import lock, whereabouts
from policy.accounts.adapter import WRONG_CODE
from policy.models import Person
from rtcc.errors import BadInput, Conflict, NotFound

MOST = 10
MOST_LETTERS = 60
# A second factor: one of these is asked for at each sign-in.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class PasskeyForm(forms.Form):
    """A name, and what the device answered. Whoever has an authenticator also shows its code: a session that
    was left open must not be enough to add a way in.
    """

    name = forms.CharField(
        max_length=MOST_LETTERS, label="Name of the device", help_text="key ring, work telephone"
    )
    code = forms.CharField(
        max_length=12,
        label="The six digits that your authenticator shows",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
    credential = forms.JSONField(widget=forms.HiddenInput)

    def __init__(self, person: Person, *arguments: Any, **words: Any) -> None:
        super().__init__(*arguments, **words)
        self.totp = Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).first()
        if self.totp is None:
            del self.fields["code"]

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if not TOTP(self.totp).validate_code(code):
            raise forms.ValidationError(WRONG_CODE)
        return code

    def clean_credential(self) -> dict[str, Any]:
        credential = self.cleaned_data["credential"]
        if not isinstance(credential, dict):
            raise forms.ValidationError("The device's answer cannot be read. Try again.")
        webauthn.parse_registration_response(credential)
        webauthn.complete_registration(credential)
        return credential


@never_cache
@require_http_methods(["GET", "POST"])
def passkeys(request: HttpRequest) -> HttpResponse:
    """One's passkeys, and the form that registers one."""
    person = cast(Person, request.user)
    form = PasskeyForm(person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        _add(request, person, form.cleaned_data["name"], form.cleaned_data["credential"])
        messages.success(request, "Registered. From now on you can sign in with it after your password.")
        return redirect("passkeys")
    rows = Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN).order_by("created_at")
    context = {
        "form": form,
        "rows": [{"row": row, "name": row.data["name"], "removable": _others(person, row)} for row in rows],
        "options": webauthn.begin_registration(person, passwordless=False),
    }
    return render(request, "accounts/passkeys.html", context)


def _add(request: HttpRequest, person: Person, name: str, credential: dict[str, Any]) -> None:
    with transaction.atomic(durable=True):
        Person.objects.select_for_update().get(id=person.id)
        if Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN).count() >= MOST:
            raise BadInput(f"You have {MOST} passkeys. Remove one that you do not use.")
        row = webauthn.WebAuthn.add(person, name, credential).instance
        _enter(Event.PASSKEY_ADDED, request, person, row)


def _enter(event: Event, request: HttpRequest, person: Person, row: Authenticator) -> None:
    record(
        event,
        outcome=Outcome.PERMIT,
        actor=person.id,
        actor_name=person.display_name,
        reason=f"passkey {row.data['name']}",
        **whereabouts.of_request(request),
    )


def _others(person: Person, row: Authenticator) -> bool:
    """Whether another second factor is left without this one."""
    return bool(Authenticator.objects.filter(user=person, type__in=FACTORS).exclude(pk=row.pk).exists())


def _own(person: Person, passkey: int) -> Authenticator:
    """One of the person's own, while nothing else of their account is changed. Raises NotFound."""
    Person.objects.select_for_update().get(id=person.id)
    mine = Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN)
    row: Authenticator | None = mine.filter(pk=passkey).first()
    if row is None:
        raise NotFound()
    return row


@require_POST
def rename(request: HttpRequest, passkey: int) -> HttpResponse:
    """Give a passkey another name, by which its owner tells it from the others."""
    person = cast(Person, request.user)
    name = " ".join(request.POST.get("name", "").replace("\x00", "").split())
    if not 0 < len(name) <= MOST_LETTERS:
        raise BadInput(f"Give it a name of at most {MOST_LETTERS} letters.", field="name")
    with transaction.atomic(durable=True):
        row = _own(person, passkey)
        if name != row.data["name"]:
            row.data["name"] = name
            row.save(update_fields=["data"])
            _enter(Event.PASSKEY_RENAMED, request, person, row)
    messages.success(request, f"It is called {name} now.")
    return redirect("passkeys")


@require_POST
def remove(request: HttpRequest, passkey: int) -> HttpResponse:
    """Remove a passkey; never the last second factor."""
    person = cast(Person, request.user)
    with transaction.atomic(durable=True):
        row = _own(person, passkey)
        if not _others(person, row):
            raise Conflict("This is your last second factor. Register another one first.")
        _enter(Event.PASSKEY_REMOVED, request, person, row)
        row.delete()
    messages.success(request, "Removed. If the device is lost, end your other sessions as well.")
    return redirect("passkeys")


def failed(request: HttpRequest, person: Person) -> None:
    """A passkey's answer that does not verify counts like a wrong code."""
    where = whereabouts.of_request(request)
    lock.note_failure(person.id, lock.WRONG_PASSKEY, address=where["address"], device=where["device"])
