"""What owners have said yes to: the fact behind the rule of agreements that ask each time.

A yes is a row of `Ask` that its owner answered, and nothing else makes one; guard reads it here for each
question (`policy.facts.register_consents`), so that no caller can say it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from policy.facts import Question
from policy.vocabulary import Action, Kind, Ref
from rtcc.partners.models import Ask

# What is sent to a phone is cut a little wider than what it shows; the pieces around it are not shown.
CUT_WIDER = timedelta(seconds=5)


def consents(question: Question, at: datetime) -> dict[Ref, datetime]:
    """Of the things asked for, those whose owner's yes stands, and until when. Two queries at most."""
    cameras = _cameras(question.on)
    rows = (
        Ask.objects.standing_at(at).of_basis(question.basis)
        if question.basis and cameras
        else Ask.objects.none()
    )
    found: dict[UUID, datetime] = {}
    for row in rows.filter(camera_id__in=cameras.values(), purpose=question.purpose):
        if row.until is not None and _reaches(row, question):
            found[row.camera_id] = row.until
    return {ref: found[camera] for ref, camera in cameras.items() if camera in found}


def _cameras(refs: tuple[Ref, ...]) -> Mapping[Ref, UUID]:
    """The camera behind each thing: a picture on a phone is its camera's."""
    from rtcc.bulletins.models import Bulletin

    found = {ref: ref.id for ref in refs if ref.kind is Kind.CAMERA}
    sent = {ref.id: ref for ref in refs if ref.kind is Kind.BULLETIN}
    if sent:
        rows = Bulletin.objects.filter(id__in=list(sent)).values_list("id", "camera")
        found |= {sent[key]: camera for key, camera in rows}
    return found


def _reaches(row: Ask, question: Question) -> bool:
    """Whether the yes is to these pictures: live, or footage from no earlier than was asked for. It need not
    end before the yes does: at that instant everything open is decided again.
    """
    if question.footage is None or question.action in (Action.VIEW_LIVE, Action.RECEIVE_PICTURE):
        return True
    wider = CUT_WIDER if question.action is Action.SEND_PICTURE else timedelta()
    return question.footage[0] >= row.starts_at - wider
