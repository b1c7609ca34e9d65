"""Mark the last seconds of a camera that one watches, and keep them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from evidence.models import Keep
from evidence.retention import keeping
from evidence.retention.keeping import Span, Words
from evidence.retention.states import KeepKind
from policy import permits, publish
from policy.guard import guard
from policy.models import Person
from policy.permits import Covered
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.errors import NotFound


def place_bookmark(*, by: Person, viewing: UUID, camera: UUID, at: datetime | None = None) -> Keep:
    """Mark the last 30 seconds (parameter `bookmark_back`) to the basis of the viewing, from where its grant
    reaches back to.

    ``viewing`` is the id of its permit; ``at`` the instant of the footage that somebody looks at, who plays
    back. Raises NotFound, PermitEnded for a viewing that has ended or does not reach ``at``, Denied.
    """
    seen = permits.find(viewing)
    ref = Ref(Kind.CAMERA, camera)
    if seen is None or ref not in {Covered.from_json(body).ref for body in seen.covers}:
        raise NotFound("You are not watching that camera.")
    permits.check_stands(seen, by)
    now = min(at or clock.now(), clock.now())
    if at is not None:
        reached = permits.read(seen, by)
        reached.require(Action.PLAYBACK, ref, starts_at=now, ends_at=now)
    starts_at = now - publish.active().parameters.duration("bookmark_back", now)
    if seen.grant is not None and starts_at < seen.grant.history_from < now:
        starts_at = seen.grant.history_from
    with guard(Action.BOOKMARK, by=by, on=ref, basis=seen.basis_id, footage=(starts_at, now)) as permit:
        keep = keeping.place(
            permit,
            KeepKind.BOOKMARK,
            [Span(camera, starts_at, now)],
            by=by,
            words=Words(basis=seen.basis_id, reason="Marked on the wall"),
        )
        permit.enter(parent=str(seen.entry))
    return keep
