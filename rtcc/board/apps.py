"""The supervisor's board."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.apps import AppConfig


class BoardConfig(AppConfig):
    name = "rtcc.board"
    label = "board"

    def ready(self) -> None:
        from audit import references
        from policy import facts
        from policy.vocabulary import Kind
        from rtcc.board.viewings import load_viewings

        references.register("declines", _entries_of_declines)
        references.register("reviews", _entries_of_reviews)
        facts.register(Kind.VIEWING, load_viewings)


def _entries_of_declines() -> Iterator[tuple[str, UUID]]:
    from rtcc.board.models import Decline

    for key, entry in Decline.objects.values_list("id", "entry").iterator():
        yield f"decline {key}", entry


def _entries_of_reviews() -> Iterator[tuple[str, UUID]]:
    from rtcc.board.models import Review

    for key, entry in Review.objects.values_list("id", "entry").iterator():
        yield f"review {key}", entry
