"""Open a picture that was sent: the tap of the person it was sent to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from audit.record import Touch
from cameras.models import Camera
from evidence.asset_account import open_reading
from evidence.models import Asset, AssetReading
from policy.guard import guard
from policy.models import Person
from policy.permits import Covered, Permit
from policy.vocabulary import Action, Kind, Purpose, Ref
from rtcc import clock
from rtcc.bulletins.models import Bulletin, Opening
from rtcc.bulletins.words import Shape
from rtcc.errors import NotFound, Unavailable
from rtcc.live.models import Viewing


@dataclass
class Opened:
    """What a tap opened: an account for the still or clip, or a viewing for what is live."""

    bulletin: Bulletin
    permit: Permit
    reading: AssetReading | None = None
    viewing: Viewing | None = None


def open_picture(*, by: Person, bulletin: UUID) -> Opened:
    """One act and one entry for each tap. Whom it was sent to, whether it stands, and the terms of the camera
    are judged now, on the facts of this moment.

    Raises NotFound, Denied, Hidden, Unavailable while a still or clip is not made yet.
    """
    row = Bulletin.objects.for_list().filter(id=bulletin).first()
    if row is None:
        raise NotFound()
    live = row.shape == Shape.LIVE
    asset = Asset.objects.filter(id=row.asset).first() if row.asset else None
    if not live and row.recipient_id == by.id and asset is None and row.revoked_at is None:
        raise Unavailable(row.fault or "The picture is being made. It opens in a moment.")
    camera = Camera.objects.get(id=row.camera)
    grant = row.permit.grant
    with guard(
        Action.RECEIVE_PICTURE,
        by=by,
        on=Ref(Kind.BULLETIN, row.id),
        basis=row.basis_id,
        purpose=Purpose(row.permit.purpose),
        reason=grant.reason if grant else "",
        fields={"cameras": [str(row.camera)], "owner": str(camera.owner_id), "parent": str(row.entry)},
    ) as permit:
        now = clock.now()
        _reach(permit, row)
        Opening.objects.create(permit_id=permit.id, bulletin=row, opened_at=now, entry=permit.entry_id)
        Bulletin.objects.unopened().filter(id=row.id).update(opened_at=now)
        span = None if live else (row.starts_at, row.ends_at)
        permit.touch(
            [
                Touch(
                    camera=row.camera,
                    footage=span,
                    actor=str(by.id),
                    basis=row.basis_id,
                    owner=camera.owner_id,
                )
            ]
        )
        permit.enter(detail={"bulletin": str(row.id), "shape": row.shape})
        opened = Opened(row, permit)
        if live:
            opened.viewing = Viewing.objects.create(
                id=permit.id, person=by, permit_id=permit.id, opened_at=now, seen_at=now, continued_at=now,
                entry=permit.entry_id,
            )  # fmt: skip
        elif asset is not None:
            opened.reading = open_reading(permit, asset)
    return opened


def _reach(permit: Permit, row: Bulletin) -> None:
    """What was judged as a bulletin is handed out as its camera's pictures, or its asset; never longer than
    the bulletin lasts, and not beyond the sender's grant.
    """
    judged = permit.covers[0]
    if row.shape == Shape.LIVE:
        permit.covers = (replace(judged, ref=Ref(Kind.CAMERA, row.camera)),)
    elif row.asset is not None:
        permit.covers = tuple(
            Covered(ref, obligations=judged.obligations)
            for ref in (Ref(Kind.ASSET, row.asset), Ref(Kind.CAMERA, row.camera))
        )
    permit.grant_id = row.permit.grant_id
    permit.expires_at = min(permit.expires_at, row.expires_at)
