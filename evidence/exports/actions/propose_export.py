"""Ask for an export; a second person approves exactly what was drawn up."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from evidence.exports import deciding
from evidence.exports.draw import cameras_of, draw, hash_of, interval_of
from evidence.exports.models import Export
from evidence.retention.keeping import Span
from policy.actions.propose import propose
from policy.actors import whereabouts
from policy.models import Basis, Person
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
    there: Export | None = Export.objects.filter(id=key).first()
    if there is not None:
        if there.asked_by_id != by.id:
            raise Conflict("This form was used already. Open a new one.")
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
    proposal = propose(
        by=by,
        action=Action.EXPORT,
        on=Ref(Kind.FOOTAGE, cameras[0]),
        basis=basis,
        purpose=purpose,
        recipient_class=recipient_class,
        reason=reason.strip(),
        words={
            "export": str(key),
            "drawn_sha256": hash_of(drawn),
            "cameras": [str(camera) for camera in cameras],
            "from": drawn_text(drawn, 0),
            "to": drawn_text(drawn, 1),
            "bytes": drawn["bytes"],
            "recipient_class": str(recipient_class),
            "recipient": recipient.strip(),
            "standard": standard.strip(),
            "reason": reason.strip(),
            "basis": str(basis),
            "purpose": str(purpose),
        },
    )
    where = whereabouts.get()
    return Export.objects.create(
        id=key, basis_id=basis, purpose=purpose, asked_by=by, asked_at=clock.now(),
        session=where.session or "", mfa=where.mfa, recipient_class=recipient_class,
        recipient=recipient.strip(), standard=standard.strip(),
        reason=reason.strip(), drawn=drawn, drawn_sha256=hash_of(drawn), proposal=proposal,
        total=2 * max(1, drawn["bytes"]),
    )  # fmt: skip


def drawn_text(drawn: dict[str, object], end: int) -> str:
    """One end of the interval, RFC 3339."""
    return interval_of(drawn)[end].isoformat()
