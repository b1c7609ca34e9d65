"""Forms of the registry. A form checks shapes and makes values; whether somebody may is guard's question."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from django import forms

from cameras.actions.change_camera import CameraChange
from cameras.details import CameraDetails, PlacementDetails, StreamDetails, check_camera
from cameras.geometry import MAX_REACH_M, sector
from cameras.hours import Window, read_window
from cameras.models import Agreement, Area, Camera, Site
from cameras.models.devices import Credentials
from cameras.terms import AgreementTerms
from cameras.vocabulary import Recording, RetentionClass, Sensitivity
from policy.models import Organisation
from policy.models.people import choices
from policy.vocabulary import Mode, Purpose
from rtcc.errors import BadInput

if TYPE_CHECKING:
    _One = forms.ModelChoiceField[Any]
    _Several = forms.ModelMultipleChoiceField[Any]
else:
    _One, _Several = forms.ModelChoiceField, forms.ModelMultipleChoiceField


class _Chosen(_One):
    """A choice by code. A NUL is no choice; PostgreSQL would answer it with an error."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and "\x00" in value:
            raise forms.ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return super().to_python(value)


class _SeveralChosen(_Several):
    """Choices by code; a NUL is none."""

    def clean(self, value: Any) -> Any:
        if any("\x00" in str(one) for one in value or ()):
            raise forms.ValidationError("That is no choice.", code="invalid_choice")
        return super().clean(value)


class StreamFields(forms.Form):
    """Where the pictures come from. What is stored as a password is never shown in a form again."""

    host = forms.CharField(max_length=253, label="Host", help_text="name or address of the device")
    port = forms.IntegerField(min_value=1, max_value=65535, label="Port", initial=554)
    path = forms.CharField(max_length=300, label="Path of the recorded stream", help_text="begins with /")
    live_path = forms.CharField(
        max_length=300, required=False, label="Path of the live stream", help_text="empty: the recorded one"
    )
    maker = forms.CharField(max_length=80, required=False, label="Maker")
    user = forms.CharField(max_length=100, required=False, label="User name on the device")
    password = forms.CharField(
        max_length=200,
        required=False,
        label="Password on the device",
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
        help_text="encrypted when saved, never shown again; empty leaves it as it is",
    )

    def stream(self) -> StreamDetails:
        clean = self.cleaned_data
        login = Credentials(clean["user"], clean["password"]) if clean["user"] or clean["password"] else None
        return StreamDetails(
            host=clean["host"],
            port=clean["port"],
            path=clean["path"],
            live_path=clean["live_path"],
            maker=clean["maker"],
            credentials=login,
        )


class PlacementFields(forms.Form):
    """Where a camera stands and what it sees."""

    site = _Chosen(Site.objects.all(), to_field_name="code", label="Site")
    area = _Chosen(Area.objects.all(), to_field_name="code", required=False, label="Area")
    lon = forms.FloatField(min_value=-180, max_value=180, label="Longitude", help_text="WGS 84 degrees")
    lat = forms.FloatField(min_value=-90, max_value=90, label="Latitude", help_text="WGS 84 degrees")
    bearing_deg = forms.FloatField(
        min_value=0, max_value=359.999, required=False, label="Bearing", help_text="degrees from true north"
    )
    angle_deg = forms.FloatField(
        min_value=1,
        max_value=360,
        required=False,
        label="Angle of view",
        help_text="degrees; 360 sees all around",
    )
    reach_m = forms.FloatField(
        min_value=1, max_value=MAX_REACH_M, required=False, label="Reach", help_text="metres"
    )
    marking = forms.CharField(max_length=200, required=False, label="Marking on the street")
    sensitivity = forms.MultipleChoiceField(
        choices=choices(Sensitivity),
        required=False,
        label="Sensitive places in view",
        widget=forms.CheckboxSelectMultiple,
    )
    purpose = forms.CharField(
        max_length=2000,
        label="Purpose",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="why it stands there",
    )

    def clean(self) -> dict[str, Any]:
        clean = super().clean() or {}
        view = [clean.get(name) for name in ("bearing_deg", "angle_deg", "reach_m")]
        if any(value is not None for value in view[1:]) and None in view:
            raise forms.ValidationError(
                "A field of view needs bearing, angle and reach; or none of the last two."
            )
        return clean

    def placement(self) -> PlacementDetails:
        clean = self.cleaned_data
        point = (clean["lon"], clean["lat"])
        known = clean.get("angle_deg") is not None
        return PlacementDetails(
            site=clean["site"].id,
            area=clean["area"].id if clean["area"] else None,
            lon=clean["lon"],
            lat=clean["lat"],
            purpose=clean["purpose"],
            bearing_deg=clean["bearing_deg"],
            field_of_view=sector(
                point,
                bearing_deg=clean["bearing_deg"],
                angle_deg=clean["angle_deg"],
                reach_m=clean["reach_m"],
            )
            if known
            else None,
            marking=clean["marking"],
            sensitivity=frozenset(Sensitivity(word) for word in clean["sensitivity"]),
        )


