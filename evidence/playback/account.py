"""The account of playback sessions: room for bytes before they go, what was sent, and the end entered.

Everything here is synchronous database work. Bytes received are never more than bytes entered: room is
committed before a byte is decrypted, and only room whose bytes certainly did not go is given back.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from audit.record import Touch, record
from audit.vocabulary import Event, Outcome
from evidence.models import Playback, Played
from policy.models import Permit as PermitRow
from policy.permits import PermitEnded
from rtcc import clock

STEP_BYTES = 1024 * 1024
MOST_AT_ONCE = 4 * 1024 * 1024
# The player asks for the session's state every few seconds; after this it is taken for gone.
SILENT_AFTER = timedelta(seconds=30)
# Fragments that follow each other this closely are one span of delivered footage.
JOIN = timedelta(seconds=1)

Span = tuple[datetime, datetime]


class StreamAccount:
    """The account of one stream of one playback. Room is taken in steps of at most 4 MiB.

    ``sent`` says that bytes have gone, ``settle`` writes it down. What was handed out by the vault and is
    neither sent nor settled stays reserved: the entry then calls its count an upper bound.
    """

    def __init__(self, playback: UUID, camera: UUID) -> None:
        self.playback, self.camera = playback, camera
        self._room = 0
        self._handed = 0
        self._sent = 0
        self._spans: list[Span] = []

    def reserve(self, camera: UUID, length: int) -> None:
        """Called by the vault before it decrypts. Raises PermitEnded once the session is over."""
        while self._room < length:
            step = min(max(STEP_BYTES, length - self._room), MOST_AT_ONCE)
            self._room += _reserve(self.playback, camera, step)
        self._room -= length
        self._handed += length

    def overhead(self, length: int) -> None:
        """Bytes of our own around what the vault handed out (frame heads)."""
        self.reserve(self.camera, length)

    def sent(self, length: int, span: Span | None = None) -> None:
        """These bytes have gone to the network."""
        self._handed -= length
        self._sent += length
        if span is not None:
            self._spans = merged([*self._spans, span])

    def settle(self, *, clean: bool) -> None:
        """Write down what was sent. A clean end gives back room that was never used."""
        spare = self._room + self._handed if clean else self._room
        if self._sent or spare:
            _settle(self.playback, self.camera, self._sent, spare, self._spans)
        self._room = self._sent = 0
        self._handed = 0 if clean else self._handed
        self._spans = []


def _reserve(playback: UUID, camera: UUID, length: int) -> int:
    """Commit room; the session's row is held so that it cannot end in between."""
    with transaction.atomic():
        open_row = Playback.objects.select_for_update().open().filter(id=playback)
        if not open_row.update(seen_at=clock.now()):
            raise PermitEnded("This playback is over. Open it again.")
        Played.objects.get_or_create(playback_id=playback, camera=camera)
        Played.objects.filter(playback_id=playback, camera=camera).update(reserved=F("reserved") + length)
    return length


def _settle(playback: UUID, camera: UUID, sent: int, spare: int, spans: list[Span]) -> None:
    with transaction.atomic():
        row = Playback.objects.select_for_update().filter(id=playback).get()
        played = Played.objects.get(playback=row, camera=camera)
        played.sent += sent
        played.spans = _text(merged([*_spans(played.spans), *spans]))
        if row.ended_at is None:
            played.reserved -= spare
        played.save(update_fields=["sent", "spans", "reserved"])


def merged(spans: list[Span]) -> list[Span]:
    """Spans in order, joined where one follows the other closely."""
    found: list[Span] = []
    for starts_at, ends_at in sorted(spans):
        if found and starts_at <= found[-1][1] + JOIN:
            found[-1] = (found[-1][0], max(found[-1][1], ends_at))
        else:
            found.append((starts_at, ends_at))
    return found


def _spans(stored: list[list[str]]) -> list[Span]:
    return [(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in stored]


def _text(spans: list[Span]) -> list[list[str]]:
    return [[starts_at.isoformat(), ends_at.isoformat()] for starts_at, ends_at in spans]


def look_alive(playback: UUID) -> None:
    """The player is still there."""
    Playback.objects.open().filter(id=playback).update(seen_at=clock.now())


def sweep() -> int:
    """End sessions whose player has gone."""
    silent = Playback.objects.silent_since(clock.now() - SILENT_AFTER).values_list("id", flat=True)
    return sum(end(playback, "nobody watches it any more") for playback in list(silent[:200]))


def end(playback: UUID, why: str) -> bool:
    """Enter the end of a session once: what was delivered, and whether the count is exact."""
    now = clock.now()
    with transaction.atomic(durable=True):
        row = Playback.objects.select_for_update().open().filter(id=playback).first()
        if row is None:
            return False
        row.ended_entry = _enter(row, now, why)
        row.ended_at, row.ended_why = now, why[:300]
        row.save(update_fields=["ended_entry", "ended_at", "ended_why"])
        PermitRow.objects.filter(id=row.permit_id, ended_at__isnull=True).update(ended_at=now, ended_why=why)
    return True


def _enter(row: Playback, now: datetime, why: str) -> UUID:
    permit = PermitRow.objects.select_related("basis", "person").get(id=row.permit_id)
    played = list(Played.objects.filter(playback=row).order_by("camera"))
    exact = all(each.reserved == each.sent for each in played)
    detail: dict[str, Any] = {
        "playback": str(row.id),
        "delivered": [
            {"camera": str(each.camera), "bytes": each.reserved, "footage": each.spans} for each in played
        ],
    }
    if not exact:
        detail["note"] = "bytes are an upper bound: room was reserved and its use is not counted"
    spans = [(each.camera, span) for each in played for span in _spans(each.spans)]
    entry = record(
        Event.PLAYBACK_ENDED,
        outcome=Outcome.PERMIT,
        time=now,
        parent=row.entry,
        actor=str(permit.actor),
        actor_name=permit.person.display_name if permit.person else None,
        action=permit.action,
        permit=permit.id,
        grant=permit.grant_id,
        basis=permit.basis_id,
        basis_kind=permit.basis.kind if permit.basis else None,
        basis_number=permit.basis.number if permit.basis else None,
        purpose=permit.purpose,
        cameras=[each.camera for each in played],
        footage_from=min((span[0] for _, span in spans), default=None),
        footage_to=max((span[1] for _, span in spans), default=None),
        seconds=round(sum((span[1] - span[0]).total_seconds() for _, span in spans)),
        bytes=sum(each.reserved for each in played),
        exact=exact,
        policy=permit.policy,
        rules=permit.rules,
        reason=why or None,
        detail=detail,
        touches=[
            Touch(camera=camera, watched=(row.opened_at, max(now, row.opened_at)), footage=span)
            for camera, span in spans
        ],
    )
    return entry.id
