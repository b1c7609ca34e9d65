"""Forms of the page of people."""

from __future__ import annotations

from typing import Any

from django import forms

from policy.accounts.forms import USER_NAME
from policy.actions.change_membership import RoleWords
from policy.models import Organisation
from policy.roles import ROLES
from policy.vocabulary import OrganisationClass, Role

_RANKS = ((0, "civilian"), (1, "officer"), (2, "sergeant"), (3, "captain"))


class RoleForm(forms.Form):
    """A role in an organisation, and why it is given."""

    organisation = forms.ChoiceField(
        label="Organisation", help_text="joining an oversight body takes a yes from that body"
    )
    role = forms.ChoiceField(
        label="Role",
        choices=[(role.value, text.title) for role, text in ROLES.items() if role != Role.SYSTEM],
    )
    rank = forms.TypedChoiceField(label="Rank", choices=_RANKS, coerce=int)
    unit = forms.CharField(label="Unit", max_length=80, required=False)
    certified_until = forms.DateField(
        label="Training certificate valid until",
        required=False,
        help_text="without one nobody watches",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    reason = forms.CharField(label="Why", max_length=300, help_text="one sentence; it stands in the log")

    def __init__(self, *arguments: Any, **words: Any) -> None:
        super().__init__(*arguments, **words)
        chosen = self.fields["organisation"]
        assert isinstance(chosen, forms.ChoiceField)
        rows = Organisation.objects.values_list("kind", "name", "code")
        # The department first: most people who are invited work there.
        ordered = sorted(rows, key=lambda row: (row[0] != OrganisationClass.AGENCY, row[1]))
        chosen.choices = [(code, name) for _, name, code in ordered]

    def words(self) -> RoleWords:
        """What is proposed."""
        given = self.cleaned_data
        return RoleWords(
            organisation=given["organisation"],
            role=Role(given["role"]),
            unit=given["unit"],
            rank=given["rank"],
            certified_until=given["certified_until"],
        )


class InvitationForm(RoleForm):
    """A new account with its first role."""

    field_order = ("name", "username", "organisation", "role", "rank", "unit", "certified_until", "reason")
    name = forms.CharField(label="Name", max_length=120)
    username = forms.CharField(
        label="User name",
        max_length=60,
        validators=[USER_NAME],
        help_text="small letters, digits, dots and hyphens",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off"}),
    )
