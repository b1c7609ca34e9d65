"""The form by which the agency asks an owner. Times are typed as the room's clocks show them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms

from cameras.models import Camera
from policy.models import Basis
from policy.vocabulary import BasisKind, OrganisationClass, Purpose
from rtcc.partners.accesses import ZONE

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
TWICE = [
    ("", "it came once"),
    ("0", "the first time, before the clocks went back"),
    ("1", "the second time, after"),
]


class _Moment(forms.DateTimeField):
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


def instant(typed: datetime, which: str) -> datetime | None:
    """The instant at which the room's clock showed a time; None where it showed it twice and nobody said
    which. Raises ValidationError for a time that never was.
    """
    first, second = (typed.replace(tzinfo=ZONE, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if first.astimezone(UTC).astimezone(ZONE).replace(tzinfo=None) != typed.replace(tzinfo=None):
        raise forms.ValidationError("The clocks were put forward over that time: it never was.")
    return (first, second)[int(which)].astimezone(UTC) if which in ("0", "1") else None


class AskForm(forms.Form):
    """Which camera, which time, and what is looked for."""

    camera = forms.ChoiceField(label="Camera")
    purpose = forms.ChoiceField(label="Purpose")
    starts_at = _Moment(label="From")
    ends_at = _Moment(label="Until")
    twice = forms.ChoiceField(
        choices=TWICE, required=False, label="If that hour came twice on that night: which one?"
    )
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

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for name in ("starts_at", "ends_at"):
            typed = found.get(name)
            if not isinstance(typed, datetime):
                continue
            try:
                found[name] = instant(typed.replace(tzinfo=None), str(found.get("twice", "")))
            except forms.ValidationError as error:
                self.add_error(name, error)
                continue
            if found[name] is None:
                self.add_error("twice", "That hour came twice. Choose one.")
        return found
