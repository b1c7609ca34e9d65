"""The room of exports."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "evidence.exports"
    label = "exports"

    def ready(self) -> None:
        from audit import references
        from evidence.records import withdrawal

        references.register("exports", _entries_of_exports)
        withdrawal.register("exports", _request_ended)


def _entries_of_exports() -> Iterator[tuple[str, UUID]]:
    from evidence.exports.models import Export

    rows = Export.objects.values_list("id", "entry", "manifest_entry", "finished_entry")
    for export, *entries in rows.iterator():
        for entry in entries:
            if entry is not None:
                yield f"export {export}", entry


def _request_ended(basis: UUID, why: str) -> None:
    from evidence.exports.actions.stop_exports_of import stop_exports_of

    stop_exports_of(basis, why)
