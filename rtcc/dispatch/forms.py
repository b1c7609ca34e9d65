"""The form that opens an incident."""

from __future__ import annotations

from typing import Any

from django import forms

from cameras.places import corners
from rtcc.dispatch.actions.assign_unit import officers_of
from rtcc.dispatch.models import Incident

MOST_NAMED = 5


class IncidentForm(forms.Form):
    """What a call taker knows. The number may follow; a place is a corner by name, or a point picked."""

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
    place = forms.CharField(
        max_length=200,
        label="Place",
        help_text="A street corner where a camera stands is found by its name; pick any other on the map",
        widget=forms.TextInput(attrs={"list": "corners", "autocomplete": "off"}),
    )
    lat = forms.FloatField(min_value=-90, max_value=90, label="Latitude", required=False)
    lon = forms.FloatField(min_value=-180, max_value=180, label="Longitude", required=False)

    def __init__(self, *arguments: Any, places: list[dict[str, Any]], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.places = places

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if "lat" in self.errors or "lon" in self.errors or not found.get("place"):
            return found
        if found.get("lat") is not None and found.get("lon") is not None:
            return found
        matching = corners(self.places, found["place"])
        if len(matching) == 1:
            found["lon"], found["lat"] = matching[0].point
        elif matching:
            named = "; ".join(corner.name for corner in matching[:MOST_NAMED])
            self.add_error("place", f"More than one corner matches. Which one: {named}?")
        else:
            self.add_error("place", "No camera's corner has that name. Pick the place on the map.")
        return found


class UnitForm(forms.Form):
    """A call sign, and the officer in the unit."""

    unit = forms.CharField(
        max_length=20,
        label="Unit",
        help_text="its call sign, such as 4-12",
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    officer = forms.ChoiceField(label="Officer")

    def __init__(self, *arguments: Any, incident: Incident, **named: Any) -> None:
        super().__init__(*arguments, **named)
        rows = officers_of(incident).select_related("person").order_by("person__display_name")
        self.fields["officer"].choices = [  # type: ignore[attr-defined]
            (str(row.person_id), f"{row.person.display_name}{f', {row.unit}' if row.unit else ''}")
            for row in rows
        ]
