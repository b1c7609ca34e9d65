"""The byte account of a session in which somebody is handed pictures, live or recorded.

    room = hold(Playback.objects.all(), key)      the session's row, held; None when it has ended
    add_room(shares, length)                      commit room *before* bytes go
    give_back(shares, sent=..., spare=...)        write down what went, take back room whose bytes stayed
    end(room, now, why, enter(room, ...))         once: the entry, and with it session and permit end

Conservation: bytes received are never more than bytes entered, and equal where the entry says ``exact``. Room
that was taken on and neither used nor given back belongs to a count that was lost: it is entered, as an upper
bound. Every change of an account holds its session's row, so that an end, which enters the account, comes
before or after it. All of it is synchronous database work inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import F

from audit.record import Touch, record
from audit.vocabulary import Event, Outcome
from policy.models import Permit as PermitRow


class Session(Protocol):
    """A row of a session: a viewing, a playback, a picture that was sent."""

    id: Any
    permit_id: Any
    entry: Any
    ended_at: Any
    ended_why: Any
    ended_entry: Any

    def save(self, *, update_fields: Iterable[str]) -> None: ...


S = TypeVar("S", bound=models.Model)


@dataclass(frozen=True)
class Share:
    """What a session was sent of one camera. ``says``: what its entry says of it beside the bytes."""

    camera: UUID
    reserved: int
    sent: int
    says: Mapping[str, Any] = field(default_factory=dict)


def hold(rows: models.QuerySet[S], key: UUID) -> S | None:
    """The session, its row held to the end of the transaction; None when it has ended."""
    return rows.select_for_update().filter(id=key, ended_at__isnull=True).first()


def add_room(shares: models.QuerySet[Any], length: int, **names: Any) -> None:
    """Commit room for ``length`` more bytes in the share that ``names`` name; it is made where it is new."""
    if not shares.filter(**names).update(reserved=F("reserved") + length):
        shares.create(**names, reserved=length)


def give_back(shares: models.QuerySet[Any], *, sent: int = 0, spare: int = 0) -> None:
    """Write down bytes that went, and take back room whose bytes certainly did not."""
    shares.update(sent=F("sent") + sent, reserved=F("reserved") - spare)


def enter(
    session: Session,
    event: Event,
    shares: Sequence[Share],
    *,
    time: datetime,
    name: str,
    seconds: int,
    why: str = "",
    sure: bool = True,
    note: str,
    touches: Sequence[Touch] = (),
    **fields: Any,
) -> UUID:
    """Enter what a session was sent so far: sent, not necessarily seen. Returns the entry's id.

    ``name`` is what the entry's detail calls the session; ``sure`` is False where a count was lost, and then
    the detail says ``note``; ``fields`` are further fields of the entry.
    """
    permit = PermitRow.objects.select_related("basis", "person").get(id=session.permit_id)
    exact = sure and all(each.reserved == each.sent for each in shares)
    delivered = [{"camera": str(each.camera), "bytes": each.reserved, **each.says} for each in shares]
    detail: dict[str, Any] = {name: str(session.id), "delivered": delivered}
    if not exact:
        detail["note"] = note
    entry = record(
        event,
        outcome=Outcome.PERMIT,
        time=time,
        parent=session.entry,
        actor=str(permit.actor),
        actor_name=permit.person.display_name if permit.person else None,
        session=permit.session_id,
        action=permit.action,
        permit=permit.id,
        grant=permit.grant_id,
        basis=permit.basis_id,
        basis_kind=permit.basis.kind if permit.basis else None,
        basis_number=permit.basis.number if permit.basis else None,
        purpose=permit.purpose,
        cameras=[each.camera for each in shares],
        seconds=seconds,
        bytes=sum(each.reserved for each in shares),
        exact=exact,
        policy=permit.policy,
        rules=permit.rules,
        reason=why or None,
        detail=detail,
        touches=touches,
        **fields,
    )
    return entry.id


def end(session: Session, now: datetime, why: str, entry: UUID) -> None:
    """The session is over, as ``entry`` says, and nothing more is sent under its permit."""
    session.ended_at, session.ended_why, session.ended_entry = now, why[:300], entry
    session.save(update_fields=["ended_entry", "ended_at", "ended_why"])
    permit = PermitRow.objects.filter(id=session.permit_id, ended_at__isnull=True)
    permit.update(ended_at=now, ended_why=why[:300])
