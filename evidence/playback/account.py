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
from cameras.models import Camera
from evidence.models import Playback, Played
from policy.models import Permit as PermitRow
from policy.permits import PermitEnded
from rtcc import clock

# Room for what stands around footage: the head of a frame, and of an init segment its facts as JSON.
AROUND_BYTES = 512
# The player asks for the session's state every few seconds; after this it is taken for gone.
SILENT_AFTER = timedelta(seconds=30)
# Fragments that follow each other this closely are one span of delivered footage.
JOIN = timedelta(seconds=1)

Span = tuple[datetime, datetime]


class StreamAccount:
    """The account of one stream of one playback: `reserve` before a fragment is decrypted, `going` before it
    goes, `sent` when it has gone, `settle` at the end.

    Footage is written down when its room is: a process that dies leaves an entry that names too much of it,
    and calls its count an upper bound, but never too little.
    """

    def __init__(self, playback: UUID, camera: UUID) -> None:
        self.playback, self.camera = playback, camera
        self._room = 0
        self._going = 0
        self._sent = 0

    def reserve(self, camera: UUID, length: int, span: Span | None) -> None:
        """Called by the vault before it decrypts. Raises PermitEnded once the session is over."""
        more = max(0, length + AROUND_BYTES - (self._room - self._going))
        _reserve(self.playback, camera, more, span)
        self._room += more

    def going(self, length: int) -> None:
        """These bytes are handed to the network; whether they arrive is not known yet."""
        self._going += length

    def sent(self) -> None:
        """They have gone."""
        self._room -= self._going
        self._sent += self._going
        self._going = 0

    def settle(self) -> None:
        """Write down what was sent, and give back room whose bytes certainly did not go."""
        spare = self._room - self._going
        if self._sent or spare:
            _settle(self.playback, self.camera, self._sent, spare)
        self._room, self._sent = self._going, 0


def _reserve(playback: UUID, camera: UUID, length: int, span: Span | None) -> None:
    """Commit room; the session's row is held so that it cannot end in between."""
    with transaction.atomic():
        row = Playback.objects.select_for_update().open().filter(id=playback).first()
        if row is None:
            raise PermitEnded("This playback is over. Open it again.")
        row.seen_at = clock.now()
        row.save(update_fields=["seen_at"])
        played, _ = Played.objects.get_or_create(playback=row, camera=camera)
        played.reserved += length
        if span is not None:
            played.spans = _text(merged([*_spans(played.spans), span]))
        played.save(update_fields=["reserved", "spans"])


def _settle(playback: UUID, camera: UUID, sent: int, spare: int) -> None:
    """After its end a session's account stays as it was entered."""
    with transaction.atomic():
        row = Playback.objects.select_for_update().open().filter(id=playback).first()
        if row is not None:
            Played.objects.filter(playback=row, camera=camera).update(
                sent=F("sent") + sent, reserved=F("reserved") - spare
            )


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
    return sum(end(playback, "nobody watches it any more", gone=True) for playback in list(silent[:200]))


def end(playback: UUID, why: str, *, gone: bool = False) -> bool:
    """Enter the end of a session once: what was delivered, and whether the count is exact. Of a player that
    is ``gone`` nobody knows how much of the last answer arrived.
    """
    now = clock.now()
    with transaction.atomic(durable=True):
        row = Playback.objects.select_for_update().open().filter(id=playback).first()
        if row is None:
            return False
        row.ended_entry = _enter(row, now, why, gone=gone)
        row.ended_at, row.ended_why = now, why[:300]
        row.save(update_fields=["ended_entry", "ended_at", "ended_why"])
        PermitRow.objects.filter(id=row.permit_id, ended_at__isnull=True).update(ended_at=now, ended_why=why)
    return True


def _enter(row: Playback, now: datetime, why: str, *, gone: bool) -> UUID:
    permit = PermitRow.objects.select_related("basis", "person").get(id=row.permit_id)
    played = list(Played.objects.filter(playback=row).order_by("camera"))
    exact = not (gone and played) and all(each.reserved == each.sent for each in played)
    detail: dict[str, Any] = {
        "playback": str(row.id),
        "delivered": [
            {"camera": str(each.camera), "bytes": each.reserved, "footage": each.spans} for each in played
        ],
    }
    if not exact:
        detail["note"] = "bytes are an upper bound: some may not have arrived"
    spans = [(each.camera, span) for each in played for span in _spans(each.spans)]
    # Each owner finds in the report what was watched of its own cameras.
    owners = dict(Camera.objects.with_ids([each.camera for each in played]).values_list("id", "owner_id"))
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
            Touch(
                camera=camera,
                watched=(row.opened_at, max(now, row.opened_at)),
                footage=span,
                owner=owners.get(camera),
            )
            for camera, span in spans
        ],
    )
    return entry.id
