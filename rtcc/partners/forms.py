"""The form by which the agency asks an owner. Times are typed as the room's clocks show them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms

from cameras.models import Camera
from policy.models import Basis
from policy.vocabulary import BasisKind, Mode, OrganisationClass, Purpose
from rtcc import clock
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
# How long a yes is asked for, and how far back it shall reach, in minutes.
FOR_MINUTES = [("15", "15 minutes"), ("60", "1 hour"), ("240", "4 hours"), ("1440", "24 hours")]
BACK_MINUTES = [("0", "from now on"), ("10", "from 10 minutes ago"), ("60", "from an hour ago")]


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


class WatchForm(forms.Form):
    """Which cameras to watch, for what and for how long: each owner is asked for its own."""

    prefix = "watch"
    cameras = forms.MultipleChoiceField(label="Cameras", widget=forms.CheckboxSelectMultiple)
    purpose = forms.ChoiceField(label="Purpose")
    back = forms.TypedChoiceField(
        coerce=int, choices=BACK_MINUTES, label="Recorded pictures", help_text="as far as your grant reaches"
    )
    minutes = forms.TypedChoiceField(coerce=int, choices=FOR_MINUTES, label="Live, for", initial="60")
    note = forms.CharField(
        max_length=500,
        label="What is looked for",
        help_text="in words for the owner, who reads this; no names",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *arguments: Any, basis: Basis, **named: Any) -> None:
        super().__init__(*arguments, **named)
        rows = on_request(clock.now())
        self.fields["cameras"].choices = [(str(row.id), f"{row.name}, {row.owner}") for row in rows]  # type: ignore[attr-defined]
        accepted = {purpose for row in rows for purpose in row.designations_now[0].agreement.purposes}
        self.fields["purpose"].choices = [  # type: ignore[attr-defined]
            (str(each), each.replace("_", " "))
            for each in PURPOSES[BasisKind(basis.kind)]
            if each in accepted
        ]


def on_request(at: datetime) -> list[Camera]:
    """Partners' cameras that are lent only when their owner says yes."""
    rows = Camera.objects.active().filter(owner__kind=OrganisationClass.PARTNER).with_terms(at)
    return [
        row
        for row in rows.order_by("name")
        if row.designations_now and row.designations_now[0].agreement.mode == Mode.ON_REQUEST
    ]