class CameraForm(StreamFields, PlacementFields):
    """Register one camera. The same form checks each row of a CSV file."""

    code = forms.SlugField(max_length=40, label="Code", help_text="short and unique, such as market-broadway")
    name = forms.CharField(max_length=120, label="Name")
    owner = _Chosen(Organisation.objects.all(), to_field_name="code", label="Owner")
    recording = forms.ChoiceField(choices=choices(Recording), initial=Recording.ALWAYS, label="Recording")
    retention_class = forms.ChoiceField(
        choices=choices(RetentionClass), initial=RetentionClass.STANDARD, label="Retention"
    )

    field_order = ("code", "name", "owner", "purpose", "recording", "retention_class", "site", "area", "lon",
                   "lat", "bearing_deg", "angle_deg", "reach_m", "marking", "sensitivity", "host", "port",
                   "path", "live_path", "maker", "user", "password")  # fmt: skip

    def clean(self) -> dict[str, Any]:
        clean = super().clean()
        if not self.errors:
            try:
                check_camera(self.details())
            except BadInput as error:
                self.add_error(error.field if error.field in self.fields else None, error.sentence)
        return clean

    def details(self) -> CameraDetails:
        clean = self.cleaned_data
        return CameraDetails(
            code=clean["code"],
            name=clean["name"],
            owner=clean["owner"].id,
            purpose=clean["purpose"],
            recording=Recording(clean["recording"]),
            retention_class=RetentionClass(clean["retention_class"]),
            stream=self.stream(),
            placement=self.placement(),
        )


class ChangeForm(forms.Form):
    """Change what a camera is called, is for and how it is recorded."""

    name = forms.CharField(max_length=120, label="Name")
    purpose = forms.CharField(max_length=2000, label="Purpose", widget=forms.Textarea(attrs={"rows": 3}))
    recording = forms.ChoiceField(choices=choices(Recording), label="Recording")
    retention_class = forms.ChoiceField(choices=choices(RetentionClass), label="Retention")

    def change(self) -> CameraChange:
        clean = self.cleaned_data
        return CameraChange(
            name=clean["name"],
            purpose=clean["purpose"],
            recording=Recording(clean["recording"]),
            retention_class=RetentionClass(clean["retention_class"]),
        )


class MoveForm(PlacementFields):
    """Move a camera: its placement ends and another begins."""

    def change(self) -> CameraChange:
        return CameraChange(placement=self.placement())


class StreamForm(StreamFields):
    """Give a camera another address, path or password."""

    def change(self) -> CameraChange:
        return CameraChange(stream=self.stream())


class ReasonForm(forms.Form):
    """One sentence why."""

    why = forms.CharField(
        max_length=200, required=False, label="Why", help_text="one sentence; it is entered"
    )


class AgreementForm(forms.Form):
    """The terms of one agreement."""

    mode = forms.ChoiceField(choices=choices(Mode), label="Mode")
    hours = forms.CharField(
        required=False,
        label="Hours",
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text="one opening per line, such as Mon 18:00-06:00, on the clock of the camera's site",
    )
    purposes = forms.MultipleChoiceField(
        choices=choices(Purpose),
        required=False,
        label="Purposes accepted",
        widget=forms.CheckboxSelectMultiple,
    )
    cameras = _SeveralChosen(
        Camera.objects.none(),
        to_field_name="code",
        required=False,
        label="Cameras designated",
        widget=forms.CheckboxSelectMultiple,
    )
    notify_owner = forms.BooleanField(required=False, label="Tell the owner of each access")
    onward_sharing = forms.BooleanField(required=False, label="The agency may share footage onward")
    number_told = forms.BooleanField(
        required=False, label="Tell the owner the number of the incident or case"
    )
    agency_copies_days = forms.IntegerField(
        min_value=0,
        max_value=3650,
        required=False,
        label="Days the agency keeps copies",
        help_text="empty: as policy says",
    )
    ends_at = forms.DateTimeField(
        required=False, label="Ends at (UTC)", help_text="empty: until further notice"
    )
    review_on = forms.DateField(label="Review on")
    revoked = forms.BooleanField(required=False, label="Revoke it now, for good")

    def __init__(self, *args: Any, agreement: Agreement, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["cameras"]
        assert isinstance(field, _SeveralChosen)
        field.queryset = Camera.objects.owned_by([agreement.owner_id]).active()

    def clean_hours(self) -> frozenset[Window]:
        try:
            return frozenset(
                read_window(line) for line in self.cleaned_data["hours"].splitlines() if line.strip()
            )
        except ValueError as error:
            raise forms.ValidationError(f"{error}.") from error

    def terms(self) -> AgreementTerms:
        clean = self.cleaned_data
        return AgreementTerms(
            mode=Mode(clean["mode"]),
            hours=clean["hours"],
            purposes=frozenset(Purpose(word) for word in clean["purposes"]),
            cameras=frozenset(camera.id for camera in clean["cameras"]),
            notify_owner=clean["notify_owner"],
            onward_sharing=clean["onward_sharing"],
            number_told=clean["number_told"],
            agency_copies_days=clean["agency_copies_days"],
            ends_at=clean["ends_at"].astimezone(UTC) if clean["ends_at"] else None,
            review_on=clean["review_on"],
            revoked=clean["revoked"],
        )


class ImportForm(forms.Form):
    """A CSV file, looked through first and registered only when nothing is wrong."""

    file = forms.FileField(label="CSV file", widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}))
    register = forms.BooleanField(required=False, label="Register them now (else only look for errors)")
