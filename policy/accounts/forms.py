"""Forms of signing in and of opening an account."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.totp.internal.auth import validate_totp_code
from django import forms
from django.contrib.auth import password_validation
from django.core.validators import RegexValidator

from policy.accounts.adapter import WRONG_CODE
from policy.models import Person

_CODE = forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True})
USER_NAME = RegexValidator(r"^[a-z][a-z0-9.-]{1,58}[a-z0-9]$", "Use small letters, digits, dots and hyphens.")


class SignInForm(LoginForm):  # type: ignore[misc]
    """User name and password, in our words."""

    def __init__(self, *arguments: Any, **words: Any) -> None:
        super().__init__(*arguments, **words)
        name, password = self.fields["login"], self.fields["password"]
        name.label, password.label, password.help_text = "User name", "Password", ""
        name.widget.attrs = {"autocomplete": "username", "autocapitalize": "none", "autofocus": True}
        password.widget.attrs = {"autocomplete": "current-password"}


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    """The code of an authenticator, or a recovery code."""

    code = forms.CharField(label="Code", max_length=20, widget=_CODE)


class SetUpForm(forms.Form):
    """The first code of a new authenticator, which shows that it was set up."""

    code = forms.CharField(label="The six digits that the app shows", max_length=12, widget=_CODE)

    def __init__(self, secret: str, *arguments: Any, **words: Any) -> None:
        super().__init__(*arguments, **words)
        self.secret = secret

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if not validate_totp_code(self.secret, code):
            raise forms.ValidationError(WRONG_CODE)
        return code


class PasswordForm(forms.Form):
    """Choosing a password for one's own account."""

    password = forms.CharField(
        label="Password",
        max_length=200,
        help_text="At least 12 characters; a few words in a row are easiest to keep in mind.",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="The same password again",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, person: Person | None, *arguments: Any, **words: Any) -> None:
        super().__init__(*arguments, **words)
        self.person = person

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        password, again = given.get("password"), given.get("again")
        if password and again and password != again:
            self.add_error("again", "The two are not the same.")
        elif password:
            try:
                password_validation.validate_password(password, self.person or self.account())
            except forms.ValidationError as error:
                self.add_error("password", error)
        return given

    def account(self) -> Person | None:
        """The account that is being made, for comparison with the password."""
        return None


class FirstPersonForm(PasswordForm):
    """One of the first people of a new system; the first of all also names the department."""

    field_order = ("department", "name", "username", "password", "again")
    department = forms.CharField(
        label="Name of the department", max_length=200, help_text="as it stands in the log and on reports"
    )
    name = forms.CharField(
        label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    username = forms.CharField(
        label="User name",
        max_length=60,
        validators=[USER_NAME],
        help_text="small letters, digits, dots and hyphens",
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )

    def __init__(self, *arguments: Any, needs_department: bool, **words: Any) -> None:
        super().__init__(None, *arguments, **words)
        if not needs_department:
            del self.fields["department"]

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if Person.objects.filter(username=name).exists():
            raise forms.ValidationError("Somebody has this name already.")
        return name

    def account(self) -> Person | None:
        given = self.cleaned_data
        return Person(username=given.get("username", ""), display_name=given.get("name", ""))
