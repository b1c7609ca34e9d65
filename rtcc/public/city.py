"""The cameras as the public may know them: where, whose, why, how marked, how long footage is kept.

Nothing here says how a camera is doing just now, or whether anybody watches it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from cameras.cards import MODE_SAYS
from cameras.facts import terms_of
from cameras.models import Camera, Designation, Placement
from cameras.vocabulary import RECORDING_SAYS, Recording
from policy import publish
from policy.parameters import NotInForce, Parameters
from policy.vocabulary import Mode, OwnerClass
from rtcc import clock
from rtcc.public.kept import for_a_minute


@dataclass(frozen=True)
class Place:
    """Where a camera stood from an instant until another (None: until now)."""

    starts_at: datetime
    ends_at: datetime | None
    lon: float
    lat: float
    bearing_deg: float | None
    field_of_view: dict[str, Any] | None
    site: str
    zone: str
    area: str
    marking: str
    purpose: str


@dataclass(frozen=True)
class Terms:
    """On which terms it may be watched, in words."""

    says: str
    hours: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    agreement: str = ""


@dataclass(frozen=True)
class Kept:
    """How long its footage is kept, and who says so."""

    says: str
    authority: str
    citation: str
    seconds: float


@dataclass(frozen=True)
class Shown:
    """One camera. ``pin_only``: its owner lends nothing but a pin on the map: of its
    ``places``, newest first, only the one of now is told (`history`).
    """

    id: UUID
    code: str
    name: str
    owner: str
    owner_class: OwnerClass
    purpose: str
    recording: Recording
    recording_says: str
    kept: Kept | None
    terms: Terms
    pin_only: bool
    registered_at: datetime
    retired_at: datetime | None
    places: tuple[Place, ...]
    at: datetime

    @property
    def now(self) -> Place | None:
        """Where it stands; None where it was taken down."""
        standing = (each for each in self.places if each.ends_at is None or each.ends_at > self.at)
        return None if self.retired_at else next(standing, None)

    @property
    def history(self) -> tuple[Place, ...]:
        """Its places as far as they are shown, newest first."""
        if not self.pin_only:
            return self.places
        return (self.now,) if self.now else ()

    def placed_at(self, starts_at: datetime, ends_at: datetime) -> Place | None:
        """Where it stood at some instant of [starts_at, ends_at)."""
        return next((
            each for each in self.history
            if each.starts_at < ends_at and (each.ends_at is None or each.ends_at > starts_at)
        ), None)  # fmt: skip


def city() -> tuple[Shown, ...]:
    """Every camera by name, those that were taken down last; a fixed number of queries a minute."""
    return for_a_minute("city", _read)


def find(code: str) -> Shown | None:
    return next((each for each in city() if each.code == code), None)


def matching(words: str) -> list[Shown]:
    """Cameras whose name, area or owner holds every word: "8th market" finds "Market St & S 8th St"."""
    wanted = words.casefold().replace("&", " ").replace(",", " ").split()[:8]
    wanted = [word for word in wanted if word not in ("and", "at", "street", "st", "avenue", "ave")] or wanted
    return [each for each in city() if all(word in _text_of(each) for word in wanted)]


def _text_of(each: Shown) -> str:
    areas = " ".join(f"{place.area} {place.site}" for place in each.history)
    return f"{each.name} {each.code} {each.owner} {areas}".casefold()


def _read() -> tuple[Shown, ...]:
    at = clock.now()
    parameters = publish.active().parameters
    designations = Designation.objects.valid_at(at).select_related("agreement")
    rows = Camera.objects.select_related("owner").prefetch_related(
        Prefetch(
            "placements",
            queryset=Placement.objects.filter(starts_at__lte=at).select_related("site", "area"),
            to_attr="placements_now",
        ),
        Prefetch(
            "designations",
            queryset=designations.prefetch_related("agreement__hours"),
            to_attr="designations_now",
        ),
    )
    found = [_shown(row, parameters, at) for row in rows]
    return tuple(sorted(found, key=lambda each: (each.retired_at is not None, each.name, each.code)))


def _shown(camera: Camera, parameters: Parameters, at: datetime) -> Shown:
    places = tuple(_place(row) for row in camera.placements_now)
    designation = next(iter(camera.designations_now), None)
    terms = terms_of(camera, designation, next(iter(camera.placements_now), None), at)
    partners = camera.owner_class is OwnerClass.PARTNER
    pin_only = partners and (not terms.valid or terms.mode == Mode.REGISTRY)
    agreement = terms.agreement if terms.valid else None
    return Shown(
        id=camera.id, code=camera.code, name=camera.name, owner=camera.owner.name,
        owner_class=camera.owner_class, purpose=camera.purpose, recording=Recording(camera.recording),
        recording_says=RECORDING_SAYS[Recording(camera.recording)], kept=_kept(camera, parameters, at),
        terms=Terms(
            _terms_say(partners=partners, pin_only=pin_only, mode=terms.mode),
            tuple(str(row.window) for row in agreement.hours.all()) if agreement else (),
            tuple(sorted(each.replace("_", " ") for each in agreement.purposes)) if agreement else (),
            agreement.code if agreement else "",
        ),
        pin_only=pin_only, registered_at=camera.registered_at, retired_at=camera.retired_at, places=places,
        at=at,
    )  # fmt: skip


def _terms_say(*, partners: bool, pin_only: bool, mode: str) -> str:
    if not partners:
        return "the city's own"
    return MODE_SAYS[Mode.REGISTRY if pin_only else Mode(mode)]


def _kept(camera: Camera, parameters: Parameters, at: datetime) -> Kept | None:
    try:
        length, row = parameters.retention(camera.retention_class, at)
    except NotInForce:
        return None
    return Kept(f"{row.value} {row.unit}", row.authority, row.citation, length.total_seconds())


def _place(row: Placement) -> Place:
    return Place(
        starts_at=row.starts_at, ends_at=row.ends_at, lon=row.lon, lat=row.lat, bearing_deg=row.bearing_deg,
        field_of_view=row.field_of_view, site=row.site.name, zone=row.site.time_zone,
        area=row.area.name if row.area else "", marking=row.marking, purpose=row.purpose,
    )  # fmt: skip


def as_geojson(cameras: list[Shown]) -> dict[str, Any]:
    """The cameras that stand, as RFC 7946: points, longitude first; what each sees is a property."""
    return {"type": "FeatureCollection", "features": [_feature(each) for each in cameras if each.now]}


def _feature(each: Shown) -> dict[str, Any]:
    place = each.now
    assert place is not None
    said: dict[str, Any] = {
        "code": each.code, "name": each.name, "owner": each.owner, "owner_class": each.owner_class,
        "terms": each.terms.says, "lent_for": list(each.terms.purposes), "hours": list(each.terms.hours),
    }  # fmt: skip
    if not each.pin_only:
        said |= {
            "purpose": each.purpose, "marking": place.marking, "area": place.area,
            "standing_since": place.starts_at.isoformat(), "recording": each.recording_says,
            "kept": each.kept.says if each.kept else None, "bearing_deg": place.bearing_deg,
            "field_of_view": place.field_of_view,
        }  # fmt: skip
    return {
        "type": "Feature",
        "id": each.code,
        "geometry": {"type": "Point", "coordinates": [place.lon, place.lat]},
        "properties": said,
    }
