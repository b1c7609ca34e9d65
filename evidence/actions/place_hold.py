"""Hold footage: cameras and a time, under an authority, until two persons release it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from evidence.models import Asset, Keep
from evidence.retention import keeping
from evidence.retention.keeping import Span, Words
from evidence.retention.states import KeepKind
from policy.actors import Actor, SystemActor
from policy.facts import SYSTEM
from policy.guard import guard
from policy.models import Basis
from policy.vocabulary import Action, Purpose
from rtcc import clock
from rtcc.errors import BadInput, NotFound


def place_hold(
    *,
    by: Actor,
    cameras: Sequence[UUID],
    starts_at: datetime,
    ends_at: datetime,
    authority: str,
    matter: str,
    reason: str = "",
    basis: UUID | None = None,
    review_by: datetime | None = None,
    provisional: bool = False,
    assets: Sequence[UUID] = (),
) -> Keep:
    """Place a hold. ``review_by`` is at most the parameter `hold_review` ahead, and that where none is given.
    ``assets`` are held too; with those the list of cameras may be empty.

    Raises BadInput naming the field, NotFound for a camera or basis that is not there, Denied.
    """
    for field, text in (("authority", authority), ("matter", matter)):
        if not text.strip():
            raise BadInput(f"A hold names its {field}.", field=field)
    spans = [Span(camera, starts_at, ends_at) for camera in dict.fromkeys(cameras)]
    spans += [Span(row.custody, row.starts_at, row.ends_at) for row in Asset.objects.filter(id__in=assets)]
    keeping.check_spans(spans)
    if basis is not None and not Basis.objects.filter(id=basis).exists():
        raise NotFound("There is no such incident, case or request.")
    with guard(
        Action.HOLD,
        by=by,
        on=SYSTEM,
        basis=basis,
        purpose=Purpose.SYSTEM_DUTY if isinstance(by, SystemActor) else None,
        reason=reason,
    ) as permit:
        now = clock.now()
        latest = now + keeping.longest_review(now)
        review = review_by or latest
        if not now < review <= latest:
            raise BadInput(f"A hold is reviewed before {latest:%Y-%m-%d}.", field="review_by")
        keep = keeping.place(
            permit,
            KeepKind.PROVISIONAL if provisional else KeepKind.HOLD,
            spans,
            by=by,
            words=Words(basis, authority, matter, reason),
            review_by=review,
        )
        permit.enter(object_kind="keep", object_id=str(keep.id))
    return keep
