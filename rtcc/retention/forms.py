"""The form of a hold. A form checks shapes and makes values; whether somebody may is guard's question."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from cameras.places import places
from rtcc.pages.context import ROOM_ZONE
from rtcc.pages.local_time import TWICE, instants_of

ZONE = ZoneInfo(ROOM_ZONE)


class _Moment(forms.DateTimeField):
    """A local time, typed or picked; `HoldForm` makes an instant of it."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class HoldForm(forms.Form):
    """Cameras, a time, an authority and a matter. Times are typed as the room's clocks show them."""

    cameras = forms.MultipleChoiceField(
        label="Cameras", widget=forms.SelectMultiple(attrs={"size": "8", "data-camera-picker": ""})
    )
    starts_at = _Moment(label="From")
    ends_at = _Moment(label="Until")
    twice = forms.ChoiceField(
        choices=TWICE, required=False, label="That hour came twice on that night. Which one is meant?"
    )
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
        self.places = places()
        choices = [(each["id"], f"{each['name']} ({each['code']})") for each in self.places]
        self.fields["cameras"].choices = choices  # type: ignore[attr-defined]
        self.asks_which = bool(self.data.get("twice"))

    @property
    def shown(self) -> list[forms.BoundField]:
        """The fields of the page; which of two equal hours is asked only when it matters."""
        return [field for field in self if field.name != "twice" or self.asks_which]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for name in ("starts_at", "ends_at"):
            typed = found.get(name)
            if isinstance(typed, datetime):
                found[name] = self._instant(name, typed.replace(tzinfo=None), str(found.get("twice", "")))
        return found

    def _instant(self, name: str, typed: datetime, which: str) -> datetime | None:
        """The instant of what the room's clock showed; asks where it showed it twice, or never did."""
        instants = instants_of(typed, ZONE)
        if not instants:
            self.add_error(name, "The clocks were put forward over that time: it never was.")
            return None
        if len(instants) > 1 and which not in ("0", "1"):
            self.asks_which = True
            self.add_error("twice", "Choose one.")
            return None
        return instants[int(which)] if len(instants) > 1 else instants[0]
