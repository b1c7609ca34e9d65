"""The form of a hold. A form checks shapes and makes values; whether somebody may is guard's question."""

from __future__ import annotations

from typing import Any

from django import forms

from cameras.choosing import CamerasField
from rtcc.local_time import LocalTimesForm, Moment


class HoldForm(LocalTimesForm):
    """Cameras, a time, an authority and a matter. Times are typed as the room's clocks show them."""

    cameras = CamerasField()
    starts_at = Moment(label="From")
    ends_at = Moment(label="Until")
    authority = forms.CharField(
        max_length=200, label="Authority", help_text="the order, letter or law that demands it, with its date"
    )
    matter = forms.CharField(max_length=200, label="Matter", help_text="case, claim or request number")
    reason = forms.CharField(
        max_length=500, required=False, label="In a sentence", widget=forms.Textarea(attrs={"rows": 2})
    )
    review_on = forms.DateField(
        required=False,
        label="Review on",
        help_text="at most six months ahead, which is also what stands where you leave this empty",
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.places = self.fields["cameras"].offer()  # type: ignore[attr-defined]
