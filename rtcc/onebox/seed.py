"""The demo city, from readable data (`demo/*.toml`), in one transaction with its entries.

It can be run again at any time: what is there stays as it is, what is missing is added. Only a folder
marked as demo at birth is seeded. Nothing here is known to the rest of the system: the rows are the same
that the acts make, and the entries say that they were seeded by `system:seed`.
"""

from __future__ import annotations

import os
import secrets
import tomllib
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from guardian.shortcuts import assign_perm

from audit.record import record
from audit.vocabulary import Event, Outcome
from cameras.geometry import sector
from cameras.hours import read_window
from cameras.models import (
    Agreement,
    AgreementHours,
    Area,
    Camera,
    Designation,
    Device,
    Placement,
    Site,
    Stream,
)
from cameras.models.devices import Credentials
from cameras.vocabulary import Codec, StreamRole
from policy import epoch
from policy.models import Basis, Membership, Organisation, Person
from policy.vocabulary import BasisKind, Role, Verification
from rtcc import clock
from rtcc.config import config
from rtcc.dispatch.models import Assignment, Incident
from rtcc.errors import Conflict
from rtcc.ids import uuid7
from rtcc.onebox.corners import corners
from rtcc.onebox.founding import publish_newer, publish_starter

DEMO = Path(__file__).parent / "demo"
ACTOR = "system:seed"
AGENCY = "slmpd-demo"
SIMULATOR_HOST = "127.0.0.1"
SIMULATOR_USER = "demo"


def data(name: str) -> dict[str, Any]:
    """One file of the demo city."""
    return tomllib.loads((DEMO / f"{name}.toml").read_text("utf-8"))


def simulator_password() -> str:
    """The password that simulated cameras ask for; made at the first call, readable by its owner only."""
    path = config.keys_dir / "simulator-password"
    if not path.exists():
        made = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
        try:
            os.link(made, path)
        except FileExistsError:
            pass  # Another process was first; its password is the one.
        finally:
            made.unlink()
    return path.read_text().strip()


def seed(*, cameras: int = 12) -> Counter[str]:
    """Add what is missing of the demo city with that many cameras; how many of each kind were added.

    Raises Conflict on a data folder that is not marked as demo.
    """
    if not config.demo:
        raise Conflict("This data folder is not marked as demo; the demo city is not put into it.")
    at = clock.now()
    # One instant for all of it; with a set clock the entries say that they were seeded.
    with clock.set_to(at):
        return _Seeding(at).run(cameras)


