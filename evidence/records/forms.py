"""Forms of requests. A form checks shapes and makes values; whether somebody may is guard's question."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django import forms

from cameras.models import Placement, Site
from evidence.records.actions.open_request import Asking
from evidence.records.localtime import readings
from evidence.records.place import MOST_RADIUS_M, Place, circle, drawn
from evidence.records.vocabulary import KIND_SAYS, LAWS, PUBLIC_KINDS, RequestKind
from rtcc import clock
from rtcc.config import config
from rtcc.errors import BadInput

USUAL_RADIUS_M = 60
WHICH = [
    ("", "choose"),
    ("0", "the first time, before the clocks went back"),
    ("1", "the second time, after"),
]


class Moment(forms.DateTimeField):
    """A local time as the clocks of the place showed it, typed or picked; naive."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def to_python(self, value: Any) -> Any:
        found = super().to_python(value)
        return found.replace(tzinfo=None) if isinstance(found, datetime) else found


def _which(label: str) -> forms.ChoiceField:
    return forms.ChoiceField(choices=WHICH, required=False, label=label)


def zones() -> list[str]:
    """Time zones of the places that cameras stand at, the city's first."""
    there = set(Site.objects.values_list("time_zone", flat=True))
    return [config.city_zone.key, *sorted(there - {config.city_zone.key})]


