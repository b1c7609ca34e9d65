"""What the desk shows of each camera just now: state, hours, who watches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from audit.pseudonym import pseudonym
from cameras.cards import Card, card_of
from cameras.facts import terms_of
from cameras.hours import open_until, opens_next
from cameras.models import Agreement, Camera
from cameras.offers import offers
from cameras.terms import AgreementTerms, minutes_of, open_minutes
from cameras.vocabulary import HealthState
from cameras.writing import read_terms
from evidence.models import Playback
from policy.models import Membership
from policy.roles import ROLES
from policy.vocabulary import Action, Kind, Mode, Ref, Role
from rtcc import clock
from rtcc.live.models import Viewing
from rtcc.oversight.tiers import Reader
from rtcc.partners import week


@dataclass(frozen=True)
class Watcher:
    """Somebody who has one of the owner's cameras open now, as far as an owner is told."""

    who: str
    role: str
    how: str
    purpose: str
    basis: str
    since: datetime


@dataclass(frozen=True)
class Shown:
    """One camera on the desk."""

    card: Card
    code: str
    state: str
    state_says: str
    lent: str
    lent_says: str
    until: datetime | None
    watchers: tuple[Watcher, ...]
    agreement: str
    days: tuple[week.Day, ...]
    can_pause: bool
    can_resume: bool


def cameras_of(reader: Reader) -> list[Shown]:
    """The owner's cameras, those in use first."""
    at = clock.now()
    rows = list(Camera.objects.owned_by(reader.owners or ()).with_terms(at).order_by("retired_at", "code"))
    watching = _watchers(reader, {row.id for row in rows})
    return [_shown(reader, row, watching.get(row.id, ()), at) for row in rows]


def _shown(reader: Reader, row: Camera, watchers: Iterable[Watcher], at: datetime) -> Shown:
    card = card_of(row, at)
    placement = next(iter(row.placements_now), None)
    designation = next(iter(row.designations_now), None)
    agreement = designation.agreement if designation else None
    terms = terms_of(row, designation, placement, at)
    may = offers(
        reader.person, Ref(Kind.CAMERA, row.id), (Action.PAUSE_CAMERA, Action.RESUME_CAMERA), restricts=True
    )
    lent, says, until = _lent(
        agreement, terms.valid, terms.hours_open, placement.site.zone if placement else None, at
    )
    paused = row.paused_at is not None
    return Shown(
        card=card,
        code=row.code,
        state=card.state,
        state_says=_state_says(row, card),
        lent="paused" if paused else lent,
        lent_says="Nobody watches or records it until you let it go on." if paused else says,
        until=None if paused else until,
        watchers=tuple(watchers),
        agreement=agreement.code if agreement else "",
        days=tuple(days_of(agreement, at)) if agreement else (),
        can_pause=Action.PAUSE_CAMERA in may and not paused and row.retired_at is None,
        can_resume=Action.RESUME_CAMERA in may and paused,
    )


def _state_says(row: Camera, card: Card) -> str:
    if row.paused_at is not None:
        return "Paused" + (f": {row.paused_why}" if row.paused_why else "")
    if row.retired_at is not None:
        return "Retired"
    return {
        HealthState.UP: "Pictures arrive; " + card.recording,
        HealthState.DOWN: "No pictures arrive just now",
    }.get(HealthState(card.state), "Not known yet whether pictures arrive")


def _lent(
    agreement: Agreement | None, valid: bool, opened: bool, zone: ZoneInfo | None, at: datetime
) -> tuple[str, str, datetime | None]:
    """open | closed | asked | none, a sentence, and the instant until which that holds."""
    if agreement is None:
        return "none", "Under no agreement: only a pin on the map, nobody is lent pictures.", None
    if not valid:
        return "none", "The agreement is not in force: nobody is lent pictures.", None
    mode = Mode(agreement.mode)
    if mode is Mode.REGISTRY:
        return "none", "Only a pin on the map: nobody is lent pictures.", None
    windows = [row.window for row in agreement.lent_hours.all() or agreement.hours.all()]
    if not opened:
        following = opens_next(windows, zone, at) if zone else None
        return "closed", "Outside the hours that you lend it.", following
    until = open_until(windows, zone, at) if zone and windows else None
    if mode is Mode.ON_REQUEST:
        return "asked", "Lent only when you say yes to a request.", until
    return "open", "Lent now, for the agreed purposes.", until


def days_of(agreement: Agreement, at: datetime) -> list[week.Day]:
    """The week picture of an agreement."""
    agreed, lent = minutes(agreement, read_terms(agreement, at))
    return week.picture(agreed, lent)


def minutes(agreement: Agreement, terms: AgreementTerms) -> tuple[frozenset[int], frozenset[int]]:
    """Minutes of the week that are agreed, and those of them that the owner lends now."""
    agreed = open_minutes(terms)
    lent = [row.window for row in agreement.lent_hours.all()]
    return agreed, agreed & minutes_of(lent) if lent else agreed


def _watchers(reader: Reader, own: set[UUID]) -> dict[UUID, list[Watcher]]:
    """Open viewings and playbacks by camera. Three queries."""
    found: dict[UUID, list[Watcher]] = {}
    rows: list[tuple[Any, str]] = []
    for model, how in ((Viewing, "live"), (Playback, "recorded footage")):
        open_now = model.objects.open().select_related("permit__basis", "person")
        rows += [(row, how) for row in open_now]
    roles = _roles({row.person_id for row, _ in rows})
    for row, how in rows:
        for covered in row.permit.covers:
            camera = UUID(covered["id"])
            if camera in own and covered["kind"] in (Kind.CAMERA, Kind.FOOTAGE):
                watcher = _watcher(row, how, roles, number=camera in reader.numbers)
                found.setdefault(camera, []).append(watcher)
    return found


def _watcher(row: Any, how: str, roles: dict[UUID, str], *, number: bool) -> Watcher:
    basis = row.permit.basis
    what = f"{basis.kind} {basis.number}" if basis and number else str(basis.kind) if basis else ""
    return Watcher(
        who=f"person {pseudonym(str(row.person_id), row.opened_at.year)[:8]}",
        role=roles.get(row.person_id, ""),
        how=how,
        purpose=row.permit.purpose.replace("_", " "),
        basis=what.strip(),
        since=row.opened_at,
    )


def _roles(people: set[UUID]) -> dict[UUID, str]:
    rows = Membership.objects.valid_at(clock.now()).filter(person_id__in=people)
    return {person: ROLES[Role(role)].title for person, role in rows.values_list("person_id", "role")}
