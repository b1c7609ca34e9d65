"""The form by which the agency asks an owner. Times are typed as the room's clocks show them."""

from __future__ import annotations

from typing import Any

from django import forms

from cameras.models import Camera
from policy.models import Basis
from policy.vocabulary import BasisKind, OrganisationClass, Purpose
from rtcc.local_time import LocalTimesForm, Moment

# What an owner may be asked for on each kind of basis; a request serves itself alone.
PURPOSES: dict[BasisKind, tuple[Purpose, ...]] = {
    kind: (
        (Purpose.RECORDS_REQUEST,)
        if kind is BasisKind.REQUEST
        else (
            Purpose.INVESTIGATION, Purpose.EMERGENCY_CALL, Purpose.CRIME_IN_PROGRESS, Purpose.MISSING_PERSON,
            Purpose.TRAFFIC_SAFETY, Purpose.EVENT_SAFETY,
        )
    )
    for kind in BasisKind
}  # fmt: skip


class AskForm(LocalTimesForm):
    """Which camera, which time, and what is looked for."""

    camera = forms.ChoiceField(label="Camera")
    purpose = forms.ChoiceField(label="Purpose")
    starts_at = Moment(label="From")
    ends_at = Moment(label="Until")
    note = forms.CharField(
        max_length=500,
        label="What is looked for",
        help_text="in words for the owner, who reads this; no names",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *arguments: Any, basis: Basis, **named: Any) -> None:
        super().__init__(*arguments, **named)
        rows = Camera.objects.active().filter(owner__kind=OrganisationClass.PARTNER).select_related("owner")
        self.fields["camera"].choices = [(str(row.id), f"{row.name}, {row.owner}") for row in rows]  # type: ignore[attr-defined]
        self.fields["purpose"].choices = [  # type: ignore[attr-defined]
            (str(each), each.replace("_", " ")) for each in PURPOSES[BasisKind(basis.kind)]
        ]
