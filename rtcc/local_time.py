"""Local times that people type: a clock change makes one of them mean two instants, or none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from rtcc import clock

TWICE = [
    ("", "choose"),
    ("0", "the first time, before the clocks went back"),
    ("1", "the second time, after"),
]
ASKS = "That hour comes twice on that night. Which one is meant?"
NEVER_WAS = "The clocks were put forward over that time: it never was."
_WHICH = "_which"


def instants_of(typed: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The instants (UTC, in order) at which clocks of the zone showed a naive local time: one; two in the
    hour that comes twice; none in the hour that is left out (PEP 495).
    """
    first, second = (typed.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return (first.astimezone(UTC),)
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != typed:
        return ()
    return (first.astimezone(UTC), second.astimezone(UTC))


class Moment(forms.DateTimeField):
    """A local time as the clocks of the place show it, typed or picked; naive. ``to_the_second``: for footage
    that is known to the second.
    """

    def __init__(self, *, to_the_second: bool = False, **words: Any) -> None:
        more = {"step": "1"} if to_the_second else {}
        self.format = "%Y-%m-%dT%H:%M:%S" if to_the_second else "%Y-%m-%dT%H:%M"
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"} | more, format=self.format)
        super().__init__(widget=widget, **words)

    def to_python(self, value: Any) -> Any:
        found = super().to_python(value)
        return found.replace(tzinfo=None) if isinstance(found, datetime) else found


class LocalTimesForm(forms.Form):
    """A form whose `Moment` fields become instants (UTC). Beside each stands a question, shown only where the
    typed hour comes twice: which of the two is meant.
    """

    never = NEVER_WAS

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        with_questions: dict[str, forms.Field] = {}
        for name, field in self.fields.items():
            with_questions[name] = field
            if isinstance(field, Moment):
                with_questions[name + _WHICH] = forms.ChoiceField(choices=TWICE, required=False, label=ASKS)
        self.fields = with_questions
        given = self.data if self.is_bound else self.initial
        self.asks = {name for name in self._questions() if given.get(self.add_prefix(name))}

    def _questions(self) -> set[str]:
        return {name + _WHICH for name, field in self.fields.items() if isinstance(field, Moment)}

    @property
    def shown(self) -> list[forms.BoundField]:
        """The fields of the page; which of two equal hours is asked only where it matters."""
        silent = self._questions() - self.asks
        return [field for field in self.visible_fields() if field.name not in silent]

    def zone_of_times(self) -> ZoneInfo:
        """Whose clocks showed the times: the city's, where a form does not say otherwise."""
        return clock.city()

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for name, field in self.fields.items():
            if isinstance(field, Moment) and isinstance(found.get(name), datetime):
                found[name] = self._instant(name, found[name])
        return found

    def _instant(self, name: str, typed: datetime) -> datetime | None:
        try:
            instants = instants_of(typed, self.zone_of_times())
        except OverflowError:
            self.add_error(name, "That is no time that a clock shows.")
            return None
        if not instants:
            self.add_error(name, self.never)
            return None
        which = str(self.data.get(self.add_prefix(name + _WHICH), ""))
        if len(instants) > 1 and which not in ("0", "1"):
            self.asks.add(name + _WHICH)
            self.add_error(name + _WHICH, "Choose one.")
            return None
        return instants[int(which)] if len(instants) > 1 else instants[0]


def typed_as(name: str, instant: datetime, zone: ZoneInfo, to_the_second: bool = True) -> dict[str, str]:
    """What to begin a field of a `LocalTimesForm` with so that it means this instant."""
    local = instant.astimezone(zone)
    naive = local.replace(tzinfo=None, microsecond=0)
    said = {name: naive.isoformat(timespec="seconds" if to_the_second else "minutes")}
    if len(instants_of(naive, zone)) > 1:
        said[name + _WHICH] = str(local.fold)
    return said
