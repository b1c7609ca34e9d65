"""A camera as lists, pages and the API show it: its terms in words, and nothing that is secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cameras.facts import Terms, terms_of
from cameras.geometry import outline
from cameras.models import Agreement, Camera, CameraHealth, Placement
from cameras.vocabulary import HEALTH_SAYS, RECORDING_SAYS, HealthState, Recording
from policy.vocabulary import Mode, OwnerClass

MODE_SAYS = {
    Mode.REGISTRY: "a pin on the map, not lent",
    Mode.ON_REQUEST: "lent when the owner says yes to a request",
    Mode.CONDITIONAL: "lent in the agreed hours",
    Mode.ALWAYS: "lent at all times",
}


@dataclass(frozen=True)
class Card:
    """One camera at one instant, for people to read."""

    id: UUID
    code: str
    name: str
    owner: str
    owner_class: OwnerClass
    state: str
    state_says: str
    recording: str
    retention: str
    terms: str
    open_now: bool
    hours: tuple[str, ...]
    purposes: tuple[str, ...]
    agreement: str
    site: str
    area: str
    lon: float | None
    lat: float | None
    bearing_deg: float | None
    field_of_view: list[list[float]]
    marking: str
    purpose: str
    masked: bool


def card_of(camera: Camera, at: datetime) -> Card:
    """The card of a camera loaded by `CameraQuerySet.with_terms(at)`; no further query."""
    placement: Placement | None = next(iter(camera.placements_now), None)
    designation = next(iter(camera.designations_now), None)
    terms = terms_of(camera, designation, placement, at)
    state, says = _state(camera)
    return Card(
        id=camera.id,
        code=camera.code,
        name=camera.name,
        owner=camera.owner.name,
        owner_class=camera.owner_class,
        state=state,
        state_says=says,
        recording=RECORDING_SAYS[Recording(camera.recording)],
        retention=camera.retention_class,
        terms=_terms_say(camera, terms),
        open_now=terms.hours_open and terms.valid,
        hours=_hours(terms.agreement) if terms.agreement else (),
        purposes=tuple(sorted(purpose.replace("_", " ") for purpose in terms.purposes)),
        agreement=terms.agreement.code if terms.agreement else "",
        site=placement.site.name if placement else "",
        area=placement.area.name if placement and placement.area else "",
        lon=placement.lon if placement else None,
        lat=placement.lat if placement else None,
        bearing_deg=placement.bearing_deg if placement else None,
        field_of_view=[list(corner) for corner in outline(placement.field_of_view if placement else None)],
        marking=placement.marking if placement else "",
        purpose=camera.purpose,
        masked=bool(camera.masks_now),
    )


def _state(camera: Camera) -> tuple[str, str]:
    """retired | paused | up | down | unknown, and a sentence."""
    if camera.retired_at:
        return "retired", f"retired on {camera.retired_at:%Y-%m-%d}"
    if camera.paused_at:
        # Why, is for its owner's desk: other owners read this too.
        return "paused", "paused by its owner"
    health: CameraHealth | None = getattr(camera, "health", None)
    state = HealthState(health.state) if health else HealthState.UNKNOWN
    return state, (health.sentence if health else "") or HEALTH_SAYS[state]


def _hours(agreement: Agreement) -> tuple[str, ...]:
    """The hours that count now: those the owner lends of the agreed ones, else the agreed ones."""
    lent = tuple(str(row.window) for row in agreement.lent_hours.all())
    return lent or tuple(str(row.window) for row in agreement.hours.all())


def _terms_say(camera: Camera, terms: Terms) -> str:
    if camera.owner_class is OwnerClass.PUBLIC:
        return "the city's own"
    if terms.agreement is None:
        return "no agreement: " + MODE_SAYS[Mode.REGISTRY]
    if not terms.valid:
        return "its agreement is not in force"
    return MODE_SAYS[Mode(terms.mode)]


def as_json(card: Card) -> dict[str, Any]:
    """For the API and for maps."""
    return {name: getattr(card, name) for name in Card.__dataclass_fields__} | {"id": str(card.id)}


def place_of(card: Card) -> dict[str, Any]:
    """For a map: where it stands and what it sees, as GeoJSON orders coordinates."""
    names = ("code", "name", "owner_class", "lon", "lat", "field_of_view")
    return {name: getattr(card, name) for name in names}
