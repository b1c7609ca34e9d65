"""Making what was sent: the still or clip of each bulletin, its mark burned in, an asset with its own end.

    1. the bulletins of one sending are taken (a lease; nobody else makes them meanwhile)
    2. footage comes through the door of the vault, or, of this moment, through that of live pictures
    3. it is decoded and marked in a program of its own (`rtcc.live.drawing`), once for each recipient
    4. each marked picture is written to the vault, and its bulletin names it

Killed before the end, the lease runs out and it is made again. Each try writes an asset of its own id,
because the key of a write that was cut is destroyed for good; what an earlier try did finish is taken, so
that a bulletin has one.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction

from cameras.models import Camera
from evidence.assets import give_up, own_end, write_asset
from evidence.models import Asset, AssetKind
from evidence.recorder.facts_of_init import facts_of_init
from evidence.recorder.wire import FrameType, pack
from evidence.vault.door import FootageToMark
from policy.permits import Permit, PermitEnded
from policy.resume import resume
from policy.vocabulary import Kind, Ref
from rtcc import clock
from rtcc.bulletins.mark import mark_of
from rtcc.bulletins.models import Bulletin
from rtcc.bulletins.words import Shape
from rtcc.errors import DomainError, Unavailable
from rtcc.live.drawn import draw
from rtcc.live.relay import newest
from rtcc.logs import log

# Only whole groups of pictures leave the vault: so much around the moment is read to have them.
MARGIN = timedelta(seconds=5)
LEASE = timedelta(seconds=120)
MOST_TRIES = 3
MOST_BYTES = 96 * 1024 * 1024
GAVE_UP = "The picture could not be made. Send it again."
_log = log("web")


@dataclass(frozen=True)
class Form:
    """What is made of a shape: the kind of asset, its media type, and its width in pixels."""

    kind: AssetKind
    media_type: str
    width: int


STILL = Form(AssetKind.STILL, "image/jpeg", 960)
CLIP = Form(AssetKind.CLIP, "video/mp4", 640)


def form_of(shape: str) -> Form:
    """The form of a still or clip; a live picture is not made."""
    return CLIP if shape == Shape.CLIP else STILL


def make(sending: UUID, *, live: bool = False) -> None:
    """Make what is still to be made of one act of sending. ``live``: a still of this very moment.

    A fault that a person can understand is kept with the bulletins; another is tried again later.
    """
    taken = _take(sending)
    if not taken:
        return
    first = taken[0]
    try:
        permit = resume(first.permit_id, by=first.sender)
        drawn = _drawn(permit, taken, live=live)
        for bulletin, (camera_s, data) in zip(taken, drawn, strict=True):
            _keep(bulletin, permit, datetime.fromtimestamp(camera_s, UTC), data)
    except DomainError as error:
        Bulletin.objects.filter(id__in=[each.id for each in taken], asset=None).update(
            fault=error.sentence[:300]
        )


def send_to_worker(sending: UUID) -> None:
    """Tell the workers. If the broker does not answer, the clock of the background work finds it."""
    # Not imported above: the workers' app reads the settings, which read the apps, which read this.
    from celery.exceptions import OperationalError

    from rtcc.worker import app

    try:
        app.send_task("bulletins.make", [str(sending)], retry=False)
    except OperationalError as error:
        _log.warning("clip_waits_for_the_clock", sending=str(sending), error=str(error))


def carry_on() -> int:
    """Make what nobody makes any more; returns how many acts of sending were looked at."""
    rows = Bulletin.objects.unmade_at(clock.now()).filter(sent_at__lt=clock.now() - timedelta(seconds=20))
    sendings = list(dict.fromkeys(rows.order_by("sent_at").values_list("sending", flat=True)[:20]))
    for sending in sendings:
        make(sending)
    return len(sendings)


def _take(sending: UUID) -> list[Bulletin]:
    """The lease on what is to be made; what was tried too often is given up."""
    now = clock.now()
    with transaction.atomic():
        rows = Bulletin.objects.unmade_at(now).filter(sending=sending).order_by("id")
        rows = rows.select_for_update(skip_locked=True, of=("self",)).select_related(
            "sender", "recipient", "basis__incident"
        )
        taken: list[Bulletin] = list(rows)
        for row in taken:
            row.tries, row.trying_until = row.tries + 1, now + LEASE
            row.fault = GAVE_UP if row.tries > MOST_TRIES else ""
            row.save(update_fields=["tries", "trying_until", "fault"])
    return [row for row in taken if not row.fault]


def _drawn(permit: Permit, taken: Sequence[Bulletin], *, live: bool) -> list[tuple[float, bytes]]:
    first = taken[0]
    frames = _live_frames(permit, first.camera) if live else []
    frames = frames or _recorded_frames(permit, first)
    camera = Camera.objects.get(id=first.camera)
    return draw(
        first.shape,
        [mark_of(each, camera.name) for each in taken],
        frames,
        width=form_of(first.shape).width,
        since=first.starts_at.timestamp(),
        until=float("inf") if live else first.ends_at.timestamp(),
    )


def _live_frames(permit: Permit, camera: UUID) -> list[bytes]:
    """The newest picture; none where the recorder does not give it, so that what is recorded serves."""
    try:
        return asyncio.run(newest(permit, camera))
    except Unavailable as error:
        _log.info("still_from_recording", camera=str(camera), why=error.sentence)
        return []


class _Read:
    """The account of what is decrypted to make a picture: none of it goes out, and it has a limit. What goes
    out, the marked picture, is entered when it does.
    """

    def __init__(self) -> None:
        self.bytes = 0

    def reserve(self, camera: UUID, length: int, span: tuple[datetime, datetime] | None) -> None:
        self.bytes += length
        if self.bytes > MOST_BYTES:
            raise Unavailable("That is too much footage for one picture. Choose a shorter piece.")


def _recorded_frames(permit: Permit, bulletin: Bulletin) -> list[bytes]:
    """Packed frames around the bulletin's time. Raises PermitEnded, FootageDestroyed, Unavailable."""
    covered = next(each for each in permit.covers if each.ref == Ref(Kind.CAMERA, bulletin.camera))
    if covered.starts_at is None or covered.ends_at is None:
        raise PermitEnded("This permit names no time.")
    found: list[bytes] = []
    with FootageToMark(permit, bulletin.camera, covered.starts_at, covered.ends_at, _Read()) as view:
        known: UUID | None = None
        for piece in view.pieces(bulletin.starts_at - MARGIN, bulletin.ends_at + MARGIN):
            if piece.file.asset.id != known:
                known = piece.file.asset.id
                found.append(_head(view.init(piece.file)))
            head = struct.pack(">dB", piece.starts_at.timestamp(), piece.fragment.key)
            found.append(pack(FrameType.CHUNK, head + view.read(piece)))
    if not found:
        raise Unavailable(
            "Nothing is recorded of that moment yet. Wait a few seconds, or send a live picture."
        )
    return found


