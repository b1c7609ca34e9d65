"""Read one entry: the person's own acts without asking, everybody else's by an act that is entered itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from audit import disclosures
from audit.models import Entry, Leaf
from audit.vocabulary import Tier
from policy.facts import REPORT
from policy.guard import guard
from policy.models import Person
from policy.vocabulary import Action, Purpose
from rtcc.errors import NotFound
from rtcc.oversight.tiers import tier_of


def read_entry(*, by: Person, entry: UUID) -> dict[str, Any]:
    """The entry's fields as far as the reader's tier goes, and its place in the log.

    Raises NotFound, or Denied for who may not read other people's entries.
    """
    row = Entry.objects.filter(id=entry).first()
    if row is None:
        raise NotFound()
    own = disclosures.read([entry], Tier.FULL).get(entry, {})
    if own.get("actor") != str(by.id):
        with guard(Action.VIEW_REPORT, by=by, on=REPORT, purpose=Purpose.AUDIT_REVIEW) as permit:
            permit.enter(count=1, detail={"entry": str(entry)})
        fields = disclosures.read([entry], tier_of(by)).get(entry, {})
    else:
        fields = own
    leaf = Leaf.objects.filter(entry=entry).first()
    return {
        "entry": row,
        "fields": {name: value for name, value in fields.items() if value is not None},
        "leaf_index": leaf.index if leaf else None,
    }
