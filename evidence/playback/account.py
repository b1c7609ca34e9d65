"""The account of playback sessions: room for bytes before they go, what was sent, and the end entered.

Everything here is synchronous database work. Bytes received are never more than bytes entered: room is
committed before a byte is decrypted, and only room whose bytes certainly did not go is given back.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from audit.record import Touch
from audit.vocabulary import Event
from cameras.models import Camera
from evidence.models import Playback, Played
from evidence.vault import account
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
        row = account.hold(Playback.objects.all(), playback)
        if row is None:
            raise PermitEnded("This playback is over. Open it again.")
        row.seen_at = clock.now()
        row.save(update_fields=["seen_at"])
        account.add_room(Played.objects.all(), length, playback_id=playback, camera=camera)
        if span is not None:
            played = Played.objects.get(playback_id=playback, camera=camera)
            played.spans = _text(merged([*_spans(played.spans), span]))
            played.save(update_fields=["spans"])


def _settle(playback: UUID, camera: UUID, sent: int, spare: int) -> None:
    """After its end a session's account stays as it was entered."""
    with transaction.atomic():
        if account.hold(Playback.objects.all(), playback) is not None:
            played = Played.objects.filter(playback_id=playback, camera=camera)
            account.give_back(played, sent=sent, spare=spare)


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
        row = account.hold(Playback.objects.all(), playback)
        if row is None:
            return False
        account.end(row, now, why, _enter(row, now, why, gone=gone))
    return True


def _enter(row: Playback, now: datetime, why: str, *, gone: bool) -> UUID:
    played = list(Played.objects.filter(playback=row).order_by("camera"))
    spans = [(each.camera, span) for each in played for span in _spans(each.spans)]
    # Each owner finds in the report what was watched of its own cameras.
    owners = dict(Camera.objects.with_ids([each.camera for each in played]).values_list("id", "owner_id"))
    return account.enter(
        row,
        Event.PLAYBACK_ENDED,
        [account.Share(each.camera, each.reserved, each.sent, {"footage": each.spans}) for each in played],
        time=now,
        name="playback",
        seconds=round(sum((span[1] - span[0]).total_seconds() for _, span in spans)),
        why=why,
        sure=not (gone and played),
        note="bytes are an upper bound: some may not have arrived",
        footage_from=min((span[0] for _, span in spans), default=None),
        footage_to=max((span[1] for _, span in spans), default=None),
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