def _head(init: bytes) -> bytes:
    facts = facts_of_init(init)
    return pack(FrameType.INIT, json.dumps({"codec": facts.codec}).encode() + b"\n" + init)


def _keep(bulletin: Bulletin, permit: Permit, shown_at: datetime, data: bytes) -> None:
    form, still = form_of(bulletin.shape), bulletin.shape == Shape.STILL
    starts_at, ends_at = (shown_at, shown_at) if still else (bulletin.starts_at, bulletin.ends_at)
    destroy_after, rule = own_end(form.kind, clock.now())
    *earlier, own = [uuid5(bulletin.id, f"try {n}") for n in range(1, bulletin.tries + 1)]
    asset = Asset.objects.filter(id__in=earlier).first()
    if asset is None:
        for cut in earlier:
            give_up(cut)
        asset = write_asset(
            form.kind,
            permit=permit,
            source=str(bulletin.camera),
            starts_at=starts_at,
            ends_at=ends_at,
            chunks=[data],
            owner=bulletin.basis.agency_id,
            media_type=form.media_type,
            name=f"{bulletin.shape} for {bulletin.recipient.display_name}, {bulletin.basis.number}".rstrip(
                ", "
            ),
            destroy_after=destroy_after,
            destroy_rule=rule,
            parents=[Ref(Kind.BULLETIN, bulletin.id)],
            asset_id=own,
        )
    made = Bulletin.objects.filter(id=bulletin.id)
    made.update(asset=asset.id, length=asset.plain_bytes, trying_until=None)
    if still:
        made.update(starts_at=shown_at - timedelta(seconds=1), ends_at=shown_at)
