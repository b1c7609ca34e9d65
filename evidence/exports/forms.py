"""The form of an export. It checks shapes and makes values; whether somebody may is the policy's question."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django import forms

from cameras.models import Camera
from evidence.exports.states import RECIPIENT_SAYS, UNREDACTED
from evidence.retention.keeping import Span
from policy.models import Basis
from policy.vocabulary import Recipient
from rtcc.config import config
from rtcc.ids import uuid7

_MOST_BASES = 200


class _Moment(forms.DateTimeField):
    """A time as the site's clocks show it; `ExportForm` makes an instant of it."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")


class ExportForm(forms.Form):
    """For what, which footage, to whom, and why."""

    export = forms.UUIDField(widget=forms.HiddenInput)
    basis = forms.ChoiceField(label="For the request or case")
    cameras = forms.MultipleChoiceField(label="Cameras", widget=forms.CheckboxSelectMultiple)
    starts_at = _Moment(label="From")
    ends_at = _Moment(
        label="Until",
        help_text="as the clocks at the site showed it; where an hour came twice, all of both is taken",
    )
    recipient_class = forms.ChoiceField(
        label="Recipient is",
        choices=[("", "choose"), *((str(r), RECIPIENT_SAYS[r]) for r in Recipient)],
        help_text="Nothing is hidden in an export: it goes to "
        + ", ".join(RECIPIENT_SAYS[r].lower() for r in UNREDACTED)
        + " only. A release to anybody else waits for redaction.",
    )
    recipient = forms.CharField(max_length=200, label="Recipient's name", help_text="person and office")
    standard = forms.CharField(
        max_length=200, label="Legal standard", help_text="the law, rule or order it goes by"
    )
    reason = forms.CharField(
        max_length=500, label="Why, in a sentence", widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *arguments: Any, bases: list[Basis], **named: Any) -> None:
        super().__init__(*arguments, **named)
        rows = Camera.objects.order_by("name").values_list("id", "name", "code")[:1000]
        cameras = [(str(key), f"{name} ({code})") for key, name, code in rows]
        offered = [(str(row.id), f"{row.kind} {row.number}: {row.title}") for row in bases[:_MOST_BASES]]
        self.fields["cameras"].choices = cameras  # type: ignore[attr-defined]
        self.fields["basis"].choices = [("", "choose"), *offered]  # type: ignore[attr-defined]
        self.initial.setdefault("export", uuid7())

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for name, fold in (("starts_at", 0), ("ends_at", 1)):
            typed = found.get(name)
            if isinstance(typed, datetime):
                found[name] = self._instant(name, typed.replace(tzinfo=config.city_zone, fold=fold))
        if found.get("starts_at") and found.get("ends_at") and found["starts_at"] >= found["ends_at"]:
            self.add_error("ends_at", "The end lies before the beginning.")
        return found

    def _instant(self, name: str, typed: datetime) -> datetime | None:
        instant = typed.astimezone(UTC)
        if instant.astimezone(config.city_zone).replace(tzinfo=None) != typed.replace(tzinfo=None):
            self.add_error(name, "The clocks were put forward over that time: it never was.")
            return None
        return instant

    def spans(self) -> list[Span]:
        """The same time of each camera."""
        data = self.cleaned_data
        return [Span(UUID(camera), data["starts_at"], data["ends_at"]) for camera in data["cameras"]]
