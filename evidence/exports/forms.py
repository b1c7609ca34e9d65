"""The form of an export. It checks shapes and makes values; whether somebody may is the policy's question."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms

from cameras.choosing import CamerasField
from evidence.exports.states import RECIPIENT_SAYS, UNREDACTED
from evidence.retention.keeping import Span
from policy.models import Basis
from policy.vocabulary import Recipient
from rtcc.ids import uuid7
from rtcc.local_time import LocalTimesForm, Moment

_MOST_BASES = 200


class ExportForm(LocalTimesForm):
    """For what, which footage, to whom, and why."""

    export = forms.UUIDField(widget=forms.HiddenInput)
    basis = forms.ChoiceField(label="For the request or case")
    cameras = CamerasField()
    starts_at = Moment(label="From", to_the_second=True)
    ends_at = Moment(label="Until", to_the_second=True, help_text="as the city's clocks showed it")
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
        offered = [(str(row.id), _named(row)) for row in bases[:_MOST_BASES]]
        self.places = self.fields["cameras"].offer()  # type: ignore[attr-defined]
        self.fields["basis"].choices = [("", "choose"), *offered]  # type: ignore[attr-defined]
        self.initial.setdefault("export", uuid7())

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if found.get("starts_at") and found.get("ends_at") and found["starts_at"] >= found["ends_at"]:
            self.add_error("ends_at", "The end lies before the beginning.")
        return found

    def spans(self) -> list[Span]:
        """The same time of each camera."""
        data = self.cleaned_data
        return [Span(UUID(camera), data["starts_at"], data["ends_at"]) for camera in data["cameras"]]


def _named(basis: Basis) -> str:
    """A request says what it is in its title."""
    return f"{basis.number}: {basis.title}" if basis.number else f"{basis.kind}: {basis.title}"
