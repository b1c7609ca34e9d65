"""Forms of requests. A form checks shapes and makes values; whether somebody may is guard's question."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from cameras.models import Placement, Site
from evidence.records import tokens
from evidence.records.actions.open_request import Asking
from evidence.records.place import MOST_RADIUS_M, Place, circle, drawn
from evidence.records.vocabulary import KIND_SAYS, LAWS, PUBLIC_KINDS, RequestKind
from rtcc import clock
from rtcc.config import config
from rtcc.errors import BadInput
from rtcc.local_time import LocalTimesForm, Moment, typed_as

USUAL_RADIUS_M = 60


def zones() -> list[str]:
    """Time zones of the places that cameras stand at, the city's first."""
    there = set(Site.objects.values_list("time_zone", flat=True))
    return [config.city_zone.key, *sorted(there - {config.city_zone.key})]


class RequestForm(LocalTimesForm):
    """What a records officer writes down: who asks under which law, where, and when."""

    requester = forms.CharField(
        max_length=200, label="Who asks", widget=forms.TextInput(attrs={"autofocus": True})
    )
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
    ends_at = Moment(label="Until")
    contact = forms.CharField(max_length=200, required=False, label="How the answer reaches them")
    wanted = forms.CharField(
        max_length=1000, required=False, label="What happened", widget=forms.Textarea(attrs={"rows": 2})
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    on_map: tuple[str, ...] = ("lat", "lon", "radius_m", "corners")

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        rows = Placement.objects.valid_at(clock.now()).of_active_cameras().select_related("camera")
        self.placements = {row.camera.code: row for row in rows.order_by("camera__name")[:1000]}
        names = [(code, row.camera.name) for code, row in self.placements.items()]
        self.fields["near"].choices = [("map", "marked on the map"), *names]  # type: ignore[attr-defined]
        self.fields["zone"].choices = [(name, name) for name in zones()]  # type: ignore[attr-defined]

    @property
    def shown(self) -> list[forms.BoundField]:
        """The fields before the map's."""
        hidden = {*self.on_map}
        if len(self.fields["zone"].choices) == 1:  # type: ignore[attr-defined]
            hidden.add("zone")
        return [field for field in super().shown if field.name not in hidden]

    @property
    def drawn(self) -> list[forms.BoundField]:
        return [self[name] for name in self.on_map]

    def zone_of_times(self) -> ZoneInfo:
        return ZoneInfo(self.cleaned_data.get("zone") or config.city_zone.key)

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        said["zone"] = self.zone_of_times()
        if "near" in said:
            try:
                said["found"] = self._place(said)
            except BadInput as error:
                self.take(error)
        return said

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
        form_key, code = self._secret()
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
            form_key=form_key,
            code=code,
        )

    def _secret(self) -> tuple[UUID, str]:
        """What the form is known by, and the code of its receipt where whoever asks is given one."""
        return UUID(str(self.cleaned_data["form_key"])), ""

    def take(self, error: BadInput) -> None:
        """Show an error of the act at its field."""
        self.add_error(error.field if error.field in self.fields else None, error.sentence)


class PublicForm(RequestForm):
    """The same in plain words, for somebody who is not signed in. ``code`` is the secret of the receipt: made
    with the form, so that the same form sent twice is one request with one receipt.
    """

    near = forms.ChoiceField(label="At which corner?", help_text="the nearest one that you find here")
    place = forms.CharField(
        max_length=200, required=False, label="The place in your own words",
        help_text="in front of the bakery, on the north side",
    )  # fmt: skip
    starts_at = Moment(label="From when?")
    ends_at = Moment(label="Until when?")
    wanted = forms.CharField(
        max_length=1000, required=False, label="What happened?", widget=forms.Textarea(attrs={"rows": 3}),
        help_text="what to look for: a grey car, a fall on the steps",
    )  # fmt: skip
    kind = forms.ChoiceField(
        label="Why do you ask?", choices=[(str(kind), says) for kind, says in PUBLIC_KINDS]
    )
    requester = forms.CharField(
        max_length=200, label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    contact = forms.CharField(
        max_length=200, label="How do we reach you?", help_text="e-mail, telephone or postal address",
    )  # fmt: skip
    lat = forms.FloatField(required=False, widget=forms.HiddenInput)
    lon = forms.FloatField(required=False, widget=forms.HiddenInput)
    code = forms.CharField(max_length=60, widget=forms.HiddenInput, initial=tokens.new_code)
    organisation = None  # type: ignore[assignment]
    law = None  # type: ignore[assignment]
    radius_m = None  # type: ignore[assignment]
    corners = None  # type: ignore[assignment]
    form_key = None  # type: ignore[assignment]

    on_map = ("lat", "lon")
    field_order = ("near", "place", "zone", "starts_at", "ends_at", "wanted", "kind", "requester", "contact")

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        (_, *corners) = self.fields["near"].choices  # type: ignore[attr-defined]
        is_marked = bool(self["lat"].value())
        first = [] if is_marked else [("", "choose")]
        marked = "the place on the map" if is_marked else "none of these: I mark it on the map"
        self.fields["near"].choices = [*first, *corners, ("map", marked)]  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        code = tokens.plain(self.cleaned_data["code"])
        if not code:
            raise forms.ValidationError(
                "This form was not loaded whole. Load it again, and send it once more."
            )
        return code

    def take(self, error: BadInput) -> None:
        """What is wrong with the point on the map is said where the corner is chosen."""
        if error.field in self.on_map:
            self.add_error("near", error.sentence)
        else:
            super().take(error)

    def _secret(self) -> tuple[UUID, str]:
        code = self.cleaned_data["code"]
        return tokens.form_key_of(code), code


def public_initial(query: QueryDict) -> dict[str, Any]:
    """What "is it still there?" knows: ``lat``, ``lon``, ``place``, and ``from`` and ``to`` as instants."""
    said: dict[str, Any] = {}
    try:
        point = float(query.get("lat", "")), float(query.get("lon", ""))
    except ValueError:
        point = (math.inf, math.inf)
    if abs(point[0]) <= 90 and abs(point[1]) <= 180:
        said |= {"lat": point[0], "lon": point[1], "near": "map"}
        said["place"] = query.get("place", "").replace("\x00", "")[:200]
    for name, given in (("starts_at", "from"), ("ends_at", "to")):
        try:
            instant = clock.parse(query.get(given, ""))
            said |= typed_as(name, instant, clock.city(), to_the_second=False)
        except (ValueError, OverflowError):
            continue
    return said


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
