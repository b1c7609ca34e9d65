"""The oversight room."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.apps import AppConfig


class OversightConfig(AppConfig):
    name = "rtcc.oversight"
    label = "oversight"

    def ready(self) -> None:
        from audit import references

        references.register("verifications", _entries_of_verifications)


def _entries_of_verifications() -> Iterator[tuple[str, UUID]]:
    from rtcc.oversight.models import Verification

    rows = Verification.objects.values_list("id", "entry", "finished_entry")
    for run, entry, finished in rows.iterator():
        yield f"verification {run}", entry
        if finished is not None:
            yield f"outcome of verification {run}", finished
