"""The account of viewings: bytes reserved before they go, counts written down, and the end entered.

Everything here is synchronous database work; the socket calls it in threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce

from audit.record import Touch, record
from audit.vocabulary import Event, Outcome
from policy.models import Permit as PermitRow
from rtcc import clock
from rtcc.live.models import Delivered, Viewing

RESERVE_STEP = 4 * 1024 * 1024
CONTINUE_EVERY = timedelta(minutes=5)
# Counts are written every 5 s; after 15 s without a sign of life the process is taken for gone.
SILENT_AFTER = timedelta(seconds=15)


@dataclass
class Count:
    """What one socket sent of one camera. ``room`` is what is reserved and not yet sent; ``unwritten`` is
    sent and not yet in the row. Times are Unix seconds."""

    room: int = 0
    unwritten: int = 0
    first_at: float | None = None
    last_at: float | None = None


def reserve(viewing: UUID, camera: UUID) -> int:
    """Commit room for more bytes of this camera before they go; returns the room added."""
    Delivered.objects.get_or_create(viewing_id=viewing, camera=camera)
    Delivered.objects.filter(viewing_id=viewing, camera=camera).update(reserved=F("reserved") + RESERVE_STEP)
    return RESERVE_STEP


def attach(viewing: UUID, process: str) -> None:
    """A process serves this viewing now."""
    Viewing.objects.open().filter(id=viewing).update(process=process, seen_at=clock.now())


def write_down(viewing: UUID, counts: dict[UUID, Count]) -> None:
    """Add what was sent since the last time, give a sign of life, and enter that it goes on when due."""
    now = clock.now()
    for camera, count in counts.items():
        unwritten = count.unwritten
        Delivered.objects.filter(viewing_id=viewing, camera=camera).update(
            sent=F("sent") + unwritten,
            first_at=Coalesce("first_at", Value(_instant(count.first_at))),
            last_at=_instant(count.last_at),
        )
        count.unwritten -= unwritten
    with transaction.atomic(durable=True):
        row = Viewing.objects.select_for_update().open().filter(id=viewing).first()
        if row is None:
            return
        row.seen_at = now
        if now - row.continued_at >= CONTINUE_EVERY:
            _enter(row, Event.VIEW_CONTINUED, now)
            row.continued_at = now
        row.save(update_fields=["seen_at", "continued_at"])


def detach(viewing: UUID, counts: dict[UUID, Count]) -> None:
    """A socket has gone cleanly: its counts are written and its unused room is given back.

    The viewing stays open for a moment, so that a page that lost its network finds it again; the sweeper
    ends it when nobody comes back.
    """
    write_down(viewing, counts)
    for camera, count in counts.items():
        room, count.room = count.room, 0
        Delivered.objects.filter(viewing_id=viewing, camera=camera).update(reserved=F("reserved") - room)


def finish(viewing: UUID, why: str, counts: dict[UUID, Count]) -> bool:
    """A clean end: the exact counts, and the entry. False if it has ended already."""
    detach(viewing, counts)
    return end(viewing, why)


def sweep() -> int:
    """End viewings that nobody serves any more; where a count was lost, the room reserved is entered."""
    silent = Viewing.objects.silent_since(clock.now() - SILENT_AFTER).values_list("id", flat=True)
    return sum(end(viewing, "nobody watches it any more") for viewing in list(silent[:200]))


def end(viewing: UUID, why: str) -> bool:
    """Enter the end of a viewing once. False if it has ended already."""
    now = clock.now()
    with transaction.atomic(durable=True):
        row = Viewing.objects.select_for_update().open().filter(id=viewing).first()
        if row is None:
            return False
        row.ended_entry = _enter(row, Event.VIEW_ENDED, now, why=why)
        row.ended_at, row.ended_why = now, why
        row.save(update_fields=["ended_entry", "ended_at", "ended_why"])
        PermitRow.objects.filter(id=row.permit_id, ended_at__isnull=True).update(ended_at=now, ended_why=why)
    return True


def _instant(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=clock.now().tzinfo)


def _enter(row: Viewing, event: Event, now: datetime, *, why: str = "") -> UUID:
    """Enter what was delivered so far: sent, not necessarily seen."""
    permit = PermitRow.objects.select_related("basis", "person").get(id=row.permit_id)
    rows = list(Delivered.objects.filter(viewing=row).order_by("camera"))
    # Every socket that ends cleanly gives its unused room back; room that is left belongs to a lost count,
    # or to a socket that is sending just now.
    exact = all(each.reserved == each.sent for each in rows)
    detail: dict[str, Any] = {
        "viewing": str(row.id),
        "delivered": [
            {
                "camera": str(each.camera),
                "bytes": each.reserved,
                "from": each.first_at and each.first_at.isoformat(),
                "to": each.last_at and each.last_at.isoformat(),
            }
            for each in rows
        ],
    }
    if not exact:
        detail["note"] = "bytes are an upper bound: room was reserved and its use is not counted"
    actor = str(permit.actor)
    entry = record(
        event,
        outcome=Outcome.PERMIT,
        time=now,
        parent=row.entry,
        actor=actor,
        actor_name=permit.person.display_name if permit.person else None,
        action=permit.action,
        permit=permit.id,
        grant=permit.grant_id,
        basis=permit.basis_id,
        basis_kind=permit.basis.kind if permit.basis else None,
        basis_number=permit.basis.number if permit.basis else None,
        purpose=permit.purpose,
        cameras=[each.camera for each in rows],
        seconds=round((now - row.opened_at).total_seconds()),
        bytes=sum(each.reserved for each in rows),
        exact=exact,
        policy=permit.policy,
        rules=permit.rules,
        reason=why or None,
        detail=detail,
        touches=[
            Touch(
                camera=each.camera,
                watched=(row.opened_at, max(now, row.opened_at)),
            )
            for each in rows
        ],
    )
    return entry.id
