"""The form that opens an incident."""

from __future__ import annotations

from django import forms


class IncidentForm(forms.Form):
    """What a call taker knows. The number may follow."""

    number = forms.CharField(
        max_length=60, required=False, label="CAD number", help_text="Empty: the number follows"
    )
    kind = forms.CharField(max_length=80, label="Type of call")
    title = forms.CharField(max_length=200, required=False, label="In one line")
    priority = forms.TypedChoiceField(
        coerce=int,
        choices=[(n, str(n)) for n in range(1, 6)],
        label="Priority",
        help_text="1 is the most urgent",
    )
    place = forms.CharField(max_length=200, label="Place")
    lat = forms.FloatField(min_value=-90, max_value=90, label="Latitude")
    lon = forms.FloatField(min_value=-180, max_value=180, label="Longitude")
