"""Choosing cameras in a form: a list that a script makes into a search and a map (static/map/cameras.js)."""

from __future__ import annotations

from typing import Any

from django import forms

from cameras.places import places


class CamerasField(forms.MultipleChoiceField):
    """Cameras by their ids. The page gives `offer`'s places to the script as ``camera-places``."""

    def __init__(self, **words: Any) -> None:
        super().__init__(
            label="Cameras",
            widget=forms.SelectMultiple(attrs={"size": "8", "data-camera-picker": ""}),
            **words,
        )

    def offer(self) -> list[dict[str, Any]]:
        """Fill in the choices; the cameras with their places."""
        found = places()
        self.choices = [(each["id"], f"{each['name']} ({each['code']})") for each in found]
        return found