class _Seeding:
    """One run; ``made`` counts what it added."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.made: Counter[str] = Counter()
        self.entry_id = uuid7()

    def run(self, cameras: int) -> Counter[str]:
        with transaction.atomic(durable=True):
            self._policy()
            self._organisations()
            self._people()
            self._bases()
            self._incidents()
            self._units()
            known = data("cameras")
            self._cameras((known["camera"] + corners(cameras - len(known["camera"])))[:cameras], known)
            self._agreements()
            self._permissions()
            if self.made.total():
                self._enter(
                    Event.DATA_SEEDED, id=self.entry_id, count=self.made.total(), detail=dict(+self.made)
                )
                epoch.bump()
        return self.made

    def _enter(self, event: Event, **fields: Any) -> None:
        record(event, outcome=Outcome.PERMIT, actor=ACTOR, purpose="system_duty", **fields)

    def _policy(self) -> None:
        # In force since the first membership, so that the demo history can be lived through it.
        since = min(self.at, data("people")["memberships"]["since"])
        with clock.set_to(since):
            self.made["policy"] += publish_starter(ACTOR, since)
        # A newer release on an older folder: nobody would be there to publish what it ships.
        self.made["policy"] += publish_newer(ACTOR)

    def _organisations(self) -> None:
        known = data("organisations")
        for row in known["organisation"]:
            self._once(Organisation, "code", row)
        for row in known["site"]:
            self._once(Site, "code", row)
        for row in known["area"]:
            self._once(Area, "code", row)

    def _once(self, model: type[Any], key: str, row: dict[str, Any]) -> None:
        _, made = model.objects.get_or_create(**{key: row[key]}, defaults=row)
        self.made[model._meta.model_name] += made

    def _people(self) -> None:
        known = data("people")
        since = known["memberships"]["since"]
        organisations = {row.code: row for row in Organisation.objects.all()}
        for row in known["person"]:
            if Person.objects.filter(username=row["username"]).exists():
                continue
            person = Person.objects.create_user(row["username"], display_name=row["name"])
            # A new account cannot approve for a day; the people of the demo have been there since.
            Person.objects.filter(id=person.id).update(created_at=since)
            days = row.get("certified_days")
            membership = Membership.objects.create(
                person=person,
                organisation=organisations[row["organisation"]],
                role=Role(row["role"]),
                unit=row["unit"],
                rank=row["rank"],
                certified_until=(self.at + timedelta(days=days)).date() if days else None,
                starts_at=since,
            )
            self._enter(
                Event.MEMBERSHIP_CHANGED,
                object_kind="membership",
                object_id=membership.id,
                detail={"role": row["role"], "organisation": row["organisation"], "person": str(person.id)},
            )
            self.made["person"] += 1

    def _bases(self) -> None:
        agency = Organisation.objects.get(code=AGENCY)
        for row in data("incidents")["basis"]:
            _, made = Basis.objects.get_or_create(
                agency=agency,
                kind=row["kind"],
                number=row["number"],
                defaults={
                    "title": row["title"],
                    "opened_at": self.at - timedelta(days=row["days_ago"]),
                    "verification": Verification.VERIFIED,
                    "verified_by": ACTOR,
                    "verified_at": self.at,
                },
            )
            self.made["basis"] += made

    def _incidents(self) -> None:
        """Calls that stand open. Dispatch gave their numbers, so they are verified."""
        agency = Organisation.objects.get(code=AGENCY)
        for row in data("incidents")["incident"]:
            if Basis.objects.filter(agency=agency, kind=BasisKind.INCIDENT, number=row["number"]).exists():
                continue
            basis = Basis.objects.create(
                agency=agency,
                kind=BasisKind.INCIDENT,
                number=row["number"],
                title=row["title"],
                opened_at=self.at - timedelta(minutes=row["minutes_ago"]),
                verification=Verification(row["verification"]),
                verified_by=ACTOR,
                verified_at=self.at,
            )
            lon, lat = row["point"]
            entry = uuid7()
            Incident.objects.create(
                basis=basis,
                kind=row["type"].replace("_", " "),
                priority=row["priority"],
                place=row["place"],
                lon=lon,
                lat=lat,
                entry=entry,
            )
            self._enter(
                Event.INCIDENT_OPENED,
                id=entry,
                basis=basis.id,
                basis_kind=basis.kind,
                basis_number=basis.number,
                basis_verification=basis.verification,
            )
            self.made["incident"] += 1

    def _units(self) -> None:
        """Units that dispatch has sent to the calls."""
        for row in data("incidents")["unit"]:
            incident = Incident.objects.select_related("basis").get(basis__number=row["number"])
            officer = Person.objects.get(username=row["person"])
            if incident.assignments.filter(person=officer).exists():
                continue
            Assignment.objects.create(
                incident=incident, unit=row["unit"], person=officer, starts_at=self.at, entry=self.entry_id
            )
            self.made["unit"] += 1

    def _cameras(self, rows: Iterable[dict[str, Any]], known: dict[str, Any]) -> None:
        rows = list(rows)
        there = set(Camera.objects.by_code_in([row["code"] for row in rows]).values_list("code", flat=True))
        missing = [row for row in rows if row["code"] not in there]
        if not missing:
            return
        places = _Places(self.at, known["placement"]["since"])
        login = Credentials(SIMULATOR_USER, simulator_password())
        for row in missing:
            camera = places.make(row, login)
            self._enter(
                Event.CAMERA_REGISTERED,
                object_kind="camera",
                object_id=camera.id,
                cameras=[camera.id],
                camera_names=[camera.name],
                owner=str(camera.owner_id),
                zone=row["area"],
                detail={
                    "code": camera.code,
                    "recording": camera.recording,
                    "retention": camera.retention_class,
                },
            )
            self.made["camera"] += 1

    def _agreements(self) -> None:
        organisations = {row.code: row for row in Organisation.objects.all()}
        cameras = {row.code: row for row in Camera.objects.all()}
        for row in data("agreements")["agreement"]:
            if Agreement.objects.filter(code=row["code"]).exists() or not cameras.keys() >= set(
                row["cameras"]
            ):
                continue
            agreement = _make_agreement(row, organisations, cameras)
            self._enter(
                Event.AGREEMENT_CHANGED,
                object_kind="agreement",
                object_id=agreement.id,
                agreement=str(agreement.id),
                owner=str(agreement.owner_id),
                detail={
                    "mode": row["mode"],
                    "hours": row["hours"],
                    "purposes": row["purposes"],
                    "made": True,
                },
            )
            self.made["agreement"] += 1

    def _permissions(self) -> None:
        """A partner's people know and operate the cameras that their organisation owns."""
        memberships = Membership.objects.valid_at(self.at).filter(role=Role.PARTNER)
        for membership in memberships.select_related("person"):
            for camera in Camera.objects.owned_by([membership.organisation_id]):
                for permission in ("know_camera", "operate_camera"):
                    if not _has(membership.person_id, permission, camera.id):
                        assign_perm(f"cameras.{permission}", membership.person, camera)
                        self.made["permission"] += 1


