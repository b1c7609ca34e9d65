"""Open cameras live for one basis: the grant where none stands, the permit, and the viewing."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from audit.vocabulary import Event
from policy import grants
from policy.guard import guard
from policy.models import Basis, Person
from policy.vocabulary import Action, Kind, OffenceClass, Purpose, Ref
from rtcc import clock
from rtcc.errors import BadInput, NotFound
from rtcc.live.models import Viewing

MOST_TILES = 9


def open_viewing(
    *,
    by: Person,
    basis: UUID,
    cameras: Sequence[UUID],
    purpose: Purpose,
    exigent: bool = False,
    offence_class: OffenceClass | None = None,
    reason: str = "",
) -> tuple[Viewing, dict[UUID, str]]:
    """One act on up to nine cameras. Returns the viewing, and per refused camera the sentence why.

    Raises Denied when none is permitted, BadInput for no camera or too many.
    """
    wanted = list(dict.fromkeys(cameras))
    if not wanted or len(wanted) > MOST_TILES:
        raise BadInput(f"Choose between one and {MOST_TILES} cameras.", field="cameras")
    stands = Basis.objects.filter(id=basis).first()
    if stands is None:
        raise NotFound()
    with guard(
        Action.VIEW_LIVE,
        by=by,
        on=[Ref(Kind.CAMERA, camera) for camera in wanted],
        basis=basis,
        purpose=purpose,
        exigent=exigent,
        offence_class=offence_class,
        reason=reason,
        event=Event.EXIGENT_OPENED if exigent else None,
    ) as permit:
        if permit.grant_id is None:
            grants.open_under(
                permit,
                person=by,
                basis=stands,
                cameras=[covered.ref.id for covered in permit.covers],
                purpose=purpose,
                exigent=exigent,
                offence_class=offence_class,
                reason=reason,
            )
        now = clock.now()
        # The permit's row follows at the end of the act; the reference is checked at the commit.
        viewing = Viewing.objects.create(
            id=permit.id, person=by, permit_id=permit.id, opened_at=now, seen_at=now, continued_at=now,
            entry=permit.entry_id,
        )  # fmt: skip
        permit.enter(detail={"viewing": str(viewing.id)})
    return viewing, {ref.id: denied.sentence for ref, denied in permit.refused.items()}
