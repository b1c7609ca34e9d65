"""The requests desk."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "evidence.records"
    label = "records"

    def ready(self) -> None:
        from audit import references
        from evidence.records.facts import request_facts
        from policy.facts import register
        from policy.vocabulary import Kind

        register(Kind.REQUEST, request_facts)
        references.register("requests", _entries_of_requests)


def _entries_of_requests() -> Iterator[tuple[str, UUID]]:
    from evidence.records.models import Holiday, Request, Step

    rows = Request.objects.values_list("basis_id", "entry", "confirmed_entry", "unconfirmed_entry")
    for request, *entries in rows.iterator():
        for entry in entries:
            if entry is not None:
                yield f"request {request}", entry
    for step, entry in Step.objects.values_list("id", "entry").iterator():
        yield f"step {step} of a request", entry
    for day, entry in Holiday.objects.values_list("day", "entry").iterator():
        if entry is not None:
            yield f"holiday {day}", entry
