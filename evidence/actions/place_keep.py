"""Keep recorded footage of a camera for an incident or case."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from evidence.models import Keep
from evidence.retention import keeping
from evidence.retention.keeping import Span, Words
from evidence.retention.states import KeepKind
from policy.guard import guard
from policy.models import Person
from policy.vocabulary import Action, Kind, Ref


def place_keep(
    *, by: Person, basis: UUID, camera: UUID, starts_at: datetime, ends_at: datetime, reason: str = ""
) -> Keep:
    """Keep a time of a camera that one's grant on the basis reaches. Raises Denied, BadInput."""
    span = Span(camera, starts_at, ends_at)
    keeping.check_spans([span])
    with guard(
        Action.PLACE_KEEP,
        by=by,
        on=Ref(Kind.CAMERA, camera),
        basis=basis,
        footage=(starts_at, ends_at),
        reason=reason,
    ) as permit:
        return keeping.place(permit, KeepKind.KEEP, [span], by=by, words=Words(basis=basis, reason=reason))
