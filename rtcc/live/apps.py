"""The live room."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "rtcc.live"
    label = "live"

    def ready(self) -> None:
        from audit import references

        references.register("viewings", _entries_of_viewings)


def _entries_of_viewings() -> Iterator[tuple[str, UUID]]:
    from rtcc.live.models import Viewing

    for viewing, entry, ended in Viewing.objects.values_list("id", "entry", "ended_entry").iterator():
        yield f"viewing {viewing}", entry
        if ended is not None:
            yield f"end of viewing {viewing}", ended
