"""Refusals as types."""

from __future__ import annotations

from uuid import UUID

from policy.vocabulary import Ref
from rtcc.errors import NotFound, Refused


class Denied(Refused):
    """Policy refuses: the rule, its sentence, its citation, and what would make the act lawful."""

    code = "denied"

    def __init__(
        self, rule: str, sentence: str, citation: str, way_out: str, entry_id: UUID | None = None
    ) -> None:
        super().__init__(sentence)
        self.rule = rule
        self.citation = citation
        self.way_out = way_out
        self.entry_id = entry_id
        # What was refused and on which basis, so that a page can lead to the way out.
        self.on: Ref | None = None
        self.basis: UUID | None = None


class Hidden(NotFound):
    """A refusal to somebody who may not know that the thing exists: the same answer as for nothing."""

    def __init__(self, entry_id: UUID | None = None) -> None:
        super().__init__()
        self.entry_id = entry_id
