"""Begin an export that a second person has approved: decided again, and its footage kept from here on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from audit.record import Touch
from cameras.models import Camera
from evidence.exports.draw import cameras_of, draw, hash_of, interval_of, keeps_of
from evidence.exports.models import Export
from evidence.exports.states import TRANSITIONS, ExportState
from evidence.retention import keeping
from evidence.retention.keeping import Span, Words
from evidence.retention.states import KeepKind
from policy import proposals
from policy.guard import guard
from policy.permits import Permit
from policy.vocabulary import Action, Kind, ObligationKind, Purpose, Ref
from rtcc.errors import BadInput, Conflict, Refused


def begin_export(*, export: UUID) -> Export:
    """In the name of who asked for it. Raises Denied, Refused where what it holds is no longer what was
    approved, Conflict where it was begun already.
    """
    known = Export.objects.select_related("asked_by", "proposal").get(id=export)
    cameras = cameras_of(known.drawn)
    with guard(
        Action.EXPORT,
        by=known.asked_by,
        on=[Ref(Kind.FOOTAGE, camera) for camera in cameras],
        basis=known.basis_id,
        purpose=Purpose(known.purpose),
        footage=interval_of(known.drawn),
        proposal=known.proposal_id,
        recipient_class=known.recipient_class,
        reason=known.reason,
    ) as permit:
        row: Export = Export.objects.select_for_update(of=("self",)).get(id=export)
        if ExportState.RUNNING not in TRANSITIONS[ExportState(row.state)]:
            raise Conflict("This export was begun already, or stopped.")
        words = proposals.spend(row.proposal_id, Action.EXPORT, Ref(Kind.FOOTAGE, cameras[0]))
        _check_same(row, permit, words["drawn_sha256"])
        keep = keeping.place(
            permit,
            KeepKind.EXPORT,
            keeps_of(row.drawn),
            by=known.asked_by,
            words=Words(basis=row.basis_id, matter=f"Export {str(row.id)[-8:]}", reason="being exported"),
        )
        _enter(permit, row, keep.id)
        row.state, row.entry, row.keep = ExportState.RUNNING, permit.entry_id, keep
        # The permit's row follows at the end of the act; the reference is checked at the commit.
        row.permit_id = permit.id
        row.save(update_fields=["state", "entry", "keep", "permit"])
    return row


def _check_same(row: Export, permit: Permit, approved: str) -> None:
    """Custody is locked by now: what is drawn here cannot be destroyed before it is kept."""
    for ref, denied in permit.refused.items():
        raise Refused(f"One of its cameras is refused ({ref.id}): {denied.sentence}")
    if ObligationKind.MASK_ON in permit.obligations:
        raise Refused("A part of a camera's picture is masked, and a native copy would show it.")
    again = "Nothing was exported. Ask for it again to export what there is."
    try:
        drawn = draw(_asked(row))
    except BadInput as nothing:
        raise Refused(f"{nothing.sentence} {again}") from nothing
    if hash_of(drawn) == approved == row.drawn_sha256:
        return
    if any(span["destroyed"] for span in drawn["spans"]):
        raise Refused(f"A part of this footage was destroyed after the export was asked for. {again}")
    raise Refused(f"What there is of this footage has changed since the export was asked for. {again}")


def _asked(row: Export) -> list[Span]:
    return [
        Span(
            UUID(span["camera"]),
            datetime.fromisoformat(span["asked_from"]),
            datetime.fromisoformat(span["asked_to"]),
        )
        for span in row.drawn["spans"]
    ]


def _enter(permit: Permit, row: Export, keep: UUID) -> None:
    cameras = {each.id: each for each in Camera.objects.with_ids(cameras_of(row.drawn))}
    permit.touch(
        Touch(
            camera=span.camera,
            footage=(span.starts_at, span.ends_at),
            basis=row.basis_id,
            owner=cameras[span.camera].owner_id,
        )
        for span in keeps_of(row.drawn)
    )
    permit.enter(
        parent=str(row.proposal.entry),
        bytes=row.drawn["bytes"],
        authority=row.standard,
        detail={
            "export": str(row.id),
            "keep": str(keep),
            "proposal": str(row.proposal_id),
            "drawn_sha256": row.drawn_sha256,
            "recipient_class": row.recipient_class,
            "recipient": row.recipient,
            "standard": row.standard,
        },
    )
