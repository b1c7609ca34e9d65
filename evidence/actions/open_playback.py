"""Open recorded footage of cameras for one basis, and the session that counts what is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from evidence.models import Playback
from policy.guard import guard
from policy.models import Person
from policy.vocabulary import Action, Kind, Purpose, Ref
from rtcc import clock
from rtcc.errors import BadInput

MOST_CAMERAS = 9
LONGEST = timedelta(hours=24)


def open_playback(
    *,
    by: Person,
    basis: UUID,
    cameras: Sequence[UUID],
    starts_at: datetime,
    ends_at: datetime,
    purpose: Purpose,
    reason: str = "",
) -> tuple[Playback, dict[UUID, str]]:
    """One act on up to nine cameras and one interval (aware, UTC; its end may lie ahead: then it reaches to
    what is being recorded). Returns the session, and per refused camera the sentence why.

    Raises Denied when no camera is permitted, BadInput for an interval or number that makes no sense.
    """
    wanted = list(dict.fromkeys(cameras))
    if not wanted or len(wanted) > MOST_CAMERAS:
        raise BadInput(f"Choose between one and {MOST_CAMERAS} cameras.", field="cameras")
    now = clock.now()
    if ends_at <= starts_at or starts_at >= now:
        raise BadInput("The interval begins in the past and ends after its beginning.", field="from")
    if ends_at - starts_at > LONGEST:
        raise BadInput("At most 24 hours at a time.", field="to")
    with guard(
        Action.PLAYBACK,
        by=by,
        on=[Ref(Kind.CAMERA, camera) for camera in wanted],
        basis=basis,
        purpose=purpose,
        footage=(starts_at, ends_at),
        reason=reason,
    ) as permit:
        # The permit's row follows at the end of the act; the reference is checked at the commit.
        playback = Playback.objects.create(
            id=permit.id, person=by, permit_id=permit.id, starts_at=starts_at, ends_at=ends_at,
            opened_at=now, seen_at=now, entry=permit.entry_id,
        )  # fmt: skip
        permit.enter(detail={"playback": str(playback.id)})
    return playback, {ref.id: denied.sentence for ref, denied in permit.refused.items()}