class RequestForm(forms.Form):
    """What a records officer writes down: who asks under which law, where, and when."""

    requester = forms.CharField(max_length=200, label="Who asks")
    organisation = forms.CharField(max_length=200, required=False, label="For whom")
    kind = forms.ChoiceField(label="As what", choices=[(str(k), KIND_SAYS[k]) for k in RequestKind])
    law = forms.CharField(
        max_length=200, required=False, label="Under which law",
        help_text="empty: what is usual for this kind",
    )  # fmt: skip
    near = forms.ChoiceField(label="Where", help_text="the nearest camera, or the place that you mark")
    place = forms.CharField(max_length=200, required=False, label="The place in words")
    lat = forms.FloatField(required=False, label="Latitude")
    lon = forms.FloatField(required=False, label="Longitude")
    radius_m = forms.IntegerField(
        required=False,
        label="Metres around it",
        min_value=10,
        max_value=MOST_RADIUS_M,
        initial=USUAL_RADIUS_M,
    )
    corners = forms.CharField(
        max_length=2000,
        required=False,
        label="Or its corners, as longitude,latitude; \N{HORIZONTAL ELLIPSIS}",
    )
    zone = forms.ChoiceField(label="Time zone of the times below", required=False)
    starts_at = Moment(label="From")
    starts_which = _which("That hour came twice on that night. Which one is meant?")
    ends_at = Moment(label="Until")
    ends_which = _which("That hour came twice on that night. Which one is meant?")
    contact = forms.CharField(max_length=200, required=False, label="How the answer reaches them")
    wanted = forms.CharField(
        max_length=1000, required=False, label="What happened", widget=forms.Textarea(attrs={"rows": 2})
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    on_map = ("lat", "lon", "radius_m", "corners")

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        rows = Placement.objects.valid_at(clock.now()).of_active_cameras().select_related("camera")
        self.placements = {row.camera.code: row for row in rows.order_by("camera__name")[:1000]}
        names = [(code, row.camera.name) for code, row in self.placements.items()]
        self.fields["near"].choices = [("map", "marked on the map"), *names]  # type: ignore[attr-defined]
        self.fields["zone"].choices = [(name, name) for name in zones()]  # type: ignore[attr-defined]
        self.asks = {name for name in ("starts_which", "ends_which") if self.data.get(name)}

    @property
    def shown(self) -> list[forms.BoundField]:
        """The fields before the map's; which of two equal hours is asked only where it matters."""
        hidden = {"form_key", *self.on_map, *({"starts_which", "ends_which"} - self.asks)}
        if len(self.fields["zone"].choices) == 1:  # type: ignore[attr-defined]
            hidden.add("zone")
        return [field for field in self if field.name not in hidden]

    @property
    def drawn(self) -> list[forms.BoundField]:
        return [self[name] for name in self.on_map]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        zone = ZoneInfo(said.get("zone") or config.city_zone.key)
        said["zone"] = zone
        for name, which in (("starts_at", "starts_which"), ("ends_at", "ends_which")):
            if isinstance(said.get(name), datetime):
                said[name] = self._instant(name, which, said[name], zone)
        try:
            said["found"] = self._place(said)
        except BadInput as error:
            self.take(error)
        return said

    def _instant(self, name: str, which: str, typed: datetime, zone: ZoneInfo) -> datetime | None:
        """The instant; asks where the clock showed that time twice, and says so where it never did."""
        found = readings(typed, zone)
        if not found:
            self.add_error(name, "The clocks were put forward over that time: it never was.")
            return None
        answer = str(self.data.get(which, ""))
        if len(found) == 2 and answer not in ("0", "1"):
            self.asks.add(which)
            self.add_error(which, "Choose one.")
            return None
        return found[int(answer) if len(found) == 2 else 0]

    def _place(self, said: dict[str, Any]) -> Place:
        """Corners, a point, or the nearest camera: whichever says most. Raises BadInput."""
        near = self.placements.get(said.get("near") or "map")
        words = (said.get("place") or "").strip() or (near.camera.name if near else "")
        if said.get("corners"):
            return drawn(words or "drawn on the map", said["corners"])
        radius_m = said.get("radius_m") or USUAL_RADIUS_M
        lon, lat = said.get("lon"), said.get("lat")
        if lon is not None and lat is not None:
            return circle(words or "marked on the map", (lon, lat), radius_m)
        if near is not None:
            return circle(words, (near.lon, near.lat), radius_m)
        raise BadInput("Choose the nearest camera, or mark the place on the map.", field="near")

    def asking(self) -> Asking:
        """What a clean form asks."""
        said = self.cleaned_data
        kind = RequestKind(said["kind"])
        return Asking(
            kind=kind,
            law=said.get("law") or LAWS[kind],
            requester=said["requester"],
            organisation=said.get("organisation", ""),
            contact=said["contact"],
            wanted=said["wanted"],
            place=said["found"],
            starts_at=said["starts_at"],
            ends_at=said["ends_at"],
            zone=said["zone"],
            form_key=UUID(str(said["form_key"])),
        )

    def take(self, error: BadInput) -> None:
        """Show an error of the act at its field."""
        self.add_error(error.field if error.field in self.fields else None, error.sentence)


class PublicForm(RequestForm):
    """The same in plain words, for somebody who is not signed in."""

    requester = forms.CharField(max_length=200, label="Your name")
    contact = forms.CharField(
        max_length=200, label="How we reach you", help_text="e-mail, telephone or postal address"
    )
    kind = forms.ChoiceField(label="Why you ask", choices=[(str(kind), says) for kind, says in PUBLIC_KINDS])
    wanted = forms.CharField(
        max_length=1000, required=False, label="What happened", widget=forms.Textarea(attrs={"rows": 3}),
        help_text="what to look for: a grey car, a fall on the steps",
    )  # fmt: skip
    organisation = None  # type: ignore[assignment]
    law = None  # type: ignore[assignment]


class StepForm(forms.Form):
    """What somebody says with an act; which of it is needed, the act decides."""

    note = forms.CharField(max_length=1000, required=False)
    until = Moment(required=False)
    staff_minutes = forms.IntegerField(required=False)
    reason = forms.CharField(max_length=40, required=False)
    seen = forms.CharField(max_length=30, required=False)


class HolidayForm(forms.Form):
    """A day on which nobody counts."""

    day = forms.DateField(label="Day", widget=forms.DateInput(attrs={"type": "date"}))
    name = forms.CharField(max_length=120, label="What is that day")
    authority = forms.CharField(max_length=200, label="Who says so", help_text="order or law, with its date")
