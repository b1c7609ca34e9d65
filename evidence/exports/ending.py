"""How an export ends: with a package, or without one and with a sentence; its footage is let go."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from audit.record import Touch, record
from audit.vocabulary import Event, Outcome
from evidence.assets import give_up
from evidence.exports.models import Export, ExportDocument, ExportPart
from evidence.exports.states import TRANSITIONS, WORKING, ExportState
from evidence.models import Asset, Keep
from evidence.retention import keeping
from policy import proposals
from policy.models import Proposal
from rtcc import clock
from rtcc.errors import Refused

MOST_WORDS = 500


class Stopped(Refused):
    """The export may not go on."""

    code = "export_stopped"


class TakenOver(Exception):
    """Another worker holds it, or it has ended."""


def ask_to_stop(row: Export, words: str) -> bool:
    """Whether there was something to stop. A worker that holds it notices within a second and ends it;
    what nobody holds is ended here.
    """
    open_still = Export.objects.filter(id=row.id, state__in=(ExportState.PROPOSED, *WORKING))
    if not open_still.update(stop_asked=True, sentence=words[:MOST_WORDS]):
        return False
    row.refresh_from_db()
    if row.leased_until is None or row.leased_until <= clock.now():
        end(row, ExportState.STOPPED, words)
    return True


def end(row: Export, state: ExportState, sentence: str, asset: Asset | None = None) -> bool:
    """Enter the end, once; False where it had ended. The keep is released, and working rows are dropped.

    Raises Stopped where it is finished with a package after somebody asked to stop it: the package, if it is
    written by then, is nobody's, no door hands it out, and it ends by its own rule.
    """
    if asset is None:
        give_up(row.package)
    with transaction.atomic(durable=True):
        held: Export | None = Export.objects.select_for_update(of=("self",)).filter(id=row.id).first()
        if held is None or state not in TRANSITIONS[ExportState(held.state)]:
            return False
        if asset is not None and held.stop_asked:
            raise Stopped(held.sentence)
        entry = record(
            Event.EXPORT_MADE if asset else Event.EXPORT_ENDED,
            outcome=Outcome.PERMIT if asset else Outcome.ABANDONED,
            actor="system:worker",
            actor_role="system",
            parent=held.entry or held.proposal.entry,
            permit=held.permit_id,
            basis=held.basis_id,
            object_kind="export",
            object_id=held.id,
            bytes=asset.plain_bytes if asset else None,
            reason=sentence or None,
            detail={
                "export": str(held.id),
                "state": str(state),
                "package": str(asset.id) if asset else None,
                "package_sha256": bytes(asset.plain_sha256).hex() if asset else None,
                "manifest_sha256": held.manifest_sha256 or None,
            },
        )
        if held.keep_id is not None:
            _release(held.keep_id, entry.id)
        held.state, held.sentence, held.asset = state, sentence[:MOST_WORDS], asset
        held.finished_at, held.finished_entry, held.leased_until, held.step = clock.now(), entry.id, None, ""
        held.done = held.total if asset else held.done
        held.save()
        # Nobody says yes any more to what has ended.
        for proposal in Proposal.objects.filter(id=held.proposal_id, executed_at__isnull=True):
            proposals.cut_short(proposal)
        ExportPart.objects.filter(export=held).delete()
        ExportDocument.objects.filter(export=held).delete()
    return True


def _release(keep_id: UUID, entry: UUID) -> None:
    """The keep of a running export ends with it; its entry says so by name, that of the keep by its own."""
    keep = Keep.objects.get(id=keep_id)
    if keep.released_at is not None:
        return
    intervals = list(keep.intervals.all())
    keeping.lock_custody(each.camera for each in intervals)
    released = record(
        Event.KEEP_RELEASED,
        outcome=Outcome.PERMIT,
        actor="system:worker",
        actor_role="system",
        parent=entry,
        object_kind="keep",
        object_id=keep.id,
        basis=keep.basis_id,
        reason="The export has ended.",
        detail={"kind": keep.kind},
        touches=[Touch(camera=each.camera, footage=(each.starts_at, each.ends_at)) for each in intervals],
    )
    keep.released_at, keep.released_why = clock.now(), "The export has ended."
    keep.released_entry = released.id
    keep.save(update_fields=["released_at", "released_why", "released_entry"])
