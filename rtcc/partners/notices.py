"""Notices: an owner is told of each access to its cameras where its agreement says so.

A notice follows from the entry of the access, so it is written after it, from the log itself: whatever act
owes ``notify_owner`` is told, whoever wrote it. It can be written any number of times; once counts.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from audit.models import Disclosure
from audit.search import MOST_ROWS, Found, Question, entries, find
from audit.vocabulary import Outcome
from cameras.models import Camera, Designation
from policy.models import Obligation, Permit, Person
from policy.vocabulary import Kind, ObligationKind, OrganisationClass
from rtcc import clock
from rtcc.partners.models import Notice

# Entries are looked at again for so long: one that was committed late is not passed over.
LOOK_BACK = timedelta(hours=1)
FIRST_LOOK = timedelta(days=7)
_PORTION = 100
ANSWER = "read on the owner's desk"


@dataclass(frozen=True)
class _Said:
    """What an entry says that a notice depends on."""

    event: str
    owes: bool
    refused: frozenset[UUID]


def write_notices() -> int:
    """Write the notices that are missing; how many. A constant number of queries per 100 entries."""
    cameras = list(Camera.objects.filter(owner__kind=OrganisationClass.PARTNER).values_list("id", flat=True))
    if not cameras:
        return 0
    since = _since()
    made, before = 0, None
    while True:
        asked = Question(cameras=cameras, watched=(since, None), outcomes=[Outcome.PERMIT], before=before)
        keys = entries(replace(asked, limit=_PORTION))
        if keys:
            made += _write(find(Question(entries=keys, cameras=cameras, limit=MOST_ROWS)))
        if len(keys) < _PORTION:
            return made
        before = keys[-1]


def _since() -> datetime:
    newest = Notice.objects.order_by("-at").values_list("at", flat=True).first()
    return newest - LOOK_BACK if newest else clock.now() - FIRST_LOOK


def _write(found: Sequence[Found]) -> int:
    keys = {each.entry for each in found}
    there = set(Notice.objects.filter(access__in=keys).values_list("access", "camera_id"))
    fresh = [each for each in found if (each.entry, each.camera) not in there]
    if not fresh:
        return 0
    said = _said({each.entry for each in fresh})
    rows: dict[tuple[UUID, UUID], Notice] = {}
    designations = _designations({each.camera for each in fresh if each.camera})
    for each in fresh:
        entry, camera = said.get(each.entry), each.camera
        if entry is None or camera is None or not entry.owes or camera in entry.refused:
            continue
        designation = next((one for one in designations[camera] if _holds(one, each.watched[0])), None)
        if designation is not None and designation.agreement.notify_owner:
            rows[each.entry, camera] = Notice(
                owner_id=designation.agreement.owner_id,
                camera_id=camera,
                agreement=designation.agreement,
                access=each.entry,
                at=each.watched[0],
                what=entry.event,
            )
    return len(Notice.objects.bulk_create(rows.values(), ignore_conflicts=True))


def _said(keys: Collection[UUID]) -> dict[UUID, _Said]:
    rows = Disclosure.objects.filter(entry__in=list(keys), field__in=("event", "obligations", "detail"))
    fields: dict[UUID, dict[str, Any]] = {}
    for entry, name, value in rows.values_list("entry", "field", "value"):
        fields.setdefault(entry, {})[name] = json.loads(value)
    return {
        entry: _Said(
            event=str(said.get("event") or ""),
            owes=ObligationKind.NOTIFY_OWNER in (said.get("obligations") or ()),
            refused=frozenset(
                UUID(ref.partition(":")[2])
                for ref in (said.get("detail") or {}).get("refused") or ()
                if ref.startswith(f"{Kind.CAMERA}:")
            ),
        )
        for entry, said in fields.items()
    }


def _designations(cameras: Collection[UUID]) -> dict[UUID, list[Designation]]:
    found: dict[UUID, list[Designation]] = {camera: [] for camera in cameras}
    rows = Designation.objects.filter(camera__id__in=list(cameras)).select_related("agreement", "camera")
    for row in rows:
        found[row.camera.id].append(row)
    return found


def _holds(designation: Designation, at: datetime) -> bool:
    return designation.starts_at <= at and (designation.ends_at is None or designation.ends_at > at)


def discharge(read: Collection[UUID], cameras: Collection[UUID], by: Person) -> int:
    """Inside the act of reading: discharge what is owed to owners and was read by all of them; how many.

    ``read`` are the accesses just read. An obligation of a grant stands for each access under it, of however
    many owners; it is discharged by the last of them. Where no agreement asks for notices, the owner is told
    by its list of accesses, and reading there is enough.
    """
    owed = Obligation.objects.open().filter(kind=ObligationKind.NOTIFY_OWNER)
    mine = owed.filter(Q(grant__cameras__camera__in=cameras) | Q(entry__in=read)).distinct()
    now, done = clock.now(), 0
    for obligation in mine:
        accesses = {obligation.entry}
        if obligation.grant_id:
            accesses |= set(
                Permit.objects.filter(grant_id=obligation.grant_id).values_list("entry", flat=True)
            )
        if not Notice.objects.filter(access__in=accesses).unread().exists():
            obligation.discharged_at, obligation.discharged_by, obligation.answer = now, by, ANSWER
            obligation.save(update_fields=["discharged_at", "discharged_by", "answer"])
            done += 1
    return done
