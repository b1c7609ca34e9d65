"""Propose that what an entry discloses be erased."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from audit.disclosures import rows_of
from audit.vocabulary import FIELDS_V1
from policy.actions.propose import propose
from policy.facts import LOG
from policy.models import Person, Proposal
from policy.vocabulary import Action
from rtcc.errors import BadInput


def propose_erasure(*, by: Person, entry: UUID, fields: Sequence[str], rule: str, reason: str) -> Proposal:
    """Ask for a second person, to erase fields of one entry under a rule that asks for it.

    Raises BadInput for a field that the entry does not disclose or for no rule, or Denied.
    """
    wanted = sorted(set(fields) & FIELDS_V1.keys())
    if not wanted:
        raise BadInput("Choose at least one field.", field="fields")
    if not rule.strip():
        raise BadInput("Name the rule that asks for the erasure.", field="rule")
    there = {row.field for row in rows_of([entry]).get(entry, [])}
    if missing := [name for name in wanted if name not in there]:
        raise BadInput(f"Entry {entry} discloses no {', '.join(missing)}.", field="fields")
    words = {"entry": str(entry), "fields": wanted, "rule": rule.strip()[:200]}
    return propose(by=by, action=Action.CHANGE_ERASURE, on=LOG, words=words, reason=reason)
