"""Forms of the policy pages. A form checks shapes and makes values; whether somebody may, guard decides."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from django import forms

from policy.parameters import ParameterRow
from policy.publishing.numbers import NewValue
from rtcc.local_time import LocalTimesForm, Moment

_WORD = re.compile(r"[a-z][a-z0-9_]*")


class NumberForm(forms.Form):
    """Another value of one number, from a day on, with the authority that says so."""

    value = forms.CharField(label="New value", max_length=2000)
    begins_on = forms.DateField(
        label="From",
        help_text="a day on the city's clock; what was computed before keeps the value of its day",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    authority = forms.CharField(label="Authority", max_length=300, help_text="who says so")
    citation = forms.CharField(label="Citation", max_length=300, help_text="where it is written")
    override = forms.CharField(
        label="Authority that overrides the floor",
        max_length=300,
        required=False,
        help_text="only where the value is below a floor of the law; without it such a value is refused",
    )
    note = forms.CharField(label="Note", max_length=300, required=False)

    def __init__(self, row: ParameterRow, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.row = row
        unit = "words, separated by commas" if row.unit == "list" else f"a whole number ({row.unit})"
        self.fields["value"].help_text = f"{unit}; now {shown(row)}"
        if row.unit == "list":
            self.fields["value"].widget = forms.Textarea(attrs={"rows": 3})

    def clean_value(self) -> int | tuple[str, ...]:
        typed = self.cleaned_data["value"].strip()
        if self.row.unit != "list":
            if not re.fullmatch(r"[0-9]{1,9}", typed):
                raise forms.ValidationError("A whole number, 0 or more, in digits.")
            return int(typed)
        words = tuple(filter(None, (word.strip() for word in re.split(r"[,\s]+", typed))))
        wrong = [word for word in words if not _WORD.fullmatch(word)]
        if wrong or not words:
            raise forms.ValidationError(
                f"Words in small letters, such as {min(self.row.value)}."
                if isinstance(self.row.value, frozenset) and self.row.value
                else "Words in small letters."
            )
        return words

    def new_value(self) -> NewValue:
        said = self.cleaned_data
        return NewValue(
            key=self.row.key,
            value=said["value"],
            authority=said["authority"],
            citation=said["citation"],
            override=said["override"],
            note=said["note"],
            begins_on=said["begins_on"],
        )


def shown(row: ParameterRow) -> str:
    """A value as people write it."""
    if isinstance(row.value, frozenset):
        return ", ".join(sorted(row.value))
    return {"count": f"{row.value}", "rank": f"rank {row.value}"}.get(row.unit, f"{row.value} {row.unit}")


def day(at: datetime) -> str:
    """The day that a row's id names, which is that of UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d}"


class PartForm(forms.Form):
    """The whole text of one part."""

    text = forms.CharField(
        label="Text",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 28, "spellcheck": "false", "class": "hash", "wrap": "off"}),
    )


class ProposalForm(LocalTimesForm):
    """When a version is to begin, and why."""

    never = "The clocks are put forward over that time: it never is."

    begins = Moment(
        label="In force from",
        required=False,
        help_text="on the city's clock; as soon as it is published where you leave this empty",
    )
    reason = forms.CharField(label="Why", max_length=300, help_text="one sentence; it stands in the log")
