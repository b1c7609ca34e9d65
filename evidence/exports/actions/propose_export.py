"""Ask for an export; a second person approves exactly what was drawn up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from evidence.exports import deciding
from evidence.exports.draw import cameras_of, draw, hash_of, interval_of
from evidence.exports.models import Export
from evidence.retention.keeping import Span
from policy.actions.propose import propose
from policy.actors import whereabouts
from policy.models import Basis, Person, Proposal
from policy.vocabulary import Action, BasisKind, Kind, Purpose, Recipient, Ref
from rtcc import clock
from rtcc.errors import BadInput, Conflict, NotFound
from rtcc.ids import uuid7


def propose_export(
    *,
    by: Person,
    basis: UUID,
    spans: Sequence[Span],
    recipient_class: Recipient,
    recipient: str,
    standard: str,
    reason: str,
    export: UUID | None = None,
) -> Export:
    """Draw up what ``spans`` hold and freeze its hash in a proposal. Nothing is read or kept yet.

    ``export``: the id that a form carries, so that a second press of its button finds the first one's export.
    Raises BadInput naming the field, NotFound, Denied (also for a recipient of nothing unredacted).
    """
    key = export or uuid7()
    there = _known(key, by)
    if there is not None:
        return there
    for field, text, most in (
        ("recipient", recipient, 200),
        ("standard", standard, 200),
        ("reason", reason, 500),
    ):
        if not text.strip() or len(text) > most:
            raise BadInput(f"Say it in at most {most} characters.", field=field)
    reasons = Basis.objects.filter(id=basis).first()
    if reasons is None:
        raise NotFound("There is no such request or case.")
    purpose = Purpose.RECORDS_REQUEST if reasons.kind == BasisKind.REQUEST else Purpose.INVESTIGATION
    drawn = draw(spans)
    cameras = cameras_of(drawn)
    asked = deciding.Asked(by, basis, purpose, recipient_class, interval_of(drawn), reason.strip())
    # The first camera is decided, and entered, by `propose`; each of the others has to be as lawful.
    deciding.check(asked, cameras[1:])
    where = whereabouts.get()
    words = _words(asked, key, drawn) | {"recipient": recipient.strip(), "standard": standard.strip()}

    def write(proposal: Proposal) -> None:
        Export.objects.create(
            id=key, basis_id=basis, purpose=purpose, asked_by=by, asked_at=clock.now(),
            session=where.session or "", mfa=where.mfa, recipient_class=recipient_class,
            recipient=recipient.strip(), standard=standard.strip(),
            reason=reason.strip(), drawn=drawn, drawn_sha256=hash_of(drawn), proposal=proposal,
            total=2 * max(1, drawn["bytes"]),
        )  # fmt: skip

    try:
        propose(
            by=by,
            action=Action.EXPORT,
            on=Ref(Kind.FOOTAGE, cameras[0]),
            basis=basis,
            purpose=purpose,
            recipient_class=recipient_class,
            reason=reason.strip(),
            words=words,
            then=write,
        )
    except IntegrityError:
        # Two presses at the same instant: the other was first, and nothing is left of this one.
        there = _known(key, by)
        if there is None:
            raise
        return there
    return Export.objects.get(id=key)


def _words(asked: deciding.Asked, key: UUID, drawn: dict[str, Any]) -> dict[str, Any]:
    """What is frozen; the words of the recipient and of the law come with them."""
    begins, ends = interval_of(drawn)
    return {
        "export": str(key),
        "drawn_sha256": hash_of(drawn),
        "cameras": [str(camera) for camera in cameras_of(drawn)],
        "from": begins.isoformat(),
        "to": ends.isoformat(),
        "bytes": drawn["bytes"],
        "recipient_class": str(asked.recipient_class),
        "reason": asked.reason,
        "basis": str(asked.basis),
        "purpose": str(asked.purpose),
    }


def _known(key: UUID, by: Person) -> Export | None:
    there: Export | None = Export.objects.filter(id=key).first()
    if there is not None and there.asked_by_id != by.id:
        raise Conflict("This form was used already. Open a new one.")
    return there
