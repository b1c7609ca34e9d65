"""The dispatch room."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.apps import AppConfig


class DispatchConfig(AppConfig):
    name = "rtcc.dispatch"
    label = "dispatch"

    def ready(self) -> None:
        from audit import references

        references.register("incidents", _entries_of_incidents)
        references.register("units", _entries_of_assignments)


def _entries_of_incidents() -> Iterator[tuple[str, UUID]]:
    from rtcc.dispatch.models import Incident

    for basis, entry in Incident.objects.values_list("basis_id", "entry").iterator():
        yield f"incident {basis}", entry


def _entries_of_assignments() -> Iterator[tuple[str, UUID]]:
    from rtcc.dispatch.models import Assignment

    for assignment, entry in Assignment.objects.values_list("id", "entry").iterator():
        yield f"unit on an incident {assignment}", entry