def _has(person: UUID, permission: str, camera: UUID) -> bool:
    from guardian.models import UserObjectPermission

    return UserObjectPermission.objects.filter(
        user_id=person, permission__codename=permission, object_pk=str(camera)
    ).exists()


class _Places:
    """Makes cameras at the corners, each on a device of its own."""

    def __init__(self, at: datetime, since: datetime) -> None:
        self.at = at
        self.since = since
        self.organisations = {row.code: row for row in Organisation.objects.all()}
        self.sites = {row.code: row for row in Site.objects.all()}
        self.areas = {row.code: row for row in Area.objects.all()}

    def make(self, row: dict[str, Any], login: Credentials) -> Camera:
        device = Device(
            code=f"sim-{row['code']}", host=SIMULATOR_HOST, port=config.sim_port, maker="Simulated"
        )
        device.keep(login)
        device.save(force_insert=True)
        camera = Camera.objects.create(
            code=row["code"],
            name=row["name"],
            owner=self.organisations[row["owner"]],
            device=device,
            recording=row["recording"],
            retention_class=row["retention_class"],
            purpose=row["purpose"],
            registered_at=self.at,
        )
        # The simulated city sends H.264 and nothing else; other facts are found when it is connected.
        for role in (StreamRole.RECORD, StreamRole.LIVE):
            Stream.objects.create(camera=camera, role=role, path=row["path"], codec=Codec.H264)
        point = (row["lon"], row["lat"])
        view = sector(
            point, bearing_deg=row["bearing_deg"], angle_deg=row["angle_deg"], reach_m=row["reach_m"]
        )
        Placement.objects.create(
            camera=camera,
            starts_at=self.since,
            lon=row["lon"],
            lat=row["lat"],
            bearing_deg=row["bearing_deg"],
            field_of_view=view,
            site=self.sites[row["site"]],
            area=self.areas[row["area"]],
            marking=row["marking"],
            purpose=row["purpose"],
        )
        return camera


def _make_agreement(
    row: dict[str, Any], organisations: dict[str, Organisation], cameras: dict[str, Camera]
) -> Agreement:
    agreement = Agreement.objects.create(
        code=row["code"],
        owner=organisations[row["owner"]],
        agency=organisations[row["agency"]],
        mode=row["mode"],
        purposes=row["purposes"],
        notify_owner=row["notify_owner"],
        viewers=row["viewers"],
        agency_copies_days=row["agency_copies_days"],
        records_handling=row["records_handling"],
        starts_at=row["since"],
        review_on=row["review_on"],
    )
    for text in row["hours"]:
        window = read_window(text)
        AgreementHours.objects.create(
            agreement=agreement, weekday=window.weekday, opens=window.opens, closes=window.closes
        )
    for code in row["cameras"]:
        Designation.objects.create(agreement=agreement, camera=cameras[code], starts_at=row["since"])
    return agreement
