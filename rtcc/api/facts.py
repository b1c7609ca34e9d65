"""Facts of tokens, for decisions about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from policy.facttypes import NONE, ResourceFacts
from policy.loaders import PLAIN
from policy.vocabulary import Kind
from rtcc.api.models import Token


def load_tokens(ids: Sequence[UUID], *, lock: bool) -> Mapping[UUID, ResourceFacts]:
    rows = Token.objects.filter(id__in=ids).order_by("id")
    if lock:
        rows = rows.select_for_update(of=("self",))
    return {
        row.id: ResourceFacts(
            **PLAIN,
            kind=Kind.TOKEN,
            id=str(row.id),
            agency_id=NONE,
            state="open" if row.revoked_at is None else "revoked",
            subject_id=str(row.person_id),
            opened_by=str(row.person_id),
        )
        for row in rows
    }
