"""Three days of demo history (`demo/history.toml`), lived through the acts themselves with a set clock.

Nothing is written that an act would not write: calls are opened and verified, cameras watched and refused,
a partner pauses, exigent access is taken and justified. Every entry says that it is seeded. Only the bytes
are made up: nobody was sent a picture. A call whose number is there is left alone, so it can be run again.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from audit.record import record
from audit.vocabulary import Event, Outcome
from cameras.actions.pause_camera import pause_camera
from cameras.actions.resume_camera import resume_camera
from cameras.models import Camera
from policy import grants
from policy.actions.end_grant import end_grant
from policy.actions.justify_exigent import justify_exigent
from policy.actions.verify_basis import verify_basis
from policy.guard import Denied
from policy.models import Basis, Grant, Obligation, Person, PolicyVersion
from policy.permits import PermitEnded
from policy.resume import resume
from policy.vocabulary import ObligationKind, OffenceClass
from rtcc import clock
from rtcc.dispatch.actions.open_incident import open_incident
from rtcc.dispatch.models import Incident
from rtcc.dispatch.nearest import purpose_of, watchable
from rtcc.live import sessions
from rtcc.live.actions.open_viewing import open_viewing
from rtcc.live.models import Delivered, Viewing
from rtcc.onebox.options import DEMO_ZONE
from rtcc.onebox.seed import ACTOR, data
from rtcc.oversight.actions.view_report import view_report
from rtcc.oversight.tiers import reader_of

# The demo city's clock, by which its calls are told.
ZONE = ZoneInfo(DEMO_ZONE)
# About what a simulated camera sends.
BYTES_A_SECOND = 190_000
_STEP = timedelta(minutes=5)


def live_through() -> Counter[str]:
    """Add what is missing of the three days before today; how many acts of each kind were done."""
    known, today = data("history"), clock.now().astimezone(ZONE).date()
    first = _at(today, known["call"][0])
    if not PolicyVersion.objects.in_force_at(first).exists():
        # A folder from before this history: nothing could be decided for those days.
        return Counter()
    return _History(today, known).live()


def _at(today: date, row: dict[str, Any]) -> datetime:
    return datetime.combine(today - timedelta(days=row["day"]), row["at"], tzinfo=ZONE)


class _History:
    """One run. ``plan`` holds what happens, by instant, so that time only moves forward."""

    def __init__(self, today: date, known: dict[str, Any]) -> None:
        self.today = today
        self.known = known
        self.people = {person.username: person for person in Person.objects.all()}
        self.done: Counter[str] = Counter()
        self.plan: list[tuple[datetime, int, Any]] = []
        self.incidents: dict[str, Incident] = {}
        self.viewings: dict[tuple[str, int], Viewing] = {}

    def live(self) -> Counter[str]:
        there = set(Basis.objects.values_list("number", flat=True))
        calls = [row for row in self.known["call"] if row["number"] not in there]
        for row in calls:
            self._plan_call(row)
        numbers = {row["number"] for row in calls}
        for row in self.known["refused"]:
            if row["number"] in numbers:
                self._then(_at(self.today, row), self._refused, row)
        for row in self.known["read"] if calls else ():
            self._then(_at(self.today, row), self._read, row)
        for at, _, act in sorted(self.plan, key=lambda step: step[:2]):
            with clock.set_to(at):
                act()
        return self.done

    def _then(self, at: datetime, act: Any, *words: Any) -> None:
        self.plan.append((at, len(self.plan), lambda: act(*words)))

    def _plan_call(self, row: dict[str, Any]) -> None:
        at = _at(self.today, row)
        self._then(at, self._open, row)
        if not row.get("unverified"):
            self._then(at + timedelta(minutes=row["verified_after_min"]), self._verify, row)
        last = at
        for number, (who, after_min, minutes) in enumerate(row["watched"]):
            start = at + timedelta(minutes=after_min)
            end = start + timedelta(minutes=minutes)
            self._then(start, self._watch, row, number, who)
            for mark in range(1, int((end - start) / _STEP) + 1):
                self._then(start + mark * _STEP, self._go_on, row, number)
            self._then(end, self._end, row, number)
            last = max(last, end)
        if "pause" in row and Camera.objects.by_code(row["pause"]["camera"]).exists():
            self._plan_pause(at, row)
        if "exigent" in row and "justified" in row["exigent"]:
            self._then(at + timedelta(hours=row["exigent"]["justified_after_h"]), self._justify, row)
        self._then(last + timedelta(minutes=4), self._clear, row)

    def _plan_pause(self, at: datetime, row: dict[str, Any]) -> None:
        start = at + timedelta(minutes=row["pause"]["after_min"])
        self._then(start, self._pause, row["pause"])
        self._then(start + timedelta(seconds=1), self._decide_again, row)
        self._then(start + timedelta(minutes=row["pause"]["minutes"]), self._resume, row["pause"])

    def _open(self, row: dict[str, Any]) -> None:
        lon, lat = row["point"]
        self.incidents[row["number"]] = open_incident(
            by=self.people[row["opened_by"]],
            number=row["number"],
            kind=row["type"].replace("_", " "),
            title=row["title"],
            priority=row["priority"],
            place=row["place"],
            lon=lon,
            lat=lat,
        )
        self.done["call"] += 1

    def _verify(self, row: dict[str, Any]) -> None:
        basis = self.incidents[row["number"]].basis_id
        verify_basis(by=self.people[row["verified_by"]], basis=basis, number=row["number"], stands=True)

    def _watch(self, row: dict[str, Any], number: int, who: str) -> None:
        incident = self.incidents[row["number"]]
        exigent = row.get("exigent", {})
        cameras = watchable(incident, clock.now())
        if not cameras:
            return  # A smaller demo city: no camera of it sees that place.
        with suppress(Denied):
            viewing, _ = open_viewing(
                by=self.people[who],
                basis=incident.basis_id,
                cameras=[camera.id for camera in cameras],
                purpose=purpose_of(incident),
                exigent=bool(exigent),
                offence_class=OffenceClass(exigent["offence"]) if exigent else None,
                reason=exigent.get("reason", ""),
            )
            self.viewings[row["number"], number] = viewing
            self.done["viewing"] += 1

    def _delivered(self, viewing: Viewing, until: datetime) -> None:
        """State the account up to an instant, as the relay would have."""
        sent = round((until - viewing.opened_at).total_seconds() * BYTES_A_SECOND)
        for covered in viewing.permit.covers:
            Delivered.objects.update_or_create(
                viewing=viewing,
                camera=UUID(covered["id"]),
                defaults={"reserved": sent, "sent": sent, "first_at": viewing.opened_at, "last_at": until},
            )

    def _go_on(self, row: dict[str, Any], number: int) -> None:
        viewing = self.viewings.get((row["number"], number))
        if viewing is not None:
            self._delivered(viewing, clock.now())
            sessions.write_down(viewing.id, {})

    def _end(self, row: dict[str, Any], number: int) -> None:
        viewing = self.viewings.get((row["number"], number))
        if viewing is not None:
            viewing = Viewing.objects.select_related("permit").get(id=viewing.id)
            self._delivered(viewing, clock.now())
            sessions.write_down(viewing.id, {})
            sessions.end(viewing.id, "closed by the viewer")

    def _pause(self, pause: dict[str, Any]) -> None:
        pause_camera(by=self.people[pause["by"]], camera=_camera(pause["camera"]), why=pause["why"])
        self.done["pause"] += 1

    def _resume(self, pause: dict[str, Any]) -> None:
        resume_camera(by=self.people[pause["by"]], camera=_camera(pause["camera"]), why="The work is done")

    def _decide_again(self, row: dict[str, Any]) -> None:
        """What the watcher of the room does when the epoch has moved."""
        for (number, _), viewing in self.viewings.items():
            if number == row["number"]:
                with suppress(PermitEnded):
                    resume(viewing.permit_id, by=viewing.person)

    def _refused(self, row: dict[str, Any]) -> None:
        incident = self.incidents[row["number"]]
        cameras = list(Camera.objects.by_code_in(row["cameras"]).values_list("id", flat=True))
        if not cameras:
            return  # A smaller demo city has none of them.
        with suppress(Denied):
            open_viewing(
                by=self.people[row["by"]],
                basis=incident.basis_id,
                cameras=cameras,
                purpose=purpose_of(incident),
            )
        self.done["refusal"] += 1

    def _read(self, row: dict[str, Any]) -> None:
        # In a smaller demo city a partner may have no camera, and then no report.
        with suppress(Denied):
            view_report(by=reader_of(self.people[row["by"]]), question={}, going_on=None)
            self.done["reading"] += 1

    def _justify(self, row: dict[str, Any]) -> None:
        owed = Obligation.objects.open().filter(
            kind=ObligationKind.JUSTIFY, grant__basis=self.incidents[row["number"]].basis_id
        )
        for obligation in owed.select_related("person"):
            justify_exigent(
                by=obligation.person, obligation=obligation.id, answer=row["exigent"]["justified"]
            )

    def _clear(self, row: dict[str, Any]) -> None:
        """The call is over: its grants are ended by whom they were given to, and it is closed."""
        incident = self.incidents[row["number"]]
        grants.end_run_out()
        standing = Grant.objects.on_basis(incident.basis_id).standing_at(clock.now())
        for grant in standing.select_related("person"):
            end_grant(by=grant.person, grant=grant.id, why="the call was cleared")
        with transaction.atomic(durable=True):
            record(
                Event.DATA_SEEDED,
                outcome=Outcome.PERMIT,
                actor=ACTOR,
                basis=incident.basis_id,
                basis_kind=incident.basis.kind,
                basis_number=row["number"],
                count=1,
                reason="the call of the demo history was closed",
            )
            Basis.objects.filter(id=incident.basis_id).update(closed_at=_closed_at(self.today, row))


def _closed_at(today: date, row: dict[str, Any]) -> datetime:
    """Late enough for what was asked and refused later on the same call."""
    return _at(today, row) + timedelta(hours=6)


def _camera(code: str) -> UUID:
    found: UUID = Camera.objects.by_code(code).values_list("id", flat=True).get()
    return found
