"""The account of viewings: bytes reserved before they go, counts written down, and the end entered.

Everything here is synchronous database work; the event loop has it done in threads (`rtcc.live.account`).
Each change of a viewing's account holds its row, so that an end, which enters the account, comes before or
after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce

from audit.record import Touch
from audit.vocabulary import Event
from cameras.models import Camera
from evidence.vault import account
from policy.permits import PermitEnded
from rtcc import clock
from rtcc.live.models import Delivered, Viewing

RESERVE_STEP = 4 * 1024 * 1024
CONTINUE_EVERY = timedelta(minutes=5)
# Counts are written every 5 s. A viewing that was silent for 10 s, and still is 10 s after that was first
# noticed, is taken for gone: where the database was away, its processes get the time to say that they live.
SILENT_AFTER = timedelta(seconds=10)
GONE_AFTER = timedelta(seconds=10)


@dataclass
class Count:
    """What one socket does to the account of one camera, in bytes; each number only grows.

    ``room``: taken on by the account; ``sent``: gone (both changed by the event loop alone); ``written``: of
    these, what stands in the row (changed by the writing thread alone). Times are Unix seconds.
    """

    room: int = 0
    sent: int = 0
    written: int = 0
    first_at: float | None = None
    last_at: float | None = None


def _hold(viewing: UUID) -> Viewing | None:
    return account.hold(Viewing.objects.all(), viewing)


def reserve(viewing: UUID, camera: UUID) -> None:
    """Commit room for `RESERVE_STEP` more bytes of this camera. Raises PermitEnded when the viewing is
    over: what is sent after its end would stand in no entry.
    """
    with transaction.atomic(durable=True):
        if _hold(viewing) is None:
            raise PermitEnded("This viewing is over. Open the incident again.")
        account.add_room(Delivered.objects.all(), RESERVE_STEP, viewing_id=viewing, camera=camera)


def attach(viewing: UUID, process: str) -> None:
    """A process serves this viewing now."""
    Viewing.objects.open().filter(id=viewing).update(process=process, seen_at=clock.now())


def write_down(viewing: UUID, counts: Mapping[UUID, Count]) -> bool:
    """Add what was sent since the last time, give a sign of life, and enter that it goes on when due.

    False when the viewing has ended: its account stays as it was entered.
    """
    sent = {camera: count.sent for camera, count in dict(counts).items()}
    now = clock.now()
    with transaction.atomic(durable=True):
        row = _hold(viewing)
        if row is None:
            return False
        _write(viewing, counts, sent)
        row.seen_at = now
        if now - row.continued_at >= CONTINUE_EVERY:
            _enter(row, Event.VIEW_CONTINUED, now, now)
            row.continued_at = now
        row.save(update_fields=["seen_at", "continued_at"])
    _note(counts, sent)
    return True


def settle(viewing: UUID, counts: Mapping[UUID, Count], cut: bool = False) -> bool:
    """A socket sends no more of this viewing: its counts are written and its unused room is given back.

    ``cut``: it was lost while pictures were on their way, so that what was sent is only known not to be
    more. The viewing stays open for a moment: a page that lost its network finds it again, and where nobody
    comes back the sweeper ends it. False when it has ended.
    """
    sent = {camera: count.sent for camera, count in counts.items()}
    with transaction.atomic(durable=True):
        row = _hold(viewing)
        if row is None:
            return False
        _write(viewing, counts, sent)
        for camera, count in counts.items():
            share = Delivered.objects.filter(viewing_id=viewing, camera=camera)
            account.give_back(share, spare=count.room - count.sent)
        row.seen_at, row.process = clock.now(), ""
        row.cut_sockets += cut
        row.save(update_fields=["seen_at", "process", "cut_sockets"])
    _note(counts, sent)
    for camera, count in counts.items():
        count.room = sent[camera]
    return True


def _write(viewing: UUID, counts: Mapping[UUID, Count], sent: Mapping[UUID, int]) -> None:
    for camera, total in sent.items():
        count = counts[camera]
        if total == count.written:
            continue
        Delivered.objects.filter(viewing_id=viewing, camera=camera).update(
            sent=F("sent") + (total - count.written),
            first_at=Coalesce("first_at", Value(_instant(count.first_at))),
            last_at=_instant(count.last_at),
        )


def _note(counts: Mapping[UUID, Count], sent: Mapping[UUID, int]) -> None:
    """Only what has been committed counts as written."""
    for camera, total in sent.items():
        counts[camera].written = total


def ask_to_end(viewing: UUID, why: str) -> None:
    """End a viewing, exactly where a process serves it: that one stops, settles its account and enters the
    end. Where none does, it is entered at once.
    """
    served = Viewing.objects.open().served_since(clock.now() - SILENT_AFTER).filter(id=viewing)
    if not served.update(asked_to_end=why):
        end(viewing, why)


def sweep() -> int:
    """End viewings that nobody serves any more; where a count was lost, the room reserved is entered."""
    now = clock.now()
    silent = Viewing.objects.silent_since(now - SILENT_AFTER)
    silent.not_missed_yet().update(missed_at=now)
    gone = list(silent.missed_since(now - GONE_AFTER).values_list("id", "asked_to_end")[:200])
    return sum(end(viewing, asked or "nobody watches it any more") for viewing, asked in gone)


def end(viewing: UUID, why: str) -> bool:
    """Enter the end of a viewing once. False if it has ended already."""
    now = clock.now()
    with transaction.atomic(durable=True):
        row = _hold(viewing)
        if row is None:
            return False
        account.end(row, now, why, _enter(row, Event.VIEW_ENDED, now, min(now, row.seen_at), why=why))
    return True


def _instant(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _enter(row: Viewing, event: Event, now: datetime, seen_at: datetime, *, why: str = "") -> UUID:
    """Enter what was delivered so far."""
    rows = list(Delivered.objects.filter(viewing=row).order_by("camera"))
    return account.enter(
        row,
        event,
        [account.Share(each.camera, each.reserved, each.sent, _span(each)) for each in rows],
        time=now,
        name="viewing",
        seconds=max(0, round((seen_at - row.opened_at).total_seconds())),
        why=why,
        # Every socket that ends cleanly gives its unused room back; room that is left belongs to a lost
        # count, or to a socket that is sending just now.
        sure=row.cut_sockets == 0,
        note="bytes are an upper bound; the count of seconds may lack up to 5",
        touches=_touches(row, rows, seen_at),
    )


def _span(row: Delivered) -> dict[str, str | None]:
    return {
        "from": row.first_at.isoformat() if row.first_at else None,
        "to": row.last_at.isoformat() if row.last_at else None,
    }


def _touches(viewing: Viewing, rows: list[Delivered], seen_at: datetime) -> list[Touch]:
    """When each camera was watched; its owner is told by it."""
    owners = dict(Camera.objects.filter(id__in=[row.camera for row in rows]).values_list("id", "owner_id"))
    return [
        Touch(
            camera=row.camera,
            watched=(viewing.opened_at, max(seen_at, viewing.opened_at)),
            owner=owners.get(row.camera),
        )
        for row in rows
    ]
