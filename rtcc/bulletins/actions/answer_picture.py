"""Say what one saw: seen, that is him, not him."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from audit.record import record
from audit.vocabulary import Event, Outcome
from policy.models import Person
from rtcc import clock
from rtcc.bulletins.models import Bulletin
from rtcc.bulletins.words import Answer
from rtcc.errors import Conflict, NotFound


def answer_picture(*, by: Person, bulletin: UUID, answer: Answer) -> Bulletin:
    """The recipient's answer. Saying what one saw needs no permission, and is an entry of its own.

    The same answer again changes nothing, however often a bad network sends it; *seen* may be followed by
    one of the other two, which stand. Raises NotFound, Conflict.
    """
    with transaction.atomic(durable=True):
        rows = Bulletin.objects.to_person(by.id).select_for_update(of=("self",)).select_related("basis")
        row: Bulletin | None = rows.filter(id=bulletin).first()
        if row is None:
            raise NotFound()
        if row.opened_at is None:
            raise Conflict("Open the picture first; then say what you see.")
        if row.answer == answer:
            return row
        if row.answer not in ("", Answer.SEEN) or (answer is Answer.SEEN and row.answer):
            raise Conflict(
                "You have answered this picture already; the answer stands. Tell the analyst by radio."
            )
        entry = record(
            Event.BULLETIN_ANSWERED,
            outcome=Outcome.PERMIT,
            parent=row.entry,
            actor=str(by.id),
            actor_name=by.display_name,
            object_kind="bulletin",
            object_id=row.id,
            cameras=[str(row.camera)],
            basis=row.basis_id,
            basis_kind=row.basis.kind,
            basis_number=row.basis.number or None,
            detail={"bulletin": str(row.id), "answer": str(answer), "before": row.answer or None},
        )
        row.answer, row.answered_at, row.answered_entry = answer, clock.now(), entry.id
        row.save(update_fields=["answer", "answered_at", "answered_entry"])
    return row
